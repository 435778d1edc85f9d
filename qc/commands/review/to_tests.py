"""`qc review to-tests`."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.options import FOLDER, spec_options, workspace_of
from qc.errors import UsageError


@click.command("to-tests", short_help="改判的判定变成规则仓库里的回归用例")
@click.argument("run", type=FOLDER, metavar="批次目录")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), metavar="目录", help="默认：工作区的 tests/cases"
)
@spec_options
def command(run: Path, out: Path | None, workspace: Path | None, rules: Path | None, scorecards: Path | None) -> None:
    """复核改判、申诉成立的判定，各写成一个回归用例：证据前后的几轮话（脱敏），和人判的结果。

    qc rules test 和 qc rules ci 会一起跑工作区 tests/cases 里的用例；规则改好之前通不过。已有的用例不动，可以反复运行。
    """
    from qc.pipeline.specs import folders
    from qc.pipeline.to_tests import write_cases
    from qc.review.opinions import WORDS
    from qc.specs.cases import FOLDER as CASES

    home = workspace_of(workspace)
    if out is None and home is None:
        raise UsageError("不在工作区里，不知道写到哪里", "用 --workspace 指定工作区，或用 --out 指定目录。")
    where = folders(home, rules=rules, scorecards=scorecards)
    target = out if out is not None else (home or Path()) / CASES
    done = write_cases(run, target, where)
    for one in done:
        about = one.about
        moved = f"{WORDS[about.machine_verdict]}→{WORDS[about.final_verdict]}"
        told = f"{about.rule_id} 会话 {about.conversation_id}（{moved}）"
        if one.path is None:
            click.echo(f"没有写 {told}：{one.why}", err=True)
        elif one.new:
            click.echo(f"{one.path}：{told}" + ("" if one.fails else "（现在的规则已经判对）"))
    new, there = sum(one.new for one in done), sum(one.path is not None and not one.new for one in done)
    click.echo(f"改判 {len(done)} 条：写了 {new} 个用例，已有 {there} 个，没有写 {len(done) - new - there} 个。")
    if new:
        click.echo("下一步：改规则，直到 qc rules test 通过。", err=True)
