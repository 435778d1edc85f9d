from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.speech.sounds import SOUNDS, hiss, hum, melody, ringback
from qc.asr.pack import PAD
from qc.asr.service import _speech
from qc.asr.sound.audio import RATE, Samples, open_audio
from qc.asr.sound.detect import Span, SpeechDetector, SpeechOptions, find_spans
from qc.asr.sound.leveller import FRAME, Leveller
from qc.asr.sound.silero import Frames, _ask

pytest.importorskip("onnxruntime")
pytest.importorskip("silero_vad")


def _spans(samples: Samples, block: int = 16 * RATE) -> list[tuple[Span, ...]]:
    detector = SpeechDetector(len(samples))
    for at in range(0, samples.shape[1], block):
        detector.feed(samples[:, at : at + block])
    assert detector.samples == samples.shape[1]
    return detector.spans(SpeechOptions())


def test_each_channel_has_its_own_speech(call: Samples) -> None:
    agent, customer = _spans(call)
    assert agent[0].start < RATE  # greets at once
    assert customer[0].start > 4 * RATE  # waits
    assert not any(a.start < c.end and c.start < a.end for a in agent for c in customer)


def test_the_size_of_blocks_changes_nothing(call: Samples) -> None:
    assert _spans(call, 1000) == _spans(call, 16 * RATE) == _spans(call, 77_777)


def _share_kept(samples: Samples, wanted: list[tuple[Span, ...]]) -> float:
    kept = total = 0
    for own, theirs in zip(_spans(samples), wanted, strict=True):
        heard = np.zeros(samples.shape[1], bool)
        for span in own:
            heard[max(span.start - PAD, 0) : span.end + PAD] = True
        kept += sum(int(heard[s.start : s.end].sum()) for s in theirs)
        total += sum(s.end - s.start for s in theirs)
    return kept / total


@pytest.mark.parametrize("down_db", [0, 12, 26, 40])
def test_speech_is_found_however_soft_it_is(call: Samples, down_db: int) -> None:
    soft = np.round(call * 10 ** (-down_db / 20) * 32768).astype(np.float32) / 32768
    assert _share_kept(soft, _spans(call)) >= 0.99


def test_speech_is_found_in_hum_offset_and_clipping(call: Samples) -> None:
    wanted = _spans(call)
    seconds = call.shape[1] / RATE
    assert _share_kept(0.05 * call + hum(seconds, -50), wanted) >= 0.99
    assert _share_kept(call + np.float32(0.2), wanted) >= 0.99
    assert _share_kept(np.clip(20 * call, -1, 1), wanted) >= 0.98
    assert _share_kept(call + hiss(seconds, -45), wanted) >= 0.98


def test_soft_speech_after_a_loud_tone_is_found(call: Samples) -> None:
    """Ring-back on the line, then the customer's 喂 from far away."""
    soft = 0.05 * call[:1, : 4 * RATE]
    late = _spans(np.concatenate([ringback(6.0)[None], soft], axis=1))[0]
    assert late[0].start - 6 * RATE == pytest.approx(_spans(call)[0][0].start, abs=0.15 * RATE)


def test_speech_after_hold_music_is_found_from_its_beginning(call: Samples) -> None:
    """25 s of music, then one sentence, on a faintly hissing line."""
    noise = hiss(60.0, -60)
    music = 0.5 * melody(25.0)
    sentences = [(c, s) for c, own in enumerate(_spans(call)) for s in own if s.end - s.start > RATE]
    assert len(sentences) == 4
    for channel, span in sentences:
        said = np.concatenate([music, call[channel, span.start : span.end], np.zeros(2 * RATE, np.float32)])
        heard = (said + noise[: len(said)])[None]
        wanted = (Span(len(music), len(music) + span.end - span.start),)
        assert _share_kept(heard, [wanted]) >= 0.99
        assert _spans(heard, 7_777) == _spans(heard)
        assert _spans(heard)[0][0].start >= len(music) - RATE // 2  # and none of the music


