"""`qc emotion eval`."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.heads import EXISTING, eval_head
from qc.commands.options import FOLDER, workspace_of
from qc.domain.head import Task


@click.command("eval", short_help="模型准不准：与标注比")
@click.argument("labels", type=EXISTING, metavar="标注文件")
@click.option(
    "--model", "-m", type=EXISTING, metavar="文件", help="评这个模型（默认：qc.yaml 的 emotion.model；没有则只评词表）"
)
@click.option("--workspace", "-w", type=FOLDER, metavar="目录", help="工作区（默认：当前目录往上找 qc.yaml）")
def command(labels: Path, model: Path | None, workspace: Path | None) -> None:
    """用没有参加训练的标注评情绪模型：每类的精确率、召回率、F1，混淆矩阵，概率的校准误差。

    \b
    例：qc emotion eval 另一批标注.csv --model models/emotion.qc
    """
    eval_head(labels, Task.EMOTION, model=model, workspace=workspace_of(workspace))
