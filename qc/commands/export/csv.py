"""`qc export csv`."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.options import FOLDER
from qc.sheets.csvfile import ENCODINGS


@click.command("csv", short_help="每张表一个 CSV")
@click.argument("runs", type=FOLDER, nargs=-1, required=True, metavar="批次目录...")
@click.option(
    "--out", "-o", type=click.Path(path_type=Path, file_okay=False), required=True, metavar="目录", help="写到哪里"
)
@click.option("--tables", default="", metavar="表,表", help="只要这些表（默认：全部）")
@click.option(
    "--encoding",
    type=click.Choice(ENCODINGS),
    default="utf-8",
    show_default=True,
    help="编码；旧版 Excel、金蝶等用 gb18030",
)
@click.option("--keep-personal-data", is_flag=True, help="批次没有脱敏，仍要导出（文件会含个人信息，慎用）")
def command(runs: tuple[Path, ...], out: Path, tables: str, encoding: str, keep_personal_data: bool) -> None:
    """每张表一个 CSV，几个批次合在一起，每行前面是 run_id、run_name；runs.csv 是各批次，columns.csv 是每一列的含义。

    列表用 ; 连成一格，更复杂的写成 JSON。以 = + - @ 开头的文字前面加 '，免得 Excel 当成公式。
    """
    from qc.commands.auditing import audited, roots_of
    from qc.commands.exporting import finished, refuse_personal_data
    from qc.export.tables import export_tables

    stored = finished(runs)
    refuse_personal_data(stored, keep_personal_data)
    names = [name.strip() for name in tables.split(",") if name.strip()]
    with audited(roots_of(stored), "export csv") as act:
        act.runs = [run.lineage.run_id for run in stored]
        act.files += export_tables(stored, out, "csv", tables=names, encoding=encoding)
    for path in act.files:
        click.echo(path)
