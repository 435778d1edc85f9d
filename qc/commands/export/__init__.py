"""`qc export …`: results as files for other programs."""

from __future__ import annotations

import click

from qc.commands.lazy import Lazy

_COMMANDS = {
    "xlsx": "一本 Excel 工作簿：与报表同样的数，加上会话、证据、失败的清单",
    "csv": "每张表一个 CSV",
    "parquet": "每张表一个 Parquet，给 BI 与数据仓库",
}


@click.group(
    "export", cls=Lazy, commands_in="qc.commands.export", about=_COMMANDS, short_help="导出 Excel、CSV、Parquet"
)
def command() -> None:
    """把存好的结果导出成别的程序能用的文件；只读批次，不用模型。"""
