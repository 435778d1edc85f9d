"""`qc rules baseline`."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.gate_output import gate_options
from qc.commands.options import FOLDER, spec_options, workspace_of
from qc.errors import EXIT_CHECK, EXIT_OK


@click.command("baseline", short_help="在干净的会话上跑所有规则，命中了就是误报")
@click.argument("corpus", type=FOLDER, required=False, metavar="[目录]")
@click.option(
    "--run", "runs", type=FOLDER, multiple=True, metavar="批次目录", help="改用已存的批次作干净语料，可写几次"
)
@click.option(
    "--accepted",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="文件",
    help="已接受的命中（默认：规则目录/_baseline/accepted.yml）",
)
@click.option("--accept", is_flag=True, help="把新命中都写进接受文件；要写 --reason")
@click.option("--reason", default="", metavar="理由", help="为什么这些命中可以留着")
@click.option("--by", default="", metavar="姓名", help="谁看过（默认：git 的 user.name）")
@click.option("--all-kinds", is_flag=True, help="亮点规则也查（默认只查违规和信号）")
@gate_options
@spec_options
@click.pass_context
def command(
    ctx: click.Context,
    corpus: Path | None,
    runs: tuple[Path, ...],
    accepted: Path | None,
    accept: bool,
    reason: str,
    by: str,
    all_kinds: bool,
    junit: Path | None,
    format_: str | None,
    workspace: Path | None,
    rules: Path | None,
    scorecards: Path | None,
) -> None:
    """在一批没有问题的会话上跑所有规则：新命中要么改规则，要么写明理由接受；有新命中时退出码为 1。

    \b
    目录可放 qc 能读的任何文字会话；不写就用规则目录的 _baseline/dialogues，没有则用内置的一份。
    例：qc rules baseline
        qc rules baseline --accept --reason 客户在转述新闻
        qc rules baseline --run runs/20261120-213000-1a2b3c
    """
    from datetime import date

    from qc.commands.gate_output import git, tell
    from qc.domain.rule import RuleKind
    from qc.errors import UsageError
    from qc.pipeline.baseline import KINDS, accepted_of, baseline, corpus_of
    from qc.pipeline.specs import configuration, folders, load
    from qc.ruletest.baseline import entries, gate, lines
    from qc.specs.accepted import append_accepted
    from qc.storage.read import open_run

    if corpus is not None and runs:
        raise UsageError("目录和 --run 只能写一个", "去掉其中一个。")
    if accept and len(reason.strip()) < 2:
        raise UsageError("--accept 要有 --reason", "写明为什么这些命中可以留着，例如 --reason 客户在转述新闻。")
    if accept and (kept := [path.name for path in runs if open_run(path).lineage.personal_data != "masked"]):
        raise UsageError(f"批次 {'、'.join(kept)} 没有脱敏，--accept 会把客户的原话写进规则目录", "用脱敏的批次。")
    where = folders(workspace_of(workspace), rules=rules, scorecards=scorecards)
    file = accepted or accepted_of(where.rules)
    found = baseline(
        load(where),
        configuration(where),
        corpus=None if runs else corpus or corpus_of(where.rules),
        runs=runs,
        accepted=file,
        kinds=frozenset(RuleKind) if all_kinds else KINDS,
    )
    tell([gate(found)], lines(found), format_, junit)
    if accept and found.new:
        who = by.strip() or git(Path.cwd(), "config", "user.name")
        if not who:
            raise UsageError("不知道是谁接受的", "写上 --by 姓名，或设置 git 的 user.name。")
        new = entries(found, reason=reason.strip(), by=who, date=date.today().isoformat())
        append_accepted(file, new)
        click.echo(f"已接受 {len(new)} 处，写入 {file}。", err=True)
    ctx.exit(EXIT_OK if found.passed or accept else EXIT_CHECK)
