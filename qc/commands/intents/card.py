"""`qc intents card`."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.heads import EXISTING, show_card
from qc.domain.head import Task


@click.command("card", short_help="一个模型文件是用什么训练的、有多准")
@click.argument("model", type=EXISTING, metavar="模型文件")
def command(model: Path) -> None:
    """写出模型文件里的说明卡：标注的数量与摘要（没有原文）、设置、交叉验证的分数、学习曲线。"""
    show_card(model, Task.INTENT)
