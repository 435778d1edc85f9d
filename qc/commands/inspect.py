"""`qc inspect`: judge stored conversations again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
from click.exceptions import Exit

from qc.commands.options import FOLDER, output_options, spec_options, workspace_of
from qc.pipeline.options import Options


@click.command("inspect", short_help="用当前规则重新判定已存的批次，不用模型")
@click.argument("run", type=FOLDER, metavar="批次目录")
@click.option("--no-report", is_flag=True, help="不生成 HTML 报表")
@spec_options
@output_options
def command(
    run: Path,
    no_report: bool,
    workspace: Path | None,
    rules: Path | None,
    scorecards: Path | None,
    options: Options,
    quiet: bool,
) -> None:
    """用现在的规则和评分表重新判定一个已存的批次，写成新批次；不用模型，也不读录音。

    \b
    例：改了规则之后  qc inspect runs/20261120-213000-1a2b3c
    """
    from qc.commands.auditing import audited
    from qc.commands.console import Console
    from qc.commands.summary import conclude
    from qc.pipeline.report import REPORT
    from qc.pipeline.run import inspect_run
    from qc.pipeline.specs import alerts, folders

    console = Console(quiet)
    where = folders(workspace_of(workspace), rules=rules, scorecards=scorecards)
    warn = None if no_report else alerts(where)  # a slip in them is told of now, not at the end
    with audited(options.out, "inspect") as act:
        outcome = inspect_run(run, where, replace(options, close=False), console)
        act.made(outcome.run, outcome.lineage)
        code = conclude(outcome, where, console, warn)
        if not no_report:
            act.wrote(outcome.run / REPORT)
        raise Exit(code)  # ctx.exit would close the run before the audit log has its line
