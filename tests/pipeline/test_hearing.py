"""The ASR stage around the recogniser: what it believes, keeps and counts."""

from __future__ import annotations

import ctypes
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from qc.asr.cache import TranscriptCache
from qc.asr.engines.conformance import CALL
from qc.asr.engines.transcriber import Phrase, Window
from qc.asr.service import AsrIdentity, identity_of
from qc.asr.sound import audio
from qc.domain.config import Config, RunConfig
from qc.domain.recording import Recording
from qc.errors import UsageError
from qc.ingest.batch import discover
from qc.pipeline import transcribe
from qc.pipeline.executors.pool import Pool
from qc.pipeline.transcribe import transcribe_missing
from tests.pipeline.test_isolation import Silent

pytest.importorskip("onnxruntime")
pytest.importorskip("silero_vad")

STUCK_S = 600  # a decoder that never returns
IDENTITY = AsrIdentity(engine="hello 1", model="none", options="o")


class Hello:
    """A recogniser that hears 喂 in every window. `at_work` is called while it listens."""

    name = "hello 1"
    model_id = "none"
    options_id = "o"

    def transcribe(self, windows: Sequence[Window]) -> list[list[Phrase]]:
        self.at_work()
        return [[Phrase(start=0, end=1600, text="喂", confidence=0.9)] for _ in windows]

    def at_work(self) -> None: ...


def recordings(folder: Path) -> tuple[Recording, ...]:
    return discover(folder, None, Config()).recordings


def worker(cache: Path, recogniser: Hello) -> transcribe._Worker:
    return transcribe._Worker(transcribe._hearing(recogniser, 3600), TranscriptCache(cache), IDENTITY)


def a_call(folder: Path) -> Recording:
    folder.mkdir()
    shutil.copy(CALL, folder / "call.ogg")
    return recordings(folder)[0]


def test_audio_that_changes_while_it_is_heard_is_not_believed(tmp_path: Path) -> None:
    recording = a_call(tmp_path / "in")

    class Slow(Hello):
        def at_work(self) -> None:
            with Path(recording.file).open("ab") as more:
                more.write(b"still being copied")

    heard = transcribe._hear(worker(tmp_path / "cache", Slow()), transcribe._Group((recording,)))
    assert [(f.kind, f.quarantined, f.retryable) for f in heard.failures] == [("changed", False, True)]
    assert TranscriptCache(tmp_path / "cache").get(IDENTITY.key(recording.source.sha256)) is None


def test_a_recogniser_other_than_planned_is_not_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`qc doctor` may measure between plan and start: its transcripts must not lie under another's key."""
    monkeypatch.setattr(transcribe, "open_transcriber", lambda config: Hello())
    planned = identity_of(Hello())
    assert transcribe._open(Config(), planned, str(tmp_path)).identity == planned
    with pytest.raises(UsageError, match="变了"):
        transcribe._open(Config(), replace(planned, options="other"), str(tmp_path))


def test_a_fault_of_the_recogniser_is_one_row(tmp_path: Path) -> None:
    recording = a_call(tmp_path / "in")

    class Faulty(Hello):
        def at_work(self) -> None:
            raise RuntimeError("customers' words")

    heard = transcribe._hear(worker(tmp_path / "cache", Faulty()), transcribe._Group((recording,)))
    (failure,) = heard.failures
    assert (failure.kind, failure.quarantined) == ("error", True)
    assert "RuntimeError" in failure.message
    assert "words" not in failure.message


def open_hello(_: Config, identity: AsrIdentity, cache: str) -> transcribe._Worker:
    return transcribe._Worker(transcribe._hearing(Hello(), 3600), TranscriptCache(Path(cache)), identity)


def open_fatal(config: Config, identity: AsrIdentity, cache: str) -> transcribe._Worker:
    """A worker whose decoder is stuck on one file, deaf to everything, and crashes on another."""
    read = audio._read_soundfile

    def fatal(opened: audio.Audio) -> Iterator[audio.Samples]:
        if opened.path.name == "stuck.wav":
            ctypes.PyDLL(None).sleep(STUCK_S)  # holds the interpreter's lock: no thread of ours could run
        if opened.path.name == "crash.wav":
            ctypes.string_at(0)
        yield from read(opened)

    audio._read_soundfile = fatal
    audio.STUCK_S = 0.5
    audio.watch_decoders()
    return open_hello(config, identity, cache)


