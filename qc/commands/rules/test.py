"""`qc rules test`."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.gate_output import gate_options
from qc.commands.options import spec_options, workspace_of
from qc.errors import EXIT_CHECK, EXIT_OK


@click.command("test", short_help="运行写在规则和话题文件末尾的测试")
@click.argument("rule", nargs=-1, metavar="[规则编号]...")
@click.option("--verbose", "-v", is_flag=True, help="通过的也列出来")
@gate_options
@spec_options
@click.pass_context
def command(
    ctx: click.Context,
    rule: tuple[str, ...],
    verbose: bool,
    junit: Path | None,
    format_: str | None,
    workspace: Path | None,
    rules: Path | None,
    scorecards: Path | None,
) -> None:
    """运行写在规则和话题文件末尾的测试；有不通过的，退出码为 1。草稿规则没过的、还没写的测试算待办。

    \b
    例：qc rules test                         全部规则和话题
        qc rules test service.greeting -v     只测一条，并列出每个测试
    """
    from qc.commands.console import Console
    from qc.commands.gate_output import tell
    from qc.commands.rulecheck import test_rules
    from qc.pipeline.specs import configuration, folders

    where = folders(workspace_of(workspace), rules=rules, scorecards=scorecards)
    config = configuration(where)
    if config.emotion_model or config.intents_model:
        Console(quiet=False).note(
            "测试按词表和清单判，不用 qc.yaml 里训练出的模型；合起来怎样，看 qc inspect 重判的批次。"
        )
    report = test_rules(where, rule)
    tell([report.gate()], report.lines(verbose), format_, junit)
    ctx.exit(EXIT_OK if report.passed else EXIT_CHECK)
