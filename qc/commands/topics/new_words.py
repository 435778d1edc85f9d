"""`qc topics new-words`: words that are in no dictionary."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.options import FOLDER, spec_options, workspace_of
from qc.errors import UsageError


@click.command("new-words", short_help="词典里没有的词：名称、简称、行话")
@click.argument("runs", type=FOLDER, nargs=-1, required=True, metavar="批次目录…")
@click.option("--project", "-p", metavar="项目", help="只看一个业务项目")
@click.option("--min-count", type=click.IntRange(2), default=5, show_default=True, help="至少出现几次")
@click.option("--top", type=click.IntRange(1), default=100, show_default=True, metavar="N", help="列出多少个")
@click.option(
    "--out", "-o", type=click.Path(path_type=Path, dir_okay=False), metavar="文件", help="另写成热词表（YAML）"
)
@spec_options
def command(
    runs: tuple[Path, ...],
    project: str | None,
    min_count: int,
    top: int,
    out: Path | None,
    workspace: Path | None,
    rules: Path | None,
    scorecards: Path | None,
) -> None:
    """在客户说的话里找新词：字与字结合紧（互信息 PMI）、左右搭配自由（边界熵），而 jieba 词典和本工作区的话题、热词、
    规则词表里都没有。PMI 与熵以自然对数计，越大越像词。例句已脱敏，数字都不显示。

    \b
    例：qc topics new-words runs/20261120-213000-1a2b3c
        qc topics new-words runs/* --min-count 20 --out 新词.yml
    """
    from qc.commands.console import table
    from qc.commands.topics.writing import write_new
    from qc.learning.new_words import new_words
    from qc.learning.suggest import quote
    from qc.pipeline.specs import folders
    from qc.pipeline.uncaught import customer_turns
    from qc.pipeline.vocabulary import vocabulary

    where = folders(workspace_of(workspace), rules=rules, scorecards=scorecards)
    texts = customer_turns(runs, project)
    if not texts:
        raise UsageError("这些批次里没有客户说的话", "请检查批次和 --project。")
    words = new_words(texts, known=vocabulary(where), min_count=min_count)[:top]
    if not words:
        click.echo(f"{len(texts)} 句话里没有找到新词。可以给出更多批次，或调小 --min-count。", err=True)
        return
    rows = [["新词", "次数", "PMI", "熵", "例"]]
    rows += [[w.text, str(w.count), f"{w.pmi:.2f}", f"{w.entropy:.2f}", quote(texts[w.example])] for w in words]
    click.echo(table(rows, frozenset((1, 2, 3))))
    click.echo(
        f"{len(words)} 个新词。名称和行话可加进 rules/_speech/words/ 的热词表（转写时不再写错），"
        "说明话题的可加进 rules/_topics/ 的关键词（分词时也不再切开）。",
        err=True,
    )
    if out is not None:
        listed = "".join(f"  - {word.text}\n" for word in words)
        write_new(out, f"title: 新词（看过再用）\nwords:\n{listed}", where.rules)
