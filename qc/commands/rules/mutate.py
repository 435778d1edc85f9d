"""`qc rules mutate`."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.options import spec_options, workspace_of
from qc.errors import EXIT_CHECK, EXIT_OK


@click.command("mutate", short_help="变异测试：哪些改动没有测试会发现")
@click.argument("rule", nargs=-1, metavar="[规则编号]...")
@click.option(
    "--min-score", type=click.FloatRange(0, 100), default=85.0, show_default=True, metavar="分", help="低于它退出码为 1"
)
@click.option("--all", "everything", is_flag=True, help="每个词、每个正则分支都试（默认每处至多 8 个）")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@spec_options
@click.pass_context
def command(
    ctx: click.Context,
    rule: tuple[str, ...],
    min_score: float,
    everything: bool,
    as_json: bool,
    workspace: Path | None,
    rules: Path | None,
    scorecards: Path | None,
) -> None:
    """把规则逐处改坏（去掉一个词、换角色、改范围和阈值、改 when），看测试会不会发现；没有发现的，就是缺一个测试。

    \b
    例：qc rules mutate                     stable 和 shadow 的全部规则
        qc rules mutate service.greeting    只看一条，草稿也行
    """
    from qc.commands.rulecheck import mutate_rules
    from qc.pipeline.specs import folders
    from qc.ruletest.mutate_report import as_json as to_json
    from qc.ruletest.mutate_report import lines

    where = folders(workspace_of(workspace), rules=rules, scorecards=scorecards)
    report = mutate_rules(where, rule, everything=everything)
    if as_json:
        click.echo(to_json(report), nl=False)
    else:
        for line in lines(report):
            click.echo(line)
    ctx.exit(EXIT_OK if report.score >= min_score else EXIT_CHECK)