@pytest.mark.slow
def test_decoders_that_crash_or_never_return_cost_one_recording_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    for seconds, name in enumerate(("good", "stuck", "crash", "fine"), 1):
        noise = np.random.default_rng(seconds).normal(0, 0.1, 8000 * seconds)
        soundfile.write(tmp_path / "in" / f"{name}.wav", noise, 8000)
    monkeypatch.setattr(transcribe, "_open", open_fatal)
    found = recordings(tmp_path / "in")
    begun = time.monotonic()
    heard = transcribe_missing(found, Config(), IDENTITY, tmp_path / "cache", Pool(1), Silent())
    assert time.monotonic() - begun < STUCK_S / 2  # nobody waits for it, however busy the machine
    assert {i: (f.kind, f.quarantined) for i, f in heard.failures.items()} == {
        "stuck": ("crashed", True),
        "crash": ("crashed", True),
    }
    assert heard.transcribed == 2


@pytest.mark.slow
def test_the_same_audio_under_three_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_call(tmp_path / "in")
    for name in ("a.mp3", "b.mp3", "c.mp3"):
        (tmp_path / "in" / name).write_text("no audio at all")
    shutil.copy(tmp_path / "in" / "call.ogg", tmp_path / "in" / "again.ogg")
    monkeypatch.setattr(transcribe, "_open", open_hello)
    config = Config(run=RunConfig())
    found = recordings(tmp_path / "in")
    first = transcribe_missing(found, config, IDENTITY, tmp_path / "cache", Pool(1), Silent())
    assert {i: f.input for i, f in first.failures.items()} == {"a": "a.mp3", "b": "b.mp3", "c": "c.mp3"}
    assert (first.transcribed, first.cached) == (1, 0)
    second = transcribe_missing(found, config, IDENTITY, tmp_path / "cache", Pool(1), Silent())
    assert (second.transcribed, second.cached) == (0, 2)
    assert second.failures == first.failures


def open_greedy(config: Config, identity: AsrIdentity, cache: str) -> transcribe._Worker:
    """A worker whose recogniser never ends on one file and takes all memory on another."""
    read = audio._read_soundfile

    def greedy(opened: audio.Audio) -> Iterator[audio.Samples]:
        if opened.path.name == "hog.wav":
            held = bytearray(2**20) * 3000
            time.sleep(STUCK_S)
            del held
        for samples in read(opened):
            while opened.path.name == "endless.wav":
                pass
            yield samples

    audio._read_soundfile = greedy
    return open_hello(config, identity, cache)


@pytest.mark.slow
def test_recordings_over_a_limit_cost_one_each_and_say_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    for seconds, name in enumerate(("good", "endless", "hog", "fine"), 1):
        noise = np.random.default_rng(seconds).normal(0, 0.1, 8000 * seconds)
        soundfile.write(tmp_path / "in" / f"{name}.wav", noise, 8000)
    monkeypatch.setattr(transcribe, "_open", open_greedy)
    config = Config(run=RunConfig(hear_limit=1, hear_floor_s=15, memory_mb=1500))
    heard = transcribe_missing(recordings(tmp_path / "in"), config, IDENTITY, tmp_path / "cache", Pool(2), Silent())
    assert {i: (f.kind, f.quarantined, f.retryable) for i, f in heard.failures.items()} == {
        "endless": ("timeout", True, True),
        "hog": ("memory", True, True),
    }
    assert "run.hear_limit" in heard.failures["endless"].message
    assert "1500 MB" in heard.failures["hog"].message
    assert heard.transcribed == 2


def test_what_was_heard_before_another_broke_the_worker_is_not_heard_again(tmp_path: Path) -> None:
    recording = a_call(tmp_path / "in")
    listened = []

    class Counting(Hello):
        def at_work(self) -> None:
            listened.append(1)

    group = transcribe._Group((recording,))
    heard = [transcribe._hear(worker(tmp_path / "cache", Counting()), group).audio_ms for _ in range(2)]
    assert heard[0] == heard[1] > 0
    assert len(listened) == 1
