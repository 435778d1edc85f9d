"""`qc leak-check`: does anything that was written still hold personal data?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from qc.errors import EXIT_CHECK, EXIT_OK

if TYPE_CHECKING:
    from qc.privacy.leaks import Leak


@click.command("leak-check", short_help="查一遍写出的文件里还有没有个人信息")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True), metavar="路径…")
@click.option(
    "--known",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="文件",
    help="不许出现的值（如客户手机号），每行一个；怎么写都查：加空格、全角、中文数字、分几轮报",
)
@click.option("--column", metavar="列名", help="--known 是表格（如清单：CSV、XLSX、Parquet）时，取哪一列")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, metavar="N", help="最多列出几处")
@click.pass_context
def command(ctx: click.Context, paths: tuple[Path, ...], known: Path | None, column: str | None, limit: int) -> None:
    """查批次、导出或任何目录、文件、压缩包：表里的每一列文字、报表、Excel、CSV、JSON、日志、文件名、元数据。

    用的是与脱敏无关的另一套办法：手机号、固定电话、校验位正确的身份证和银行卡、邮箱、一连串念出的数字。
    查到就列出文件、列与行、类型，原值不显示；退出码为 1。不是文本的文件（录音、图片）查不了，会说有几个。

    \b
    例：qc leak-check runs/20261120-213000-1a2b3c
        qc leak-check runs/20261120-213000-1a2b3c --known calls.csv --column 客户号码
    """
    from qc.ingest.names import shown
    from qc.privacy.contents import Skipped
    from qc.privacy.leaks import TYPES, leaks, read_known

    values = None if known is None else read_known(known, column)
    found, skipped = 0, []
    for one in leaks(paths, values):
        if isinstance(one, Skipped):
            skipped.append(one)
            continue
        found += 1
        if found <= limit:
            click.echo(shown(f"{one.file}: {_place(one)}: {TYPES[one.type]} {one.excerpt}"))
    if found > limit:
        click.echo(f"……还有 {found - limit} 处（用 --limit 多列）")
    for item in skipped[:limit]:
        click.echo(shown(f"没有查：{item.file}：{item.reason}"), err=True)
    click.echo(
        f"查到 {found} 处个人信息。"
        if found
        else "没有查到个人信息。" + (f"（{len(skipped)} 个文件没有查）" if skipped else ""),
        err=True,
    )
    if found:
        click.echo(
            "提示：先不要外传、入库。批次没有脱敏的（run.json 的 personal_data 不是 masked），"
            "去掉 --keep-personal-data 重新 qc run；脱敏了还有的，把这几处怎么写的（换成假号码）报告给维护者。",
            err=True,
        )
    ctx.exit(EXIT_CHECK if found else EXIT_OK)


def _place(found: Leak) -> str:
    if found.where.endswith(("名", "元数据")):
        return found.where
    return f"第 {found.number} 行" if found.where == "行" else f"{found.where}第 {found.number} 行"
