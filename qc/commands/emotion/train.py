"""`qc emotion train`."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.heads import EXISTING, FILE, train_head
from qc.commands.options import FOLDER, workspace_of
from qc.domain.head import Task


@click.command("train", short_help="用标注好的句子训练情绪模型")
@click.argument("labels", type=EXISTING, metavar="标注文件")
@click.option("--out", "-o", type=FILE, required=True, metavar="文件", help="模型写到哪里，如 models/emotion.qc")
@click.option("--date", metavar="日期", help="写进说明卡的日期，如 2026-11-22（不写则没有，同样的标注得到同样的文件）")
@click.option("--note", default="", metavar="文字", help="写进说明卡的一句话")
@click.option("--keep-doubtful", is_flag=True, help="不剔除与其余标注明显不合的句子")
@click.option("--quiet", "-q", is_flag=True, help="不显示进度")
@click.option("--workspace", "-w", type=FOLDER, metavar="目录", help="工作区（默认：当前目录往上找 qc.yaml）")
def command(
    labels: Path,
    out: Path,
    date: str | None,
    note: str,
    keep_doubtful: bool,
    quiet: bool,
    workspace: Path | None,
) -> None:
    """标注文件是 CSV、TSV、XLSX 或 JSONL，有 text、label（或 文本、标签）两列；UTF-8、GBK 都可以。

    标签写负面、中性、正面（或 negative、neutral、positive，或情绪成分）。
    训练需要 scikit-learn（pip install 'qc[learn]'），使用模型不需要。

    \b
    例：qc emotion train 标注.xlsx -o models/emotion.qc --date 2026-11-22
    """
    train_head(
        labels,
        Task.EMOTION,
        out=out,
        date=date,
        note=note,
        keep_doubtful=keep_doubtful,
        quiet=quiet,
        workspace=workspace_of(workspace),
    )
