"""`qc rules lock`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qc.commands.gate_output import gate_options
from qc.commands.options import spec_options, workspace_of
from qc.errors import EXIT_CHECK, EXIT_OK, UsageError

if TYPE_CHECKING:
    from qc.ruletest.lock import LockReport


@click.command("lock", short_help="内容版本：改了内容就要升版本")
@click.option("--check", is_flag=True, help="只检查，不写文件；改了内容没有升版本、或 rules.lock 没有更新，退出码为 1")
@click.option("--bump", is_flag=True, help="把建议的版本写进规则和评分表文件")
@gate_options
@spec_options
@click.pass_context
def command(
    ctx: click.Context,
    check: bool,
    bump: bool,
    junit: Path | None,
    format_: str | None,
    workspace: Path | None,
    rules: Path | None,
    scorecards: Path | None,
) -> None:
    """把每条规则、每张评分表的内容版本记进 rules.lock；内容改了而版本没升的，不记，并建议升到几。

    \b
    版本 x.y.z：严重程度、分值、一票否决改了升 x；命中会变升 y；只改文字升 z。草稿随便改。
    例：qc rules lock            更新 rules.lock
        qc rules lock --bump     顺便把该升的版本升了
        qc rules lock --check    提交前、CI 里检查
    """
    from qc.commands.gate_output import tell
    from qc.commands.rulelock import check_lock, update_lock
    from qc.pipeline.specs import folders

    if check and bump:
        raise UsageError("--check 只检查，不能与 --bump 一起用", "去掉其中一个。")
    where = folders(workspace_of(workspace), rules=rules, scorecards=scorecards)
    report = check_lock(where) if check else update_lock(where, bump=bump)
    passed = report.passed if check else bump or not report.overdue
    lines = report.lines() if check or not passed else _done(report)
    tell([report.gate()], lines, format_, junit)
    ctx.exit(EXIT_OK if passed else EXIT_CHECK)


def _done(report: LockReport) -> Iterator[str]:
    """What an update did."""
    for one in report.overdue:
        yield f"{one.path}: {one.id} {one.version} → {one.suggested}（{'；'.join(one.reasons)}）"
    for text in report.stale:
        yield f"  {text}"
    changed = bool(report.stale or report.overdue)
    yield f"{report.path} {'已更新' if changed else '没有变化'}：{len(report.current.rules)} 条规则。"
