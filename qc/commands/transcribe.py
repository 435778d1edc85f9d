"""`qc transcribe`: the ASR stage alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
from click.exceptions import Exit

from qc.commands.options import FOLDER, MANIFEST, manifest_of, output_options, retry_option, vault_option, workspace_of
from qc.pipeline.options import Options


@click.command("transcribe", short_help="只转写，存成批次，之后用 inspect 判定")
@click.argument("source", type=FOLDER, metavar="输入目录")
@click.option(
    "--manifest", "-m", type=MANIFEST, metavar="文件", help="随录清单：CSV、XLSX 或 Parquet；也在输入目录里找这个名字"
)
@click.option("--workspace", "-w", type=FOLDER, metavar="目录", help="工作区（默认：当前目录往上找 qc.yaml）")
@vault_option
@retry_option
@output_options
def command(
    source: Path,
    manifest: Path | None,
    workspace: Path | None,
    vault: Path | None,
    retry_failed: bool,
    options: Options,
    quiet: bool,
) -> None:
    """只转写：得到会话与话轮两张表，不做判定。之后用 qc inspect 判定，可反复进行，不再用模型。

    \b
    例：qc transcribe recordings/2026-11-20 --manifest calls.csv
    """
    from qc.commands.auditing import audited
    from qc.commands.console import Console
    from qc.commands.summary import conclude
    from qc.pipeline.run import run_batch
    from qc.pipeline.specs import folders

    console = Console(quiet)
    where = folders(workspace_of(workspace))
    with audited(options.out, "transcribe") as act:
        options = replace(options, vault=vault, retry_failed=retry_failed)
        outcome = run_batch(
            source, manifest_of(manifest, source), where, replace(options, close=False), console, judge=False
        )
        act.made(outcome.run, outcome.lineage)
        code = conclude(outcome, where, console, None)
        raise Exit(code)  # ctx.exit would close the run before the audit log has its line
