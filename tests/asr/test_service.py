"""Recordings in, transcripts or failures out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from qc.asr.engines.conformance import BrokenPromiseError
from qc.asr.engines.transcriber import Phrase, Transcriber, Window
from qc.asr.service import AsrIdentity, identify, open_transcriber, transcribe_recordings
from qc.asr.sound.audio import RATE, Samples
from qc.domain.config import AsrConfig
from qc.domain.failure import Failure, Stage
from qc.domain.recording import Recording, Transcript
from qc.errors import UsageError

pytest.importorskip("onnxruntime")
pytest.importorskip("silero_vad")


class Counting:
    """A recogniser that hears 喂 in every piece of speech, and counts its windows."""

    name = "counting 1"
    model_id = "none@0"
    options_id = "o"

    def __init__(self) -> None:
        self.windows = 0

    def transcribe(self, windows: Sequence[Window]) -> list[list[Phrase]]:
        self.windows += len(windows)
        return [
            [Phrase(start=p.offset, end=p.offset + p.length, text="喂", confidence=0.9) for p in w.pieces]
            for w in windows
        ]


def _transcript(path: Path, make: Callable[[Path], Recording], transcriber: Transcriber | None = None) -> Transcript:
    ((_, result),) = transcribe_recordings([make(path)], transcriber or Counting(), 3600)
    assert isinstance(result, Transcript)
    return result


def test_segments_lie_where_speech_is(call_path: Path, make_recording: Callable[[Path], Recording]) -> None:
    transcript = _transcript(call_path, make_recording)
    assert (transcript.engine, transcript.model, transcript.sample_rate) == ("counting 1", "none@0", 8000)
    assert [c.audio_channel for c in transcript.channels] == [0, 1]
    for channel in transcript.channels:
        assert sum(s.end_ms - s.start_ms for s in channel.segments) == pytest.approx(channel.speech_ms, abs=50)
        assert all(a.end_ms <= b.start_ms for a, b in zip(channel.segments, channel.segments[1:], strict=False))
    assert 0 < transcript.channels[0].segments[0].start_ms < 1000
    assert all(-60 < s.energy_db < 0 for c in transcript.channels for s in c.segments if s.energy_db is not None)
    assert all(s.energy_db is not None for c in transcript.channels for s in c.segments)
    assert all(150 < (s.pitch_hz or 0) < 400 for c in transcript.channels for s in c.segments)
    assert all(0 < s.voiced_ms <= s.end_ms - s.start_ms + 40 for c in transcript.channels for s in c.segments)


def test_one_bad_recording_stops_nobody(
    call_path: Path, tmp_path: Path, make_recording: Callable[[Path], Recording]
) -> None:
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "text.mp3").write_text("不是录音" * 100)
    paths = [tmp_path / "empty.wav", call_path, tmp_path / "text.mp3", tmp_path / "gone.wav", call_path]
    results = list(transcribe_recordings([make_recording(p) for p in paths], Counting(), 3600))
    assert [r.file for r, _ in results] == [str(p) for p in paths]
    kinds = [r.kind if isinstance(r, Failure) else "ok" for _, r in results]
    assert kinds == ["empty_file", "ok", "not_audio", "unreadable", "ok"]
    failure = results[0][1]
    assert isinstance(failure, Failure)
    assert (failure.stage, failure.conversation_id, failure.retryable) == (Stage.ASR, "empty", True)


def test_a_silent_recording_is_a_transcript_without_segments(
    write: Callable[..., Path], make_recording: Callable[[Path], Recording]
) -> None:
    recogniser = Counting()
    transcript = _transcript(write("quiet.wav", np.zeros((8000 * 90, 2))), make_recording, recogniser)
    assert [c.segments for c in transcript.channels] == [(), ()] or [c.segments for c in transcript.channels] == [()]
    assert transcript.duration_ms == 90_000
    assert recogniser.windows == 0


@pytest.mark.parametrize("confidence", [95.0, -0.1, float("nan"), None])
def test_what_an_engine_must_not_say_is_not_taken(
    confidence: float | None, call_path: Path, make_recording: Callable[[Path], Recording]
) -> None:
    class Careless(Counting):
        def transcribe(self, windows: Sequence[Window]) -> list[list[Phrase]]:
            if confidence is None:
                return []
            return [[replace(p, confidence=confidence) for p in found] for found in super().transcribe(windows)]

    with pytest.raises(BrokenPromiseError):
        _transcript(call_path, make_recording, Careless())


def test_one_microphone_written_twice_is_one_channel(
    call: Samples, write: Callable[..., Path], make_recording: Callable[[Path], Recording]
) -> None:
    both = np.stack([call[0], call[0]], axis=1)
    assert len(_transcript(write("twice.wav", both, RATE), make_recording).channels) == 1
    assert len(_transcript(write("stereo.wav", call.T, RATE), make_recording).channels) == 2


@pytest.mark.slow
def test_three_hours_of_silence_are_quick_and_small(
    write: Callable[..., Path], make_recording: Callable[[Path], Recording], tmp_path: Path
) -> None:
    import resource

    import soundfile

    with soundfile.SoundFile(tmp_path / "night.wav", "w", 8000, 2, subtype="ULAW") as f:
        for _ in range(180):
            f.write(np.zeros((8000 * 60, 2)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ((_, result),) = transcribe_recordings([make_recording(tmp_path / "night.wav")], Counting(), 4 * 3600)
    assert isinstance(result, Transcript)
    assert result.duration_ms == 3 * 3600 * 1000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kilobytes


def test_keys_tell_apart_everything_that_moves_a_transcript() -> None:
    identity = AsrIdentity(engine="e", model="m", options="o")
    others = [replace(identity, engine="x"), replace(identity, model="x"), replace(identity, options="x")]
    keys = {i.key("1" * 64) for i in (identity, *others)} | {identity.key("2" * 64)}
    assert len(keys) == 5
    assert identity.key("1" * 64) == AsrIdentity(engine="e", model="m", options="o").key("1" * 64)


def test_unknown_engine_and_precision_are_usage_errors() -> None:
    with pytest.raises(UsageError, match="引擎"):
        identify(AsrConfig(engine="other"))
    with pytest.raises(UsageError, match="精度"):
        identify(AsrConfig(precision="double"))


@pytest.mark.asr
def test_the_identity_is_known_before_the_model_is_loaded(
    transcriber: Transcriber, call_path: Path, make_recording: Callable[[Path], Recording]
) -> None:
    import subprocess
    import sys

    code = (
        "import sys; from qc.asr.service import identify; from qc.domain.config import AsrConfig\n"
        "print(identify(AsrConfig())); print(sorted({'torch', 'whisper', 'onnxruntime'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    identity, loaded = out.strip().splitlines()
    assert identity == str(identify(AsrConfig()))
    assert loaded == "[]"


@pytest.mark.asr
def test_neighbours_change_nothing(
    transcriber: Transcriber,
    call: Samples,
    write: Callable[..., Path],
    make_recording: Callable[[Path], Recording],
) -> None:
    short = make_recording(write("short.wav", call.T[: 7 * RATE], RATE))
    other = make_recording(write("other.wav", call.T[6 * RATE :], RATE))
    alone = [r for _, r in transcribe_recordings([short], transcriber, 60)]
    together = [r for _, r in transcribe_recordings([other, short], transcriber, 60)]
    assert together[1] == alone[0]
    assert isinstance(alone[0], Transcript)
    identity = identify(AsrConfig(engine="openai-whisper"))
    assert (alone[0].engine, alone[0].model, alone[0].options) == (identity.engine, identity.model, identity.options)
    assert "好" in alone[0].channels[0].segments[0].text


@pytest.mark.asr
def test_an_unknown_model_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="没有名为"):
        open_transcriber(AsrConfig(model="/no/such/file.pt"))
