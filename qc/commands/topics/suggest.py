"""`qc topics suggest`: groups of conversations without a topic, as YAML to paste."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.options import FOLDER, spec_options, workspace_of
from qc.errors import UsageError


@click.command("suggest", short_help="没有话题接住的会话在说什么：聚成几类，给出可粘贴的话题")
@click.argument("runs", type=FOLDER, nargs=-1, required=True, metavar="批次目录…")
@click.option("--project", "-p", metavar="项目", help="只看一个业务项目")
@click.option("--clusters", "-k", type=click.IntRange(2, 500), metavar="N", help="聚成几类（默认：会话数的平方根）")
@click.option("--min-size", type=click.IntRange(2), default=5, show_default=True, help="一类至少几个会话")
@click.option("--out", "-o", type=click.Path(path_type=Path, dir_okay=False), metavar="文件", help="写成新文件")
@spec_options
def command(
    runs: tuple[Path, ...],
    project: str | None,
    clusters: int | None,
    min_size: int,
    out: Path | None,
    workspace: Path | None,
    rules: Path | None,
    scorecards: Path | None,
) -> None:
    """把没有识别出话题的会话按客户说的话聚类，给出每类的标签、会话数、原话和能区分它的关键词。

    输出是 YAML，看过、改名之后粘贴到 rules/_topics 的文件里；不会改动已有的规则。原话已脱敏，数字都不显示。
    相同的批次得到相同的结果。需要 scikit-learn：pip install 'qc[learn]'。

    \b
    例：qc topics suggest runs/20261120-213000-1a2b3c
        qc topics suggest runs/* --project 电商 --out 建议.yml
    """
    from qc.commands.topics.writing import write_new
    from qc.learning.proposal import proposal, usable
    from qc.learning.suggest import suggest, telling
    from qc.pipeline.specs import folders, taxonomies
    from qc.pipeline.uncaught import uncaught
    from qc.text.topics import domain_words
    from qc.text.words import segmenter

    where = folders(workspace_of(workspace), rules=rules, scorecards=scorecards)
    known = taxonomies(where)
    words = domain_words(known)
    cutter = segmenter(words)
    found = uncaught(runs, lambda text: telling(text, cutter), project)
    if not found.conversations:
        raise UsageError("这些批次里没有会话" + (f"属于项目“{project}”" if project else ""), "请检查批次和 --project。")
    if not found.unknown:
        click.echo(f"{found.conversations} 个会话都有话题，没有要补的。", err=True)
        return
    grouped = sum(map(len, found.statements.values()))
    click.echo(
        f"{found.conversations} 个会话，{found.unknown} 个没有话题（{found.unknown / found.conversations:.1%}），"
        f"其中 {grouped} 个客户说了有内容的话。",
        err=True,
    )
    if out is not None and len(found.statements) > 1:
        raise UsageError(
            f"有 {len(found.statements)} 个业务项目：{'、'.join(found.statements)}", "请用 --project 指定一个。"
        )
    texts = []
    for name, statements in found.statements.items():
        try:
            caught = found.caught.get(name, ())
            groups = suggest(statements, caught, known=words, clusters=clusters, min_size=min_size)
        except UsageError as error:
            if len(found.statements) == 1:
                raise
            click.echo(f"项目“{name}”：{error.message}", err=True)
            continue
        click.echo(f"项目“{name}”：{len(groups.groups)} 类，{groups.scattered} 个会话零散。", err=True)
        if usable(groups):
            taxonomy = next((t for t in known if name in t.projects), None)
            texts.append(proposal(groups, name, taxonomy))
    if not texts:
        click.echo("没有找到成类的说法。可以给出更多批次，或调小 --min-size。", err=True)
    elif out is None:
        click.echo("\n".join(texts), nl=False)
    else:
        write_new(out, texts[0], where.rules)
