"""A run whose run.json is damaged: `qc verify` says so and what is still good; the others go on, and it is named."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from qc.commands import cli
from qc.domain.run import Lineage
from qc.pipeline.plan import start
from qc.pipeline.verification.check import State
from qc.pipeline.verification.files import check_lineage
from qc.storage.lineage import read_lineage
from qc.storage.read import StoredRun, left_out, list_runs
from tests.archive.nights import listed, night

DAMAGE = {
    "empty": (lambda data: b"", "文件是空的"),
    "truncated": (lambda data: data[: len(data) // 2], "不是完整的 JSON"),
    "not JSON": (lambda data: b"status: done\n", "不是完整的 JSON"),
    "not UTF-8": (lambda data: data[:40] + b"\xff" + data[40:], "不是 UTF-8"),
    "another thing": (lambda data: b"[1]", "不是一个批次的记录"),
    "a field missing": (lambda data: data.replace(b'"counts"', b'"count"'), "缺少字段 counts"),
}


def told(*args: object) -> Result:
    return CliRunner().invoke(cli, [*map(str, args)])


def spoil(run: StoredRun, how: str = "truncated") -> None:
    path = run.path / "run.json"
    path.write_bytes(DAMAGE[how][0](path.read_bytes()))


@pytest.mark.parametrize("how", [pytest.param(d, marks=() if d == "truncated" else pytest.mark.slow) for d in DAMAGE])
def test_it_is_not_trusted_and_says_why(tmp_path: Path, how: str) -> None:
    run = night(tmp_path / "runs", 0)
    spoil(run, how)
    result = told("verify", run.path, "-q")
    assert result.exit_code == 1, result.output
    assert DAMAGE[how][1] in result.stdout and "结论：不可信" in result.stdout
    assert "从备份恢复 run.json" in result.stdout
    assert json.loads(told("verify", run.path, "--json").stdout)["trust"] == "untrusted"


def test_what_is_still_good_is_said(tmp_path: Path) -> None:
    run = listed(night(tmp_path / "runs", 0))
    (run.path / "run.json").unlink()
    result = told("verify", run.path, "-q")
    assert result.exit_code == 1
    assert "run.json 不见了，结果表还在" in result.stdout
    assert "的 SHA-256 与 parts.json 一致：结果表还在" in result.stdout
    run.part_files("scores")[0].write_bytes(b"")
    assert "scores/part-00000.parquet 的内容变了" in told("verify", run.path, "-q").stdout
    nothing = told("verify", tmp_path, "-q")
    assert "不是批次目录" in str(nothing.exception)


def test_no_field_can_be_edited_unnoticed(tmp_path: Path) -> None:
    run = night(tmp_path / "runs", 0)
    path = run.path / "run.json"
    written = json.loads(path.read_text("utf-8"))
    assert set(written) == {"digest", *(field.name for field in fields(Lineage))}
    assert check_lineage(run.path).state is State.PASSED
    path.write_text(json.dumps(written, sort_keys=False), "utf-8")  # laid out otherwise, it says the same
    assert check_lineage(run.path).state is State.PASSED
    for name in written:
        path.write_text(json.dumps(written | {name: "别的"}), "utf-8")
        assert check_lineage(run.path).state is State.FAILED, name
    path.write_text(json.dumps(written | {"name": "改过的名字"}), "utf-8")
    result = told("verify", run.path, "-q")
    assert result.exit_code == 1 and "批次名" in result.stdout and "结论：不可信" in result.stdout


def test_a_run_of_before_has_no_digest_of_its_record(tmp_path: Path) -> None:
    run = night(tmp_path / "runs", 0)
    path = run.path / "run.json"
    written = json.loads(path.read_text("utf-8"))
    del written["digest"]
    path.write_text(json.dumps(written), "utf-8")
    check = check_lineage(run.path)
    assert check.state is State.UNCHECKED and "较早的版本" in check.told


@pytest.mark.slow
def test_the_others_go_on_and_it_is_named(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    good = [night(runs, day) for day in (0, 2)]
    spoil(night(runs, 1))
    lost = listed(night(runs, 3))
    (lost.path / "run.json").unlink()
    assert [run.lineage.run_id for run in list_runs(runs)] == [run.lineage.run_id for run in good]
    assert len(left_out(runs)) == 2
    commands = [
        ("report", good[1].path),
        ("opinion", "report", runs),
        ("opinion", "backtest", runs),
        ("compact", runs, "--to", tmp_path / "lake"),
        ("export", "csv", good[0].path, good[1].path, "--out", tmp_path / "csv"),
    ]
    for command in commands:
        result = told(*command)
        assert result.exit_code == 0, (command, result.output, result.exception)
        if command[0] != "export":  # the runs to be exported are named one by one
            assert "没有算进来" in result.stderr, command
            assert "night-01-0" in result.stderr and "night-03-0" in result.stderr, command
    assert "新增 2 晚" in told("compact", runs, "--to", tmp_path / "again").stderr


def test_a_data_set_is_made_of_the_others(tmp_path: Path) -> None:
    night(tmp_path / "runs", 0, talks=2)
    spoil(night(tmp_path / "runs", 1, talks=2))
    result = told("compact", tmp_path / "runs", "--to", tmp_path / "lake")
    assert result.exit_code == 0 and "新增 1 晚" in result.stderr
    assert "没有算进来" in result.stderr and "night-01-0" in result.stderr


def test_the_next_run_begins_beside_it_and_names_it(tmp_path: Path) -> None:
    run = night(tmp_path / "runs", 0)
    lineage = read_lineage(run.path)
    spoil(run)
    plan = start(tmp_path / "runs", lineage, run_id=None, fresh=False)
    assert plan.run != run.path and not plan.resumed
    (note,) = plan.notes
    assert "night-00-0/run.json" in note and "不是完整的 JSON" in note and "qc verify" in note


@pytest.mark.slow
def test_a_conversation_is_shown_of_the_newest_sound_run_and_the_other_is_named(tmp_path: Path) -> None:
    night(tmp_path / "runs", 0, talks=2)
    spoil(night(tmp_path / "runs", 1, talks=2))
    result = told("show", "00-0000", "--out", tmp_path / "runs")
    assert result.exit_code == 0 and "00-0000" in result.stdout, result.output
    assert "night-01-0" in result.stderr


def test_a_run_that_a_purge_was_removing_is_none(tmp_path: Path) -> None:
    run = night(tmp_path / "runs", 0)
    run.path.rename(run.path.with_name(f".purged-{run.path.name}"))
    assert list_runs(tmp_path / "runs") == [] and left_out(tmp_path / "runs") == []


@pytest.mark.slow
def test_a_damaged_table_of_an_earlier_night_stops_no_report_of_tonight(tmp_path: Path) -> None:
    nights = [night(tmp_path / "runs", day) for day in range(3)]
    nights[1].part_files("conversations")[0].write_bytes(b"PAR1")
    for command in (("report", nights[2].path), ("opinion", "report", tmp_path / "runs")):
        result = told(*command)
        assert result.exit_code == 0, (command, result.output, result.exception)
        assert "批次 night-01-0 坏了，没有算进来" in result.stderr
