"""The ASR stage around the recogniser: what it believes, keeps and counts."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from qc.asr.cache import TranscriptCache
from qc.asr.conformance import CALL
from qc.asr.service import AsrIdentity
from qc.asr.transcriber import Phrase, Window
from qc.domain.config import Config, RunConfig
from qc.domain.recording import Recording
from qc.ingest.batch import discover
from qc.pipeline import transcribe
from qc.pipeline.transcribe import transcribe_missing
from tests.pipeline.test_isolation import Silent

pytest.importorskip("onnxruntime")
pytest.importorskip("silero_vad")

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


@pytest.mark.slow
def test_the_same_audio_under_three_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_call(tmp_path / "in")
    for name in ("a.mp3", "b.mp3", "c.mp3"):
        (tmp_path / "in" / name).write_text("no audio at all")
    shutil.copy(tmp_path / "in" / "call.ogg", tmp_path / "in" / "again.ogg")
    monkeypatch.setattr(transcribe, "_open", open_hello)
    config = Config(run=RunConfig(workers=1))
    found = recordings(tmp_path / "in")
    first = transcribe_missing(found, config, IDENTITY, tmp_path / "cache", Silent())
    assert {i: f.input for i, f in first.failures.items()} == {"a": "a.mp3", "b": "b.mp3", "c": "c.mp3"}
    assert (first.transcribed, first.cached) == (1, 0)
    second = transcribe_missing(found, config, IDENTITY, tmp_path / "cache", Silent())
    assert (second.transcribed, second.cached) == (0, 2)
    assert second.failures == first.failures
