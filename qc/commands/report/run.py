"""`qc report RUN`."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.options import FOLDER
from qc.commands.report.settings import report_options, settings_of


@click.command("run", short_help="一个批次的全部报表")
@click.argument("run", type=FOLDER, metavar="批次目录")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="目录",
    help="写到哪里（默认：批次目录/report）",
)
@report_options
def command(run: Path, out: Path | None, lang: str | None, audio: str | None, workspace: Path | None) -> None:
    """由已存的批次重新生成全部报表。

    录音不转写也不判定，只在会话页上放：link 指向原文件，copy 把有页面的会话的录音复制进报表（带走也能听），none 不放。
    """
    from qc.commands.auditing import audited
    from qc.commands.exporting import remind, say_left_out
    from qc.pipeline.report import write_report
    from qc.pipeline.specs import alerts
    from qc.review.ledger import behind
    from qc.review.told import behind_told
    from qc.storage.read import open_run

    if behind(open_run(run)):
        click.echo(behind_told(), err=True)
    say_left_out(run.absolute().parent)
    where, config = settings_of(workspace, lang, audio)
    with audited(run.absolute().parent, "report") as act:
        act.runs.append(run.absolute().name)
        page = write_report(run, out=out, templates=where.reports, config=config, alerts=alerts(where), told=remind)
        act.wrote(page.parent)
    click.echo(page)
