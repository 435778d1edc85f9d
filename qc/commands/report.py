"""`qc report`: the HTML reports of a stored run."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("report", short_help="由已存的批次重新生成报表")
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="批次目录")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="写到哪里（默认 批次目录/report）")
@click.option("--workspace", "-w", type=click.Path(path_type=Path, exists=True, file_okay=False), help="工作区")
def command(run: Path, out: Path | None, workspace: Path | None) -> None:
    """由已存的批次重新生成报表；只读 Parquet，不用模型，也不看录音。"""
    from qc.paths import find_workspace
    from qc.pipeline.report import write_report
    from qc.pipeline.specs import configuration, folders

    where = folders(workspace or find_workspace(Path.cwd()))
    page = write_report(run, out=out, templates=where.reports, hot_word_runs=configuration(where).run.hot_word_runs)
    click.echo(page)
