"""`qc audit …`: who did what to the runs of a folder."""

from __future__ import annotations

import click

from qc.commands.lazy import Lazy

_COMMANDS = {
    "show": "谁在什么时候对哪些批次做了什么",
    "verify": "日志有没有被改、删、挪、截",
}


@click.group(
    "audit", cls=Lazy, commands_in="qc.commands.audit", about=_COMMANDS, short_help="审计日志：查看，核对有没有被改过"
)
def command() -> None:
    """批次目录里的 audit.jsonl：每次运行、判定、出报表、导出、查询、复核、清理、查看原文各一行，只增不改，
    每行记着上一行的 SHA-256。"""
