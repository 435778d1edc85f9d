"""`qc report`: the HTML reports of a stored run."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.options import FOLDER, workspace_of


@click.command("report", short_help="由已存的批次重新生成报表")
@click.argument("run", type=FOLDER, metavar="批次目录")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="目录",
    help="写到哪里（默认：批次目录/report，单个会话为批次目录/pages）",
)
@click.option("--conversation", "-c", metavar="会话编号", help="只写这一个会话的页面")
@click.option("--workspace", "-w", type=FOLDER, metavar="目录", help="工作区")
def command(run: Path, out: Path | None, conversation: str | None, workspace: Path | None) -> None:
    """由已存的批次重新生成报表；只读 Parquet，不用模型，也不看录音。"""
    from qc.pipeline.report import write_conversation, write_report
    from qc.pipeline.specs import alerts, configuration, folders

    where = folders(workspace_of(workspace))
    if conversation is not None:
        click.echo(write_conversation(run, conversation, out=out, templates=where.reports))
        return
    runs = configuration(where).run.hot_word_runs
    page = write_report(run, out=out, templates=where.reports, hot_word_runs=runs, alerts=alerts(where))
    click.echo(page)
