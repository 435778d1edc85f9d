"""`qc intents …`: a model of the centre's own labels."""

from __future__ import annotations

import click

from qc.commands.lazy import Lazy

_COMMANDS = {
    "train": "用标注好的句子训练意图模型",
    "eval": "模型准不准：与标注比",
    "card": "一个模型文件是用什么训练的、有多准",
}


@click.group(
    "intents", cls=Lazy, commands_in="qc.commands.intents", about=_COMMANDS, short_help="意图模型：训练、评测、查看"
)
def command() -> None:
    """用本单位标注的句子训练意图模型，评测它，看它的说明卡。"""
