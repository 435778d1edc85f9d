"""Inputs and settings that change under a run: what it was planned with is what it is made of, or it says so."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from qc.storage.read import open_run
from tests.faults.disks import Disk
from tests.faults.machine import Machine
from tests.faults.night import CHATS, RECORDINGS, SHARDS, Night, night
from tests.pipeline.batches import digests, only_run

HEARING, JUDGING = 17, 120
"""Durable steps in the middle of these stages; `test_the_stages` says whether they still are."""


@pytest.mark.slow
def test_the_stages(machine: Machine, tonight: Night, undisturbed: tuple[Path, int], tmp_path: Path) -> None:
    there = {}
    for step in (HEARING, JUDGING):
        cache, out = tmp_path / f"cache{step}", tmp_path / f"out{step}"
        machine.qc(*tonight.run(out), at=step, QC_CACHE_DIR=str(cache))
        heard, judged = cache.glob("transcripts/*/*.json"), out.glob("*/.work/shards/*.json")
        there[step] = len(list(heard)), len(list(judged))
    assert 0 < there[HEARING][0] < RECORDINGS
    assert there[JUDGING][0] == RECORDINGS and 0 < there[JUDGING][1] < SHARDS


@pytest.fixture
def mine(tmp_path: Path) -> Night:
    """A night that the test may spoil."""
    return night(tmp_path / "mine")


@pytest.mark.slow
@pytest.mark.parametrize("step", [HEARING, JUDGING])
def test_an_input_share_that_disappears_and_comes_back(
    machine: Machine, mine: Night, expected: dict[str, str], tmp_path: Path, step: int
) -> None:
    args, cache = mine.run(tmp_path / "out"), {"QC_CACHE_DIR": str(tmp_path / "cache")}
    away = tmp_path / "away"
    broken = machine.qc(*args, at=step, do=f"mv {mine.source} {away}", **cache)
    if step == HEARING:
        assert broken.code == 2, broken.said
        assert "不见了" in broken.said and "网络盘" in broken.said and "再运行同一条命令" in broken.said
    away.rename(mine.source)
    again = machine.qc(*args, **cache)
    assert again.code == 0, again.said
    assert digests(only_run(tmp_path / "out")) == expected


@pytest.mark.slow
def test_an_input_share_that_is_unmounted(
    machine: Machine, mine: Night, expected: dict[str, str], tmp_path: Path
) -> None:
    """The mount point stays, and is empty."""
    files = tmp_path / "files"
    mine.source.rename(files)
    disk = Disk(mine.source, 4096)
    shutil.copytree(files, mine.source, dirs_exist_ok=True)
    args, cache = mine.run(tmp_path / "out"), {"QC_CACHE_DIR": str(tmp_path / "cache")}
    broken = machine.qc(*args, at=HEARING, do=f"umount -l {disk.path}", **cache)
    assert broken.code == 2, broken.said
    assert "不见了" in broken.said
    shutil.copytree(files, mine.source, dirs_exist_ok=True)
    again = machine.qc(*args, **cache)
    assert again.code == 0, again.said
    assert digests(only_run(tmp_path / "out")) == expected


@pytest.mark.slow
def test_a_recording_that_changes_while_others_are_heard(
    machine: Machine, mine: Night, expected: dict[str, str], tmp_path: Path
) -> None:
    """It is a failure of its own, never a transcript of something else; as it was, the run is as ever."""
    original = (mine.source / "R3.wav").read_bytes()
    grow = f"for i in 0 1 2 3 4; do echo more >> {mine.source}/R$i.wav; done"
    cache = {"QC_CACHE_DIR": str(tmp_path / "cache")}
    done = machine.qc(*mine.run(tmp_path / "out"), at=HEARING, do=grow, **cache)
    assert done.code == 3, done.said
    run = open_run(only_run(tmp_path / "out"))
    failed = run.table("failures").to_pylist()
    assert {f["kind"] for f in failed} == {"changed"} and all(f["retryable"] for f in failed)
    counts = run.lineage.counts
    assert counts.ok + counts.failed == counts.input == RECORDINGS + CHATS
    for path in mine.source.glob("R*.wav"):
        path.write_bytes(path.read_bytes().removesuffix(b"more\n"))
    assert (mine.source / "R3.wav").read_bytes() == original
    assert machine.qc(*mine.run(tmp_path / "second"), **cache).code == 0
    assert digests(only_run(tmp_path / "second")) == expected


@pytest.mark.slow
def test_a_recording_that_changed_between_attempts(
    machine: Machine, mine: Night, expected: dict[str, str], tmp_path: Path
) -> None:
    """Another input is another plan: a run of its own, and the broken one is named."""
    out = tmp_path / "out"
    assert machine.qc(*mine.run(out), at=JUDGING).code == -9
    broken = only_run(out)
    with (mine.source / "R3.wav").open("ab") as file:
        file.write(b"\0\0")
    again = machine.qc(*mine.run(out))
    assert again.code == 0, again.said
    assert str(broken) in again.said and "输入变了" in again.said
    runs = {p.parent for p in out.glob("*/run.json")}
    assert len(runs) == 2
    (done,) = runs - {broken}
    assert open_run(done).lineage.counts.ok == RECORDINGS + CHATS


@pytest.mark.slow
def test_chats_that_change_before_they_are_read(machine: Machine, mine: Night, tmp_path: Path) -> None:
    done = machine.qc(*mine.run(tmp_path / "out"), at=20, do=f"echo '{{}}' >> {mine.source}/two.jsonl")
    assert done.code == 3, done.said
    run = open_run(only_run(tmp_path / "out"))
    (failed,) = run.table("failures").to_pylist()
    assert (failed["input"], failed["kind"], failed["retryable"]) == ("two.jsonl", "changed", True)
    assert run.lineage.counts.ok == RECORDINGS + CHATS // 2


EDITS = {
    "rule": "sed -i 's/非常抱歉/您好/' WS/rules/service/sorry.yml",
    "scorecard": "sed -i 's/points: 100/points: 10/' WS/scorecards/service.yml",
    "configuration": "sed -i 's/shard_size: 4/shard_size: 7/' WS/qc.yaml",
    "words": "mkdir -p WS/rules/_lexicons/emotion && echo broken > WS/rules/_lexicons/emotion/new.yml",
    "manifest": "echo broken > IN/calls.csv",
    "workspace": "rm -rf WS",
}


@pytest.mark.slow
@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_edited_during_a_run_counts_for_the_next(
    machine: Machine, mine: Night, expected: dict[str, str], tmp_path: Path, edit: str, workers: int
) -> None:
    do = EDITS[edit].replace("WS", str(mine.workspace)).replace("IN", str(mine.source))
    args = mine.run(tmp_path / "out") if workers == 1 else [*mine.reported(tmp_path / "out"), "--no-report"]
    done = machine.qc(*args, at=HEARING, do=do, QC_CACHE_DIR=str(tmp_path / "cache"))
    assert done.code == 0, done.said
    assert digests(only_run(tmp_path / "out")) == expected


@pytest.mark.slow
def test_a_rule_edited_between_attempts(
    machine: Machine, mine: Night, undisturbed: tuple[Path, int], tmp_path: Path
) -> None:
    """Half by one rule and half by another would be worse than starting again."""
    out = tmp_path / "out"
    assert machine.qc(*mine.run(out), at=JUDGING).code == -9
    broken = only_run(out)
    rule = mine.workspace / "rules" / "service" / "sorry.yml"
    rule.write_text(rule.read_text("utf-8").replace("keyword: [非常抱歉]", "keyword: [抱歉]"), encoding="utf-8")
    again = machine.qc(*mine.run(out))
    assert again.code == 0, again.said
    assert "规则或评分表变了" in again.said and str(broken) in again.said
    (done,) = {p.parent for p in out.glob("*/run.json")} - {broken}
    digest = json.loads((undisturbed[0] / "run.json").read_text("utf-8"))["rule_digests"]["service.sorry"]
    assert set(open_run(done).table("findings")["rule_digest"].to_pylist()).isdisjoint({digest})
