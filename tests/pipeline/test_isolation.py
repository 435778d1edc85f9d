"""What breaks a worker or raises is one row; the shard around it is whole and the counts balance."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from qc.asr.assemble import Assembly
from qc.domain.config import AsrConfig, AudioConfig, Config
from qc.domain.conversation import Conversation
from qc.domain.failure import Failure
from qc.domain.speech import SpeechSpecs
from qc.ingest.batch import discover, read_conversations
from qc.pipeline import judging
from qc.pipeline.executors.pool import Pool
from qc.pipeline.executors.serial import Serial
from qc.pipeline.inspect import Inspector, ShardTables
from qc.pipeline.judging import Settings, inspect_stream
from qc.pipeline.limits import Limits
from qc.pipeline.privacy import masked_id
from qc.storage.write import ShardCounts, part_path
from tests.pipeline.batches import chats

KILLER, FAULTY, ENDLESS, HOG = "C0003", "C0006", "C0001", "C0007"
LIMITS = Limits(hear_times=20, hear_floor_s=300, judge_s=15, memory_mb=1000)
TOGETHER = frozenset({"C0008", "C0009"})


class Poisoned(Inspector):
    """Dies of one conversation, raises at another, never ends with a third, takes all memory for a fourth, and dies of
    two that it survives alone."""

    def inspect(self, conversations: Sequence[Conversation], failures: Sequence[Failure]) -> ShardTables:
        ids = {c.id for c in conversations}
        if KILLER in ids or ids >= TOGETHER:
            os.kill(os.getpid(), signal.SIGKILL)
        while ENDLESS in ids:
            pass
        if HOG in ids:
            held = bytearray(2**20) * 2000
            time.sleep(600)
            del held
        if FAULTY in ids:
            raise ValueError("customers' words")
        return super().inspect(conversations, failures)


def poisoned_worker(settings: Settings) -> judging._Worker:
    inspector = Poisoned(settings.specs, confidence_floor=settings.confidence_floor, mask=settings.mask)
    return judging._Worker(settings, inspector, judging.TranscriptCache(settings.cache_dir))


class Silent:
    def note(self, message: str) -> None: ...
    def stage(self, title: str, total: float | None, unit: str) -> None: ...
    def advance(self, amount: float, message: str) -> None: ...
    def finish(self) -> None: ...


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, object]]]:
    return _tables(*_inspected(tmp_path_factory.mktemp("whole"), workers=0))


def _inspected(folder: Path, workers: int) -> tuple[Path, list[ShardCounts]]:
    batch = discover(chats(folder / "in", 10), None, Config())
    settings = Settings(
        run=folder / "run",
        specs=None,  # conversations and turns: what is judged does not matter here
        confidence_floor=0.35,
        mask=True,
        assembly=Assembly(audio=AudioConfig(), asr=AsrConfig(), speech=SpeechSpecs()),
        cache_dir=folder / "cache",
        asr_keys={},
    )
    counts = inspect_stream(
        read_conversations(batch),
        settings,
        shard_size=4,
        executor=Pool(workers) if workers else Serial(),
        limits=LIMITS,
        total=None,
        progress=Silent(),
    )
    return settings.run, counts


def _tables(run: Path, counts: list[ShardCounts]) -> dict[str, list[dict[str, object]]]:
    import pyarrow.parquet as pq

    names = ("conversations", "turns", "failures")
    return {n: [r for c in counts for r in pq.read_table(part_path(run, n, c.shard)).to_pylist()] for n in names}


@pytest.mark.slow
def test_killers_and_faults_are_set_aside_and_the_rest_is_as_ever(
    whole: dict[str, list[dict[str, object]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "_prepare", poisoned_worker)
    # In this process the last resort of a shard that breaks as a whole would be poisoned too: it holds failures only.
    run, counts = _inspected(tmp_path, workers=2)
    got = _tables(run, counts)
    lost = {r["conversation_id"]: r for r in got["failures"]}
    assert {i: r["kind"] for i, r in lost.items()} == {
        KILLER: "crashed",
        ENDLESS: "timeout",
        HOG: "memory",
        FAULTY: "error",
        **dict.fromkeys(TOGETHER, "crashed"),
    }
    assert all(r["quarantined"] for r in lost.values())
    assert "words" not in str(lost)
    assert "超过 15 秒" in str(lost[ENDLESS]["message"])
    assert "超过 1000 MB" in str(lost[HOG]["message"])
    assert [(c.inputs, c.ok, c.failed, c.quarantined) for c in counts] == [(4, 2, 0, 2), (4, 2, 0, 2), (2, 0, 0, 2)]
    for name, rows in whole.items():
        if name != "failures":
            assert got[name] == [r for r in rows if r["conversation_id"] not in lost], name


def test_masking_a_masked_id_changes_nothing() -> None:
    for number in range(13035556789, 13999999999, 1_000_003):
        once = masked_id(f"{number}_A01")
        assert str(number) not in once
        assert masked_id(once) == once
