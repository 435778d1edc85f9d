"""`qc asr …`: how well speech is recognised."""

from __future__ import annotations

import click

from qc.commands.lazy import Lazy

_COMMANDS = {
    "eval": "转写准不准：与参考文本比，比较引擎、模型和批次",
}


@click.group("asr", cls=Lazy, commands_in="qc.commands.asr", about=_COMMANDS, short_help="转写：评测准确率")
def command() -> None:
    """转写的质量。"""
