"""`qc show`: one conversation and its evidence in the terminal."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from qc.commands.options import FOLDER, runs_option


@click.command("show", short_help="在终端里看一个会话和它的证据")
@click.argument("conversation", metavar="会话编号")
@click.option("--run", type=FOLDER, metavar="批次目录", help="哪个批次（默认：--out 下最新的）")
@runs_option("批次所在目录")
def command(conversation: str, run: Path | None, out: Path) -> None:
    """在终端里看一个会话：评分、判定，以及标出证据的对话。编号可以只写开头。"""
    from qc.commands.exporting import say_left_out
    from qc.commands.transcript import render, select
    from qc.errors import UsageError
    from qc.storage.read import list_runs, open_run

    if run is not None:
        stored = open_run(run)
    else:
        say_left_out(out)
        runs = list_runs(out)
        if not runs:
            raise UsageError(f"{out} 下没有完成的批次", "先运行 qc run，或用 --run 指定批次目录。")
        stored = runs[-1]
    click.echo(render(select(stored, conversation), terminal=sys.stdout.isatty()))
