"""`qc run`: the main job."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
from click.exceptions import Exit

from qc.commands.options import (
    FOLDER,
    MANIFEST,
    manifest_of,
    output_options,
    retry_option,
    spec_options,
    vault_option,
    workspace_of,
)
from qc.pipeline.options import Options


@click.command("run", short_help="整批质检：转写、判定、评分、出报表")
@click.argument("source", type=FOLDER, metavar="输入目录")
@click.option(
    "--manifest", "-m", type=MANIFEST, metavar="文件", help="随录清单：CSV、XLSX 或 Parquet；也在输入目录里找这个名字"
)
@click.option("--no-report", is_flag=True, help="不生成 HTML 报表")
@spec_options
@vault_option
@retry_option
@output_options
def command(
    source: Path,
    manifest: Path | None,
    no_report: bool,
    workspace: Path | None,
    rules: Path | None,
    scorecards: Path | None,
    vault: Path | None,
    retry_failed: bool,
    options: Options,
    quiet: bool,
) -> None:
    """整批质检：一个目录里的录音、在线会话、机器人会话、工单和转写结果。

    \b
    例：qc run recordings/2026-11-20 --manifest calls.csv --out runs/
    """
    from qc.commands.auditing import audited
    from qc.commands.console import Console
    from qc.commands.summary import conclude
    from qc.pipeline.report import REPORT
    from qc.pipeline.run import run_batch
    from qc.pipeline.specs import alerts, folders

    console = Console(quiet)
    where = folders(workspace_of(workspace), rules=rules, scorecards=scorecards)
    warn = None if no_report else alerts(where)  # a slip in them is told of now, not after a night
    with audited(options.out, "run") as act:
        options = replace(options, close=False, vault=vault, retry_failed=retry_failed)
        outcome = run_batch(source, manifest_of(manifest, source), where, options, console)
        act.made(outcome.run, outcome.lineage)
        code = conclude(outcome, where, console, warn)
        if not no_report:
            act.wrote(outcome.run / REPORT)
        raise Exit(code)  # ctx.exit would close the run before the audit log has its line
