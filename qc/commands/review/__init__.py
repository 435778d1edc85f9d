"""`qc review …`: people on what the machine said."""

from __future__ import annotations

import click

from qc.commands.lazy import Lazy

_COMMANDS = {
    "sample": "抽一批会话来复核，说明买到多少把握",
    "import": "把复核文件或复核表收进批次，重算终审分数",
    "accuracy": "机器判得准不准：与人的复核比，人与人比",
    "appeal": "申诉：提出、裁定、列出",
    "to-tests": "改判的判定变成规则仓库里的回归用例",
}


@click.group("review", cls=Lazy, commands_in="qc.commands.review", about=_COMMANDS, short_help="复核：抽样、收回、申诉")
def command() -> None:
    """人对机器判定的意见：抽样、在会话页或表里复核、收回、申诉、变成回归用例。见 docs/review.zh-CN.md。"""