def test_hearing_again_costs_little(call: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sentences in music, where much is heard again: the network gets at most three times the frames."""
    asked = []

    def ask(frames: Frames, state: Any) -> Any:
        asked.append(len(frames))
        return _ask(frames, state)

    monkeypatch.setattr("qc.asr.sound.silero._ask", ask)
    music = 0.1 * melody(12.0)
    said = [call[0, s.start : s.end] for s in _spans(call)[0]] * 3
    heard = np.concatenate([part for one in said for part in (music, one)])
    asked.clear()
    assert _spans(heard[None])[0]
    assert sum(asked) <= 3 * len(heard) / FRAME


def test_two_soft_voices_are_not_one_microphone(call: Samples, write: Callable[..., Path]) -> None:
    soft = 0.001 * call[:, : 8 * RATE].T
    assert len(_speech(open_audio(write("two.wav", soft, RATE, subtype="FLOAT")))[0]) == 2
    assert len(_speech(open_audio(write("one.wav", soft[:, [0, 0]], RATE, subtype="FLOAT")))[0]) == 1


@pytest.mark.parametrize("name", sorted(SOUNDS))
def test_what_is_not_speech_is_not_taken_for_it(name: str) -> None:
    sound = SOUNDS[name](15.0)
    assert _spans(np.stack([sound, 0.05 * sound])) == [(), ()]


def test_speech_after_long_silence_is_still_found(call: Samples) -> None:
    quiet = np.zeros((2, 100 * RATE), np.float32)
    late = _spans(np.concatenate([quiet, call], axis=1))
    assert late[0][0].start - 100 * RATE == pytest.approx(_spans(call)[0][0].start, abs=0.1 * RATE)


def test_nothing_at_all() -> None:
    assert _spans(np.zeros((2, 0), np.float32)) == [(), ()]
    assert _spans(np.zeros((1, 5), np.float32)) == [()]


@pytest.mark.asr
def test_same_spans_as_the_package_itself(call: Samples) -> None:
    import silero_vad
    import torch

    detector = SpeechDetector(1)
    detector.feed(call[:1])
    options = SpeechOptions(min_silence_s=0.1, min_speech_s=0.25, max_speech_s=1000)
    leveller = Leveller(1)
    heard = np.concatenate([*leveller.feed(call[:1]), *leveller.rest(call.shape[1])], axis=1)[0, : call.shape[1]]
    model = silero_vad.load_silero_vad(onnx=True)
    theirs = silero_vad.get_speech_timestamps(torch.from_numpy(heard), model, threshold=0.4, speech_pad_ms=0)
    assert [(s.start, s.end) for s in detector.spans(options)[0]] == [(s["start"], s["end"]) for s in theirs]


@given(
    probabilities=st.lists(st.sampled_from([0.0, 0.2, 0.4, 0.49, 0.5, 0.8, 1.0]), max_size=300),
    max_speech_s=st.sampled_from([0.5, 1.0, 25.0]),
)
def test_spans_are_in_order_apart_and_never_too_long(probabilities: list[float], max_speech_s: float) -> None:
    values = np.array(probabilities, np.float32)
    options = SpeechOptions(max_speech_s=max_speech_s)
    spans = list(find_spans(values, len(values) * FRAME, options))
    assert spans == sorted(spans, key=lambda s: s.start)
    assert all(a.end <= b.start for a, b in itertools.pairwise(spans))
    for span in spans:
        assert 0 <= span.start < span.end <= len(values) * FRAME
        assert options.min_speech_s * RATE <= span.end - span.start <= max_speech_s * RATE + FRAME
        assert values[span.start // FRAME : span.end // FRAME].max() >= 0.4
    longest = max(
        (len(s) for s in "".join("#" if p >= options.threshold else " " for p in probabilities).split()), default=0
    )
    if longest * FRAME >= options.min_speech_s * RATE:
        assert spans
