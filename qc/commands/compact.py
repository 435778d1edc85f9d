"""`qc compact`: many runs as one data set."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.options import FOLDER
from qc.domain.printable import printable
from qc.errors import EXIT_OK, EXIT_PARTIAL


@click.command("compact", short_help="许多批次合成一个按日期、项目分区的数据集")
@click.argument("runs", type=FOLDER, metavar="批次所在目录")
@click.option("--to", "where", required=True, metavar="数据集", help="目录，或 file://、s3:// 地址")
@click.option("--keep-personal-data", is_flag=True, help="批次没有脱敏，仍要写进数据集（会含个人信息，慎用）")
@click.pass_context
def command(ctx: click.Context, runs: Path, where: str, keep_personal_data: bool) -> None:
    """把一个目录下所有完成的批次写进一个数据集：每张表一个目录，按 date=…/project=… 分区。

    DuckDB、Spark、Pandas 直接读。

    同一晚（输入相同）重跑过，只算最后判定的那一次；再运行一次只处理新的、重跑的和复核过的批次。
    中途被打断，再运行一次即可。坏了的、正在改动的批次没有放进去，会逐个说明，其余照常，退出码为 3。

    \b
    例：qc compact runs --to lake
        qc compact runs --to "s3://桶/质检?region=cn-north-1"
        qc query "select date, count(*) n from conversations group by all" --lake lake
    """
    from qc.archive.compact import compact
    from qc.archive.lake import Lake
    from qc.commands.auditing import audited
    from qc.commands.exporting import finished, refuse_personal_data

    stored = [run for run in finished((), runs) if run.lineage.rules_digest]
    refuse_personal_data(stored, keep_personal_data)
    with audited(runs, "compact") as act:
        lake = Lake(where)
        done = compact(stored, lake)
        act.runs += done.runs
        act.counts |= {"files": done.files, "rows": done.rows}
        act.note = lake.where
        act.outcome = "partial" if done.refused else act.outcome
    for error in done.refused:
        click.echo(printable(f"没有放进去：{error.message}（{error.hint}）"), err=True)
    newer = f"，{done.newer} 晚数据集里已有更晚判定的" if done.newer else ""
    click.echo(f"新增 {done.added} 晚，更新 {done.replaced} 晚，没有变化 {done.same} 晚{newer}", err=True)
    if done.again:
        click.echo(f"{done.again:,} 个会话也在更晚的批次里，只留最后判定的", err=True)
    click.echo(f"写了 {done.files:,} 个文件、{done.rows:,} 行", err=True)
    click.echo(lake.where)
    ctx.exit(EXIT_PARTIAL if done.refused else EXIT_OK)
