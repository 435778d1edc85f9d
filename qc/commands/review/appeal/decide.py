"""`qc review appeal decide`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from qc.commands.options import FOLDER
from qc.commands.review.options import card_options
from qc.errors import EXIT_OK, EXIT_PARTIAL, UsageError
from qc.review.appeals import REJECTED, STATUS, UPHELD, WITHDRAWN
from qc.review.opinions import VERDICTS, WORDS

if TYPE_CHECKING:
    from qc.pipeline.review import Cards


@click.command("decide", short_help="裁定一个申诉；成立就改判，重算分数")
@click.argument("run", type=FOLDER, metavar="批次目录")
@click.argument("appeal", metavar="申诉编号")
@click.option("--uphold", "status", flag_value=UPHELD, help="成立")
@click.option("--reject", "status", flag_value=REJECTED, help="不成立")
@click.option("--withdraw", "status", flag_value=WITHDRAWN, help="坐席撤回")
@click.option("--by", required=True, metavar="姓名", help="谁裁定（撤回：谁撤回）")
@click.option("--text", required=True, metavar="答复", help="给坐席的答复")
@click.option("--verdict", type=click.Choice(VERDICTS), help="成立时改判成什么（默认：命中与未命中对调）")
@card_options
@click.pass_context
def command(
    ctx: click.Context,
    run: Path,
    appeal: str,
    status: str | None,
    by: str,
    text: str,
    verdict: str | None,
    cards: Cards,
) -> None:
    """裁定一个申诉。成立的申诉高于其他复核意见：判定改过来，分数重算。

    \b
    例：qc review appeal decide runs/批次 S0001 --uphold --by 王主管 --text "复听属实"
    """
    from qc.commands.auditing import audited
    from qc.commands.review.rescored import lines
    from qc.pipeline.appeals import decide_appeal
    from qc.pipeline.review import clerk

    if status is None:
        raise UsageError("没有说怎样裁定", "写明 --uphold（成立）、--reject（不成立）或 --withdraw（撤回）。")
    with audited(run.absolute().parent, "review appeal decide") as act:
        act.runs.append(run.absolute().name)
        act.note = f"{appeal} {STATUS[status]}" + (f"，改判为{WORDS[verdict]}" if verdict else "")
        step, rescored = decide_appeal(run, appeal, status, verdict, by=by, text=text, cards=cards, who=clerk())
    changed = "" if step.human_verdict is None else f"，改判为{WORDS[step.human_verdict]}"
    click.echo(f"申诉 {step.appeal_id} {STATUS[step.status]}{changed}。")
    if rescored is None:
        ctx.exit(EXIT_OK)
    click.echo("\n".join(lines(rescored)))
    click.echo("下一步：qc review to-tests 把它变成规则的回归用例。", err=True)
    ctx.exit(EXIT_PARTIAL if rescored.refused else EXIT_OK)
