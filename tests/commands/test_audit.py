"""Who ran, reviewed, exported, asked: each command leaves its line, and no result is lost for a log that cannot be
written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from qc.commands import cli
from qc.commands.auditing import record_first
from qc.errors import UsageError
from qc.storage.audit import LOG, entries

CHAT = '{"conversation_id":"A1","role":"客户","text":"我要投诉","time":"2026-11-20 09:00:00"}\n'


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one finished run."""
    root = tmp_path_factory.mktemp("audited")
    (root / "in").mkdir()
    (root / "in" / "chat.jsonl").write_text(CHAT, encoding="utf-8")
    done = _qc(
        "run", root / "in", "--out", root / "runs", "--run-id", "r1", "--executor", "serial", "-q", "--no-report"
    )
    assert done.exit_code == 0, done.output
    return root / "runs"


def _qc(*words: object):
    return CliRunner().invoke(cli, [str(word) for word in words])


def test_each_act_leaves_its_line(runs: Path, tmp_path: Path) -> None:
    run = runs / "r1"
    before = len(list(entries(runs)))
    assert _qc("export", "csv", run, "--out", tmp_path / "csv", "--tables", "scores").exit_code == 0
    assert _qc("review", "sample", run, "--n", "1").exit_code == 0
    assert _qc("query", "select '13812345678' as n", run).exit_code == 0
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}", encoding="utf-8")
    assert _qc("review", "import", wrong, "--run", run).exit_code != 0
    made = list(entries(runs))
    assert (made[0].action, made[0].counts["ok"], made[0].runs) == ("run", 1, ("r1",))
    assert {"input", "plan", "rules", "parts"} == set(made[0].digests)
    acts = [(entry.action, entry.outcome, entry.runs) for entry in made[before:]]
    assert acts == [
        ("export csv", "done", ("r1",)),
        ("review sample", "done", ("r1",)),
        ("query", "done", ("r1",)),
        ("review import", "failed", ("r1",)),
    ]
    assert "13812345678" not in (runs / LOG).read_text(encoding="utf-8")
    assert "我要投诉" not in (runs / LOG).read_text(encoding="utf-8")


def test_show_and_verify(runs: Path) -> None:
    shown = _qc("audit", "show", runs, "--action", "run")
    assert (shown.exit_code, "qc run  完成" in shown.output, "批次：r1" in shown.output) == (0, True, True)
    assert "数量：输入 1，完成 1，失败 0，隔离 0" in shown.output
    assert _qc("audit", "verify", runs).exit_code == 0
    log = (runs / LOG).read_bytes()
    try:
        (runs / LOG).write_bytes(log.replace(b'"outcome": "done"', b'"outcome": "gone"', 1))
        verdict = _qc("audit", "verify", runs)
        assert (verdict.exit_code, "不可信" in verdict.output) == (1, True)
    finally:
        (runs / LOG).write_bytes(log)


@contextmanager
def _unwritable(runs: Path) -> Iterator[None]:
    """A folder stands where the log should be."""
    log = (runs / LOG).read_bytes()
    (runs / LOG).unlink()
    (runs / LOG).mkdir()
    try:
        yield
    finally:
        (runs / LOG).rmdir()
        (runs / LOG).write_bytes(log)


def test_a_log_that_cannot_be_written_costs_no_result_and_is_said(runs: Path, tmp_path: Path) -> None:
    with _unwritable(runs):
        done = _qc("export", "csv", runs / "r1", "--out", tmp_path / "csv", "--tables", "scores")
    assert (done.exit_code, (tmp_path / "csv" / "scores.csv").is_file()) == (0, True)
    assert "没有记进审计日志" in done.stderr and "这是一个目录" in done.stderr
    assert "结果不受影响" in done.stderr


def test_of_what_failed_anyway_it_does_not_say_that_the_result_is_there(runs: Path, tmp_path: Path) -> None:
    with _unwritable(runs):
        done = _qc("export", "csv", runs / "r1", "--out", tmp_path / "csv", "--tables", "no_such_table")
    assert done.exit_code != 0 and not (tmp_path / "csv").exists()
    assert "没有记进审计日志" in done.stderr and "本来就没有成功" in done.stderr
    assert "结果不受影响" not in done.stderr


def test_what_cannot_be_recorded_first_is_not_done(runs: Path) -> None:
    with _unwritable(runs), pytest.raises(UsageError) as refused:
        record_first(runs, "purge", "批次 r1 没有清除", runs=["r1"])
    assert refused.value.message.startswith("批次 r1 没有清除。") and "先记进日志才做" in refused.value.hint
