"""`qc review import`."""  # noqa: N999 named like the command

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from qc.commands.options import FOLDER
from qc.commands.review.options import card_options
from qc.errors import EXIT_OK, EXIT_PARTIAL, UsageError

if TYPE_CHECKING:
    from qc.pipeline.review import Cards

_SHOWN = 50
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command("import", short_help="把复核文件或复核表收进批次，重算终审分数")
@click.argument("files", nargs=-1, type=_FILE, metavar="[文件]...")
@click.option("--run", required=True, type=FOLDER, metavar="批次目录", help="收进哪个批次")
@click.option("--from", "old", type=FOLDER, metavar="批次目录", help="把这个批次的意见带过来（规则和判定没变的）")
@click.option("--partial", is_flag=True, help="有问题的留下不收，其余照收")
@click.option("--reviewer", default="", metavar="姓名", help="复核表里没有写复核人的行，算谁的")
@card_options
@click.pass_context
def command(
    ctx: click.Context, files: tuple[Path, ...], run: Path, old: Path | None, partial: bool, reviewer: str, cards: Cards
) -> None:
    """把会话页导出的复核文件（.json）或填好的复核表（.xlsx）收进批次，再由终审判定重算分数。

    先全部核对：是不是这个批次的、规则有没有变、机器判定对不对得上。有一处不对就什么都不收，一次说完（--partial：
    只收没有问题的）。同一条意见收两次只算一次；两个人意见不同，都留着，以后说的为准。不给文件就只重算。
    有没收下的意见，或有评分表不能重算，退出码为 3。

    \b
    例：qc review import 王主管.json 复核.xlsx --run runs/20261120-213000-1a2b3c
        qc review import --run runs/新批次 --from runs/老批次
    """
    from qc.commands.auditing import audited
    from qc.commands.review.rescored import lines
    from qc.pipeline.review import carry_reviews, clerk, import_reviews, read_returned, rescore

    if old is not None and (files or partial or reviewer):
        raise UsageError("--from 与文件、--partial、--reviewer 不能一起用", "分两次做。")
    if not files and old is None:
        if partial or reviewer:
            raise UsageError("没有给出复核文件", "例：qc review import 王主管.json --run 批次目录")
        with audited(run.absolute().parent, "review rescore") as act:
            act.runs.append(run.absolute().name)
            rescored = rescore(run, cards)
        click.echo("\n".join(lines(rescored)))
        ctx.exit(EXIT_PARTIAL if rescored.refused else EXIT_OK)
    who = clerk()
    with audited(run.absolute().parent, "review import") as act:
        act.runs += [path.absolute().name for path in (run, old) if path is not None]
        if old is not None:
            done = carry_reviews(old, run, cards, who)
        else:
            act.files += files
            done = import_reviews(run, read_returned(files, who, reviewer), cards, who, partial=partial)
        act.counts |= {"added": done.added, "repeated": done.repeated, "left_out": len(done.left_out)}
        act.outcome = "partial" if done.left_out else "done"
    for complaint in done.left_out[:_SHOWN]:
        click.echo(f"没有收：{complaint}", err=True)
    again = f"，另有 {done.repeated} 条早已收过" if done.repeated else ""
    left = f"，{len(done.left_out)} 处没有收" if done.left_out else ""
    click.echo(f"收下 {done.added} 条意见{again}{left}。")
    for conflict in done.conflicts[:_SHOWN]:
        click.echo(f"意见不同（都留着，以后说的为准）：{conflict}")
    if len(done.conflicts) > _SHOWN:
        click.echo(f"意见不同的还有 {len(done.conflicts) - _SHOWN} 处。")
    click.echo("\n".join(lines(done.rescored)))
    ctx.exit(EXIT_PARTIAL if done.left_out or done.rescored.refused else EXIT_OK)
