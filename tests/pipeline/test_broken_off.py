"""A run that is broken off says how to go on, leaves nothing half-written, and goes on."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.pipeline.batches import chats, command, digests, only_run, qc, workspace


@pytest.fixture
def args(tmp_path: Path) -> list[object]:
    source, ws = chats(tmp_path / "in", 33), workspace(tmp_path / "ws")
    return ["run", source, "-w", ws, "--no-report", "--workers", 1, "--out"]


@pytest.mark.slow
def test_a_disk_that_takes_no_more(tmp_path: Path) -> None:
    source, ws = chats(tmp_path / "in", 900), workspace(tmp_path / "ws", shard_size=450)
    args = ["transcribe", source, "-w", ws, "--workers", 1, "--out"]  # no rules: run.json is small
    assert qc(*args, tmp_path / "whole").returncode == 0
    whole = only_run(tmp_path / "whole")
    largest = max(part.stat().st_size for part in whole.rglob("part-*.parquet"))
    assert largest > (whole / "run.json").stat().st_size, "the disk must be full when a part is written, not before"

    def narrow() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest - 1, largest - 1))

    broken = subprocess.run(
        command(*args, tmp_path / "out"), preexec_fn=narrow, capture_output=True, text=True, check=False
    )
    assert broken.returncode == 2, broken.stderr
    assert "文件读写失败" in broken.stderr
    assert "再运行同一条命令" in broken.stderr
    assert "Traceback" not in broken.stderr
    run = only_run(tmp_path / "out")
    assert not list(run.rglob("*.tmp"))
    again = qc(*args, tmp_path / "out")
    assert again.returncode == 0, again.stderr
    assert "续跑" in again.stderr
    assert digests(run) == digests(only_run(tmp_path / "whole"))


def test_an_interrupted_run_says_how_to_go_on(args: list[object], tmp_path: Path) -> None:
    chats(tmp_path / "in", 1500)  # many seconds of work: it is not done before the signal comes
    victim = subprocess.Popen(
        command(*args, tmp_path / "out"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # a suite that runs in the background ignores interrupts, and what it starts would too
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 no threads here
    )
    while not list((tmp_path / "out").glob("*/.work/lock")) and victim.poll() is None:
        time.sleep(0.01)
    time.sleep(0.3)  # workers are half started: nobody may hear of that
    victim.send_signal(signal.SIGINT)
    _, said = victim.communicate()
    assert victim.returncode == 130, said
    assert "再运行同一条命令" in said
    assert "Traceback" not in said


@pytest.mark.slow
def test_a_stored_run_judged_again_is_not_continued_by_the_run_itself(args: list[object], tmp_path: Path) -> None:
    """Their shards hold different inputs: one continued as the other would lose some and repeat others."""
    ws = args[args.index("-w") + 1]
    assert qc(*args, tmp_path / "one").returncode == 0
    assert qc("inspect", only_run(tmp_path / "one"), "-w", ws, "--no-report", "--out", tmp_path / "two").returncode == 0
    lineage = only_run(tmp_path / "two") / "run.json"
    lineage.write_text(json.dumps(json.loads(lineage.read_text("utf-8")) | {"status": "running"}), encoding="utf-8")
    again = qc(*args, tmp_path / "two")
    assert again.returncode == 0, again.stderr
    assert "续跑" not in again.stderr


@pytest.mark.slow
def test_hash_seeds_do_not_show(args: list[object], tmp_path: Path) -> None:
    for seed in ("1", "2"):
        assert qc(*args, tmp_path / seed, PYTHONHASHSEED=seed).returncode == 0
    assert digests(only_run(tmp_path / "1")) == digests(only_run(tmp_path / "2"))


def test_file_names_in_notes_are_masked(args: list[object], tmp_path: Path) -> None:
    (tmp_path / "in" / "13812345678.pdf").write_bytes(b"%PDF")
    done = qc(*args, tmp_path / "out")
    lineage = (only_run(tmp_path / "out") / "run.json").read_text("utf-8")
    assert "138****5678.pdf" in done.stderr
    assert "138****5678.pdf" in lineage
    assert "13812345678" not in done.stderr + lineage
