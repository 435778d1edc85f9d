"""Atomic files, parts, markers, lineage."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from qc.domain.run import CardLineage, Counts, Lineage, RunStatus
from qc.errors import UsageError
from qc.schema.rows import build
from qc.schema.tables import TABLES
from qc.storage.digests import read_parts, write_parts
from qc.storage.files import atomic, write_text
from qc.storage.interim import write_interim
from qc.storage.lineage import read_lineage, write_lineage
from qc.storage.read import list_runs, open_run
from qc.storage.terms import merge_terms
from qc.storage.write import ShardCounts, clear_work, commit_shard, committed_shards, part_path, write_part

LINEAGE = Lineage(
    run_id="a",
    status=RunStatus.DONE,
    started_at="2026-11-20T21:00:00",
    rules={"x.y": "1.0.0"},
    scorecards=(CardLineage(id="c", title="卡", version="1", digest="d"),),
    counts=Counts(input=3, ok=2, failed=1),
    notes=("一", "二"),
    tables={"turns": 4},
)


def test_lineage_round_trip(tmp_path: Path) -> None:
    write_lineage(tmp_path, LINEAGE)
    assert read_lineage(tmp_path) == LINEAGE


@pytest.mark.parametrize("text", ["", "{", "[]", '{"status": "nonsense"}', '{"status": "done"}'])
def test_a_damaged_lineage_is_a_usage_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(UsageError):
        open_run(tmp_path)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(RuntimeError), atomic(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_umask_says_who_may_read(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_text(tmp_path / "a.txt", "text")
    finally:
        os.umask(before)
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o600


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    for left in (tmp_path / ".run.json.0a.tmp", tmp_path / "turns" / ".part-00000.parquet.0b.tmp"):
        left.parent.mkdir(exist_ok=True)
        left.write_bytes(b"half")
    write_text(tmp_path / "turns" / "kept", "whole")
    clear_work(tmp_path)
    assert [p.name for p in tmp_path.rglob("*")] == ["turns", "kept"]


def test_equal_rows_give_equal_bytes(tmp_path: Path) -> None:
    table = build("terms", {**{key: [1] for key in TABLES["terms"].names}, "project": ["a"], "term": ["电"]})
    for name in ("one", "two"):
        write_part(tmp_path / name, "terms", 0, table)
    assert part_path(tmp_path / "one", "terms", 0).read_bytes() == part_path(tmp_path / "two", "terms", 0).read_bytes()


def test_markers(tmp_path: Path) -> None:
    counts = _committed(tmp_path, 3)
    (tmp_path / ".work" / "shards" / "00004.json").write_text("{torn")
    (tmp_path / ".work" / "shards" / "00005.json").write_text('{"shard": 5, "inputs": 1}')
    assert committed_shards(tmp_path) == ({3: counts}, ["00004", "00005"])


def _committed(run: Path, shard: int) -> ShardCounts:
    row = {"project": ["p"], "term": ["停电"], "conversations": [1], "occurrences": [1]}
    part = write_part(run, "terms", shard, build("terms", {**row, "negative_conversations": [0]}))
    counts = ShardCounts(shard=shard, identity="", inputs=5, ok=4, failed=1, quarantined=0, audio_ms=9, parts=(part,))
    commit_shard(run, counts)
    return counts


def test_a_marker_holds_as_long_as_its_files_do(tmp_path: Path) -> None:
    for shard in range(4):
        _committed(tmp_path, shard)
    flipped, shorter, gone = (part_path(tmp_path, "terms", shard) for shard in range(1, 4))
    data = bytearray(flipped.read_bytes())
    data[len(data) // 2] ^= 1
    flipped.write_bytes(data)
    shorter.write_bytes(shorter.read_bytes()[:-1])
    gone.unlink()
    whole, damaged = committed_shards(tmp_path)
    assert list(whole) == [0]
    assert damaged == ["00001", "00002", "00003"]


def test_the_list_of_parts_says_what_was_written(tmp_path: Path) -> None:
    parts = [part for shard in (1, 0) for part in _committed(tmp_path, shard).parts]
    digest = write_parts(tmp_path, parts)
    assert digest == hashlib.sha256((tmp_path / "parts.json").read_bytes()).hexdigest()
    listed = read_parts(tmp_path)
    assert listed == tuple(reversed(parts))
    for part in listed:
        content = (tmp_path / part.path).read_bytes()
        assert (part.bytes, part.sha256, part.rows) == (len(content), hashlib.sha256(content).hexdigest(), 1)
    assert read_parts(tmp_path / "elsewhere") is None
    (tmp_path / "parts.json").write_text('{"format": 1, "parts": [{}]}')
    with pytest.raises(UsageError, match="读不懂"):
        read_parts(tmp_path)


def test_terms_are_summed_over_shards(tmp_path: Path) -> None:
    for shard, (term, n) in enumerate([("停电", 2), ("电费", 1), ("停电", 3)]):
        row = {"project": ["p"], "term": [term], "conversations": [n], "occurrences": [2 * n]}
        write_interim(tmp_path, "terms", shard, build("terms", {**row, "negative_conversations": [0]}))
    merge_terms(tmp_path, range(3))
    write_lineage(tmp_path, LINEAGE)
    rows = open_run(tmp_path).table("terms").to_pylist()
    assert {r["term"]: (r["conversations"], r["occurrences"]) for r in rows} == {"停电": (5, 10), "电费": (1, 2)}


def test_only_finished_runs_are_listed_oldest_first(tmp_path: Path) -> None:
    from dataclasses import replace

    for name, started, status in (
        ("b", "2026-11-20", RunStatus.DONE),
        ("a", "2026-11-21", RunStatus.DONE),
        ("c", "2026-11-19", RunStatus.RUNNING),
    ):
        write_lineage(tmp_path / name, replace(LINEAGE, run_id=name, started_at=started, status=status))
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "run.json").write_text("{")
    assert [r.lineage.run_id for r in list_runs(tmp_path)] == ["b", "a"]
