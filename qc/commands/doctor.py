"""`qc doctor`: is this machine, its models and this workspace ready, and if not, what to do."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.options import FOLDER, runs_option
from qc.errors import EXIT_CHECK, EXIT_OK

_NEXT = "下一步：qc run 输入目录 --manifest 清单.csv；一晚要多少机器：qc plan --help。"


@click.command("doctor", short_help="检查本机、模型与工作区，告诉你该做什么")
@click.option("--workspace", "-w", type=FOLDER, metavar="目录", help="工作区（默认：当前目录往上找 qc.yaml）")
@runs_option("批次写到哪里")
@click.option("--quick", is_flag=True, help="不测转写速度（测速约十几秒）")
@click.pass_context
def command(ctx: click.Context, workspace: Path | None, out: Path, quick: bool) -> None:
    """检查本机、转写模型与工作区。每行一项；有问题的附上该怎么做。有错误时退出码为 1。

    转写速度用自带的几秒录音实测，每种引擎和精度一行；测得的记在缓存目录的 asr-choice.json 里，
    qc.yaml 里的 asr.engine 和 asr.precision 写 auto 时用最快的
    （差不多快时用 openai-whisper）。换了机器、软件包或模型要重新测。
    """
    from qc.commands.checkup import Level, checkup
    from qc.commands.options import workspace_of

    marks = {Level.GOOD: ("✓", "green"), Level.WARNING: ("!", "yellow"), Level.BAD: ("✗", "red")}
    worst = Level.GOOD
    for result in checkup(workspace_of(workspace), out, measure=not quick):
        mark, colour = marks[result.level]
        click.echo(f"{click.style(mark, fg=colour)} {result.subject}：{result.message}")
        if result.hint:
            click.echo(f"    提示：{result.hint}")
        worst = max(worst, result.level)
    click.echo(
        {
            Level.GOOD: f"一切就绪。{_NEXT}",
            Level.WARNING: f"可以使用，有几处提醒。{_NEXT}",
            Level.BAD: "有问题，请按提示处理。",
        }[worst]
    )
    ctx.exit(EXIT_CHECK if worst is Level.BAD else EXIT_OK)
