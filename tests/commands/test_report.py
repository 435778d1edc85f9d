"""`qc report RUN` and `qc report conversation ID`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from qc.commands import cli
from qc.errors import UsageError
from tests.reporting.conftest import RunBuilder, Talk


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two nights: A1 in the first, A1 and B1 in the second."""
    for night, ids in (("20", ("A1", "C1")), ("21", ("A1", "B1"))):
        build = RunBuilder(tmp_path / "runs" / night)
        for name in ids:
            build.add(Talk(name))
        build.write(run_id=night, started_at=f"2026-11-{night}T21:00:00")
    return tmp_path / "runs"


def qc(*args: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(a) for a in args])


def test_a_conversation_is_looked_for_in_the_newest_run_that_holds_it(runs: Path) -> None:
    newest = qc("report", "conversation", "A1", "--runs", runs)
    assert newest.exit_code == 0 and newest.output.strip() == str(runs / "21" / "pages" / "A1.html")
    assert qc("report", "conversation", "C", "--runs", runs).output.strip() == str(runs / "20" / "pages" / "C1.html")
    older = qc("report", "conversation", "A1", "--run", runs / "20", "--out", runs / "x", "--lang", "en")
    assert older.output.strip() == str(runs / "x" / "A1.html")
    assert '<html lang="en">' in (runs / "x" / "A1.html").read_text(encoding="utf-8")


def test_a_conversation_nobody_has_is_said(runs: Path, tmp_path: Path) -> None:
    unknown = qc("report", "conversation", "Z9", "--runs", runs).exception
    assert isinstance(unknown, UsageError) and "2 个批次里都没有会话 Z9" in unknown.message
    assert "没有判定过的批次" in str(qc("report", "conversation", "A1", "--runs", tmp_path / "none").exception)


def test_the_run_may_be_named_without_the_word(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (runs / "21" / "report").mkdir()
    (runs / "21" / "report" / "index.html").touch()
    monkeypatch.setattr("qc.pipeline.report.write_report", lambda run, **_: run / "report" / "index.html")
    short, long = qc("report", runs / "21"), qc("report", "run", runs / "21")
    assert short.output == long.output == f"{runs / '21' / 'report' / 'index.html'}\n"
    assert qc("report", "--lang", "en", runs / "21").output == short.output, "options may come first"
    helped = qc("report", "-h").output
    assert "conversation" in helped and "批次目录" in helped
    shutil.rmtree(runs / "21")
    assert qc("report", runs / "21").exit_code == 2
