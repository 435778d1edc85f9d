"""`qc review appeal list`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from qc.commands.options import FOLDER


@click.command("list", short_help="列出申诉和经过")
@click.argument("run", type=FOLDER, metavar="批次目录")
@click.option("--open", "waiting", is_flag=True, help="只列待裁定的")
def command(run: Path, waiting: bool) -> None:
    """列出申诉：待裁定的在前，等得久的在前；每一步是谁、什么时候、说了什么。"""
    from qc.pipeline.appeals import stored_appeals
    from qc.pipeline.review import clerk
    from qc.review.appeals import STATUS
    from qc.review.opinions import WORDS

    now = clerk().at
    every = stored_appeals(run)
    shown = [a for a in every if a.open or not waiting]
    for appeal in sorted(shown, key=lambda a: (not a.open, a.first.at, a.id)):
        first, took = appeal.first, _long(appeal.lasted(now))
        spent = f"已等 {took}" if appeal.open else f"用时 {took}"
        click.echo(
            f"{appeal.id} {STATUS[appeal.last.status]}（{spent}） 会话 {first.conversation_id} 规则 {first.rule_id}"
        )
        for step in appeal.steps:
            verdict = "" if step.human_verdict is None else f"，改判为{WORDS[step.human_verdict]}"
            what = "提出" if step.step == 1 else STATUS[step.status]
            said = step.text.replace("\n", " ")
            click.echo(f"    {step.at:%Y-%m-%d %H:%M} {step.actor} {what}{verdict}：{said}")
    click.echo(f"共 {len(every)} 个申诉，待裁定 {sum(a.open for a in every)} 个。")


def _long(span: timedelta) -> str:
    hours = int(span.total_seconds() // 3600)
    return f"{hours // 24} 天 {hours % 24} 小时" if hours >= 24 else f"{hours} 小时"
