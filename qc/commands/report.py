"""`qc report`: the HTML reports of a stored run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from qc.commands.options import FOLDER, workspace_of
from qc.domain.config import AUDIO_KEPT, LANGUAGES


@click.command("report", short_help="由已存的批次重新生成报表")
@click.argument("run", type=FOLDER, metavar="批次目录")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="目录",
    help="写到哪里（默认：批次目录/report，单个会话为批次目录/pages）",
)
@click.option("--conversation", "-c", metavar="会话编号", help="只写这一个会话的页面")
@click.option("--lang", type=click.Choice(LANGUAGES), help="报表的语言（默认：qc.yaml 的 report.language，中文）")
@click.option(
    "--audio", type=click.Choice(AUDIO_KEPT), help="会话页怎样放录音：link 指向原文件、copy 复制进报表、none 不放"
)
@click.option("--workspace", "-w", type=FOLDER, metavar="目录", help="工作区")
def command(
    run: Path, out: Path | None, conversation: str | None, lang: str | None, audio: str | None, workspace: Path | None
) -> None:
    """由已存的批次重新生成报表；只读 Parquet，不用模型，也不看录音。"""
    from qc.pipeline.report import write_conversation, write_report
    from qc.pipeline.specs import alerts, configuration, folders

    where = folders(workspace_of(workspace))
    config = configuration(where)
    report = replace(config.report, language=lang or config.report.language, audio=audio or config.report.audio)
    config = replace(config, report=report)
    if conversation is not None:
        click.echo(write_conversation(run, conversation, out=out, templates=where.reports, config=config))
    else:
        click.echo(write_report(run, out=out, templates=where.reports, config=config, alerts=alerts(where)))
