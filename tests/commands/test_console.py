"""Progress where nobody watches a bar: what is worth a line in a log."""

from __future__ import annotations

import pytest

from qc.commands.console import Console, table


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_a_log_has_a_line_per_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    console.stage("计时", 103, "条规则")
    for _ in range(103):
        console.advance(1, "")
    told = lines(capsys)
    assert told[0] == "计时：共 103 条规则"
    assert len(told) == 11
    assert told[-1] == "计时 103/103 条规则"


def test_a_log_has_a_line_for_all_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    console.stage("质检", 1000, "个会话")
    console.advance(1, "（失败 1）")
    console.advance(1, "")
    assert lines(capsys) == ["质检：共 1,000 个会话", "质检 1/1,000 个会话（失败 1）"]


def test_a_log_counts_what_has_no_end(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    console.stage("读取", None, "个文件")
    console.advance(1, "")
    console.advance(1, "")
    assert lines(capsys) == ["读取", "读取 1 个文件", "读取 2 个文件"]


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(quiet=True)
    console.stage("计时", 2, "条规则")
    console.advance(2, "")
    assert lines(capsys) == []


def test_a_table_gives_a_terminal_no_orders() -> None:
    shown = table([["规则", "n"], ["\x1b[31m红\u202e", "1"]])
    assert "\x1b" not in shown and "\u202e" not in shown and "红" in shown
