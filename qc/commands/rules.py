"""`qc rules lint` and `qc rules test`."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.options import spec_options, workspace_of
from qc.errors import EXIT_CHECK, EXIT_OK


@click.group("rules", short_help="规则的检查与测试")
def command() -> None:
    """规则的检查与测试。改了规则、词表或评分表之后，先 lint 再 test。"""


@command.command("test", short_help="运行写在规则和话题文件末尾的测试")
@click.argument("rule", nargs=-1, metavar="[规则编号]...")
@click.option("--verbose", "-v", is_flag=True, help="通过的也列出来")
@spec_options
@click.pass_context
def test(
    ctx: click.Context,
    rule: tuple[str, ...],
    verbose: bool,
    workspace: Path | None,
    rules: Path | None,
    scorecards: Path | None,
) -> None:
    """运行写在规则和话题文件末尾的测试；有不通过的，退出码为 1。

    \b
    例：qc rules test                         全部规则和话题
        qc rules test service.greeting -v     只测一条，并列出每个测试
    """
    from qc.commands.rulecheck import test_rules
    from qc.pipeline.specs import folders

    where = folders(workspace_of(workspace), rules=rules, scorecards=scorecards)
    report = test_rules(where, rule)
    for line in report.lines(verbose):
        click.echo(line)
    ctx.exit(EXIT_OK if report.passed else EXIT_CHECK)


@command.command("lint", short_help="检查规则、词表与评分表的写法")
@click.option("--strict", is_flag=True, help="提醒也算不通过")
@spec_options
@click.pass_context
def lint(ctx: click.Context, strict: bool, workspace: Path | None, rules: Path | None, scorecards: Path | None) -> None:
    """检查规则、词表、话题、情绪词表与评分表的写法，一次报出所有问题；有错误时退出码为 1。"""
    from qc.commands.rulecheck import lint_rules
    from qc.pipeline.specs import folders

    where = folders(workspace_of(workspace), rules=rules, scorecards=scorecards)
    report = lint_rules(where)
    for line in report.lines():
        click.echo(line)
    ctx.exit(EXIT_OK if report.passed(strict) else EXIT_CHECK)
