"""`qc review appeal open`."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.options import FOLDER


@click.command("open", short_help="坐席对一条判定提出申诉")
@click.argument("run", type=FOLDER, metavar="批次目录")
@click.argument("conversation", metavar="会话编号")
@click.argument("rule", metavar="规则编号")
@click.option("--agent", required=True, metavar="工号", help="谁申诉：工号或姓名")
@click.option("--reason", required=True, metavar="理由", help="为什么判得不对")
def command(run: Path, conversation: str, rule: str, agent: str, reason: str) -> None:
    """坐席对一条判定提出申诉；打印申诉编号。

    \b
    例：qc review appeal open runs/批次 A002 service.greeting --agent 1029 --reason "第 2 轮问候过，被静音盖住"
    """
    from qc.commands.auditing import audited
    from qc.pipeline.appeals import open_appeal
    from qc.pipeline.review import clerk

    with audited(run.absolute().parent, "review appeal open") as act:
        act.runs.append(run.absolute().name)
        act.note = open_appeal(run, conversation, rule, agent=agent, reason=reason, who=clerk()).appeal_id
    click.echo(act.note)
