"""`qc review appeal …`."""

from __future__ import annotations

import click

from qc.commands.lazy import Lazy

_COMMANDS = {
    "open": "坐席对一条判定提出申诉",
    "decide": "裁定一个申诉；成立就改判，重算分数",
    "list": "列出申诉和经过",
}


@click.group(
    "appeal", cls=Lazy, commands_in="qc.commands.review.appeal", about=_COMMANDS, short_help="申诉：提出、裁定、列出"
)
def command() -> None:
    """坐席对机器或复核人的判定提出申诉。每一步都记下，不能改；成立的申诉高于其他意见。"""
