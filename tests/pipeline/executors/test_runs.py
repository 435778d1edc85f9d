"""Whole runs on each executor: the same bytes, balanced counts, nothing lost by a crash, a kill or an interrupt."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from qc.storage.read import open_run
from tests.pipeline import faulty
from tests.pipeline.batches import chats, digests, only_run

pytestmark = pytest.mark.slow
COUNT = 33


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of chats, and a workspace with small shards and narrow limits."""
    folder = tmp_path_factory.mktemp("night")
    chats(folder / "in", COUNT)
    (folder / "qc.yaml").write_text(
        # seconds of a busy machine: an honest conversation takes some milliseconds
        'default_project: "95598"\ndefault_channel: chat\nrun: {shard_size: 5, judge_limit_s: 20, memory_mb: 1500}\n',
        encoding="utf-8",
    )
    return folder


def command(night: Path, out: Path, executor: str, workers: int = 2) -> list[str]:
    ways = ["--executor", executor, *(("--workers", str(workers)) if executor != "serial" else ())]
    return [*faulty.COMMAND, "run", str(night / "in"), "-w", str(night), "--no-report", "--out", str(out), *ways]


def run(night: Path, out: Path, executor: str, workers: int = 2, *, breaks: str = "", code: int = 0) -> str:
    done = subprocess.run(
        command(night, out, executor, workers),
        env=faulty.environment(breaks),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def expected(night: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run in one process."""
    out = tmp_path_factory.mktemp("serial")
    run(night, out, "serial")
    return only_run(out)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_results_are_the_same_bytes(named: str, workers: int, night: Path, expected: Path, tmp_path: Path) -> None:
    run(night, tmp_path, named, workers)
    assert digests(only_run(tmp_path)) == digests(expected)


def test_what_breaks_a_worker_is_set_aside_and_the_counts_balance(
    named: str, night: Path, expected: Path, tmp_path: Path
) -> None:
    breaking = {"C0003": "crashed", "C0011": "timeout", "C0012": "error", "C0027": "memory"}
    run(night, tmp_path, named, breaks="C0003=killed C0011=loops C0012=raises C0027=hog", code=3)
    got, whole = open_run(only_run(tmp_path)), open_run(expected)
    lost = got.table("failures").to_pylist()
    assert {row["conversation_id"]: row["kind"] for row in lost} == breaking
    assert all(row["quarantined"] for row in lost)
    counts = got.lineage.counts
    assert counts.balanced()
    assert (counts.input, counts.ok, counts.quarantined) == (COUNT, COUNT - 4, 4)
    for table in ("conversations", "turns", "findings", "hits", "scores", "item_scores"):
        rest = [r for r in whole.table(table).to_pylist() if r["conversation_id"] not in breaking]
        assert got.table(table).to_pylist() == rest, table


def test_a_run_of_one_shard_is_no_less_protected(expected: Path, tmp_path: Path) -> None:
    (tmp_path / "qc.yaml").write_text("run: {judge_limit_s: 10}\n", encoding="utf-8")
    out = tmp_path / "out"
    again = [*faulty.COMMAND, "inspect", str(expected), "-w", str(tmp_path), "--no-report", "--out", str(out)]
    done = subprocess.run(again, env=faulty.environment("C0003=loops"), capture_output=True, check=False, timeout=300)
    assert done.returncode == 3
    (lost,) = open_run(only_run(out)).table("failures").to_pylist()
    assert (lost["conversation_id"], lost["kind"]) == ("C0003", "timeout")


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_a_run_broken_off_goes_on(
    named: str, sent: signal.Signals, night: Path, expected: Path, tmp_path: Path
) -> None:
    """Its last shard never ends: it is in the middle when the signal comes."""
    victim = subprocess.Popen(
        command(night, tmp_path, named),
        env=faulty.environment(f"C{COUNT - 1:04d}=loops"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 no threads here
    )
    while len(list(tmp_path.glob("*/.work/shards/*.json"))) < 2 and victim.poll() is None:
        time.sleep(0.01)
    victim.send_signal(sent)
    _, said = victim.communicate()
    assert victim.returncode == (130 if sent == signal.SIGINT else -signal.SIGKILL), said
    half = {path: path.stat().st_mtime_ns for path in only_run(tmp_path).glob("conversations/part-*.parquet")}
    assert "续跑" in run(night, tmp_path, named)
    again = only_run(tmp_path)
    assert digests(again) == digests(expected)
    assert sum(pq.read_metadata(p).num_rows for p in again.glob("conversations/*.parquet")) == COUNT
    assert sum(path.stat().st_mtime_ns == at for path, at in half.items()) >= 2, "what was done is not done again"
