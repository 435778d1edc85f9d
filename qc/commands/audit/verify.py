"""`qc audit verify`."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.options import FOLDER
from qc.errors import EXIT_CHECK, EXIT_OK

_SHOWN = 50
_LEAST_DIGITS = 12


@click.command("verify", short_help="日志有没有被改、删、挪、截")
@click.argument("runs", type=FOLDER, metavar="[批次所在目录]", default=Path("runs"))
@click.option("--noted", default="", metavar="SHA256", help="当时另外记下的末行摘要（前 12 位以上），必须还在日志里")
@click.pass_context
def command(ctx: click.Context, runs: Path, noted: str) -> None:
    """沿着摘要一行一行核对；有一行被改过、删掉、挪过位置，或末尾被截去，都会指出是第几行，退出码为 1。

    谁能改写 audit.jsonl 和 audit.head.json 两个文件，就能从某一行起伪造后面的历史；防这个，请把这里打印的末行摘要
    定期记到别处（邮件、工单、另一台机器），以后用 --noted 核对。

    \b
    例：qc audit verify runs --noted 5b3bb17d92ba990e
    """
    from qc.errors import UsageError
    from qc.storage.audit import verify

    if noted and (len(noted) < _LEAST_DIGITS or set(noted.lower()) - set("0123456789abcdef")):
        raise UsageError("--noted 应是末行摘要，至少前 12 位", "就是 qc audit verify 最后打印的那一串。")
    verdict = verify(runs, noted=noted)
    for remark in verdict.remarks[:_SHOWN]:
        click.echo(f"提醒：{remark}")
    for problem in verdict.problems[:_SHOWN]:
        click.echo(f"不符：{problem}")
    if len(verdict.problems) > _SHOWN:
        click.echo(f"另有 {len(verdict.problems) - _SHOWN} 处不符。")
    state = "接得上，没有被改过的迹象" if verdict.sound else "不可信"
    click.echo(f"审计日志 {verdict.lines} 行，{state}。" + (f"末行摘要 {verdict.head}" if verdict.head else ""))
    ctx.exit(EXIT_OK if verdict.sound else EXIT_CHECK)
