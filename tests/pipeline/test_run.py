"""The main job on text: balanced, deterministic, resumable."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from qc.domain.run import RunStatus
from qc.schema.tables import TABLES
from qc.storage.read import open_run
from qc.storage.write import is_complete
from tests.pipeline.batches import chats, command, digests, only_run, qc, workspace


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(input folder, workspace): 33 chats, shards of 5."""
    root = tmp_path_factory.mktemp("batch")
    return chats(root / "in", 33), workspace(root / "ws")


@pytest.fixture(scope="module")
def timed(batch: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """A run that nobody disturbed, and the seconds it took."""
    source, ws = batch
    out = tmp_path_factory.mktemp("out")
    begun = time.perf_counter()
    done = qc("run", source, "-w", ws, "--out", out, "--no-report", "--workers", 1)
    assert done.returncode == 0, done.stderr
    return only_run(out), time.perf_counter() - begun


@pytest.fixture(scope="module")
def undisturbed(timed: tuple[Path, float]) -> Path:
    return timed[0]


def test_counts_balance_and_every_table_has_its_schema(undisturbed: Path) -> None:
    run = open_run(undisturbed)
    counts = run.lineage.counts
    assert run.lineage.status is RunStatus.DONE
    assert (counts.input, counts.ok, counts.failed, counts.quarantined) == (33, 33, 0, 0)
    for name, schema in TABLES.items():
        table = run.table(name)
        assert table.schema.equals(schema)
        assert table.num_rows == run.lineage.tables[name]
        for part in run.part_files(name):
            assert part.stat().st_mode & 0o777 == 0o600
    assert not (undisturbed / ".work").exists()


def test_evidence_points_into_the_stored_text(undisturbed: Path) -> None:
    run = open_run(undisturbed)
    texts = {(r["conversation_id"], r["turn"]): r["text"] for r in run.table("turns").to_pylist()}
    spans = [h for h in run.table("hits").to_pylist() if h["char_start"] is not None]
    assert spans
    for hit in spans:
        text = texts[hit["conversation_id"], hit["turn"]]
        assert text[hit["char_start"] : hit["char_end"]] == hit["text"]


def test_personal_data_is_masked_everywhere(undisturbed: Path, batch: tuple[Path, Path], tmp_path: Path) -> None:
    assert b"13812345678" not in b"".join(_plain(undisturbed))
    source, ws = batch
    qc("run", source, "-w", ws, "--out", tmp_path, "--no-report", "--keep-personal-data")
    kept = only_run(tmp_path)
    assert b"13812345678" in b"".join(_plain(kept))
    assert open_run(kept).lineage.personal_data == "kept"


def _plain(run: Path) -> list[bytes]:
    """All cells of all tables as text."""
    stored = open_run(run)
    return [str(stored.table(name).to_pylist()).encode() for name in TABLES]


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_the_same_inputs_give_the_same_bytes(
    undisturbed: Path, batch: tuple[Path, Path], tmp_path: Path, workers: int
) -> None:
    source, ws = batch
    qc("run", source, "-w", ws, "--out", tmp_path, "--no-report", "--workers", workers)
    assert digests(only_run(tmp_path)) == digests(undisturbed)


def _kill_and_resume(batch: tuple[Path, Path], out: Path, delay: float) -> None:
    """Start a run, kill its whole process group after `delay` seconds, run the same command again to its end."""
    source, ws = batch
    args = ("run", source, "-w", ws, "--out", out, "--no-report", "--workers", 2)
    victim = subprocess.Popen(
        command(*args), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    time.sleep(delay)
    os.killpg(victim.pid, signal.SIGKILL)
    victim.wait()
    if not any(_is_over(path.parent) for path in out.glob("*/run.json")):
        resumed = qc(*args)
        assert resumed.returncode == 0, resumed.stderr


def _is_over(run: Path) -> bool:
    """Whether nothing is left to do. The tables of a run may be done, and its command not yet: the same command clears
    up then, and once it has, begins another run."""
    return open_run(run).lineage.status is RunStatus.DONE and not is_complete(run)


def _survives_kills(batch: tuple[Path, Path], timed: tuple[Path, float], tmp_path: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    undisturbed, length = timed
    for n in range(kills):
        out = tmp_path / f"kill{n}"
        _kill_and_resume(batch, out, chance.uniform(0.2, length))
        assert digests(only_run(out)) == digests(undisturbed)


def test_a_killed_run_resumes(batch: tuple[Path, Path], timed: tuple[Path, float], tmp_path: Path) -> None:
    _survives_kills(batch, timed, tmp_path, kills=1, seed=1)


@pytest.mark.slow
def test_ten_kills_at_random_moments(batch: tuple[Path, Path], timed: tuple[Path, float], tmp_path: Path) -> None:
    _survives_kills(batch, timed, tmp_path, kills=10, seed=2)


@pytest.mark.slow
def test_resume_uses_whole_shards_and_mends_a_torn_one(
    batch: tuple[Path, Path], undisturbed: Path, tmp_path: Path
) -> None:
    source, ws = batch
    args = ("run", source, "-w", ws, "--out", tmp_path, "--no-report", "--workers", 1)
    qc(*args)
    run = only_run(tmp_path)
    # As a kill in the middle leaves it: not finished, terms not summed, one shard's marker missing, a part torn.
    text = (run / "run.json").read_text(encoding="utf-8").replace('"status": "done"', '"status": "running"')
    (run / "run.json").write_text(text, encoding="utf-8")
    (run / "turns" / "part-00002.parquet").write_bytes(b"PAR1 torn")
    again = qc(*args)
    assert again.returncode == 0, again.stderr
    assert "续跑" in again.stderr
    assert digests(run) == digests(undisturbed)


def test_two_runs_on_one_directory(batch: tuple[Path, Path], tmp_path: Path) -> None:
    source, ws = batch
    args = ("run", source, "-w", ws, "--out", tmp_path, "--no-report", "--run-id", "one", "--workers", 1)
    first = subprocess.Popen(command(*args), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (tmp_path / "one" / ".work" / "lock").exists() and first.poll() is None:
        time.sleep(0.01)
    second = qc(*args)
    assert first.wait() == 0
    assert second.returncode == 2
    assert "另一个 qc 进程" in second.stderr or "已经完成" in second.stderr


def test_inspect_judges_again_without_the_sources(undisturbed: Path, batch: tuple[Path, Path], tmp_path: Path) -> None:
    done = qc("inspect", undisturbed, "-w", batch[1], "--out", tmp_path, "--no-report")
    assert done.returncode == 0, done.stderr
    before, after = open_run(undisturbed), open_run(only_run(tmp_path))
    for name in ("turns", "findings", "hits", "scores", "item_scores", "emotions", "topics", "turn_topics", "intents"):
        assert after.table(name).equals(before.table(name)), name


@pytest.mark.slow
def test_transcribe_then_inspect_equals_run(undisturbed: Path, batch: tuple[Path, Path], tmp_path: Path) -> None:
    source, ws = batch
    assert qc("transcribe", source, "-w", ws, "--out", tmp_path / "t").returncode == 0
    refused = qc("report", only_run(tmp_path / "t"))
    assert refused.returncode == 2
    assert "还没有判定" in refused.stderr
    qc("inspect", only_run(tmp_path / "t"), "-w", ws, "--out", tmp_path / "i", "--no-report")
    after = open_run(only_run(tmp_path / "i"))
    assert after.table("findings").equals(open_run(undisturbed).table("findings"))


def test_a_finished_run_is_not_overwritten(undisturbed: Path, batch: tuple[Path, Path]) -> None:
    source, ws = batch
    again = qc("run", source, "-w", ws, "--out", undisturbed.parent, "--run-id", undisturbed.name, "--no-report")
    assert again.returncode == 2
    assert "已经完成" in again.stderr


def test_show_finds_by_prefix_and_says_when_it_cannot(undisturbed: Path) -> None:
    shown = qc("show", "C0003", "--run", undisturbed)
    assert shown.returncode == 0, shown.stderr
    assert "12398" in shown.stdout
    assert qc("show", "C00", "--run", undisturbed).returncode == 2
    assert qc("show", "nobody", "--run", undisturbed).returncode == 2
