"""`qc rules lint`."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.options import spec_options, workspace_of
from qc.errors import EXIT_CHECK, EXIT_OK


@click.command("lint", short_help="检查规则、词表与评分表的写法")
@click.option("--strict", is_flag=True, help="提醒也算不通过")
@spec_options
@click.pass_context
def command(
    ctx: click.Context, strict: bool, workspace: Path | None, rules: Path | None, scorecards: Path | None
) -> None:
    """检查规则、词表、话题、情绪词表与评分表的写法，一次报出所有问题；有错误时退出码为 1。"""
    from qc.commands.rulecheck import lint_rules
    from qc.pipeline.specs import folders

    where = folders(workspace_of(workspace), rules=rules, scorecards=scorecards)
    report = lint_rules(where)
    for line in report.lines():
        click.echo(line)
    ctx.exit(EXIT_OK if report.passed(strict) else EXIT_CHECK)
