"""`qc review sample`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qc.commands.options import FOLDER
from qc.errors import UsageError

if TYPE_CHECKING:
    from qc.review.sampling import Drawn, Sample

_DEFAULT = 200
_USUAL, _WORST = 0.9, 0.5
_NAME = 20
"""Shares for which the half width is told: a machine that is right nine times in ten, and the worst there is."""


@click.command("sample", short_help="抽一批会话来复核，说明买到多少把握")
@click.argument("run", type=FOLDER, metavar="批次目录")
@click.option("--n", "size", type=click.IntRange(1, 1_000_000), metavar="个数", help=f"一共抽几个（默认 {_DEFAULT}）")
@click.option("--per-agent", type=click.IntRange(1, 10_000), metavar="个数", help="每名坐席抽几个")
@click.option("--seed", type=int, default=1, show_default=True, metavar="整数", help="随机种子")
@click.option(
    "--risk",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    metavar="0–1",
    help="按风险抽的比例，其余纯随机",
)
@click.option("--out", "-o", type=click.Path(path_type=Path, dir_okay=False), metavar="复核.xlsx", help="写一份复核表")
@click.option("--dry-run", is_flag=True, help="只看能抽成什么样，不记下，也不写表")
def command(
    run: Path, size: int | None, per_agent: int | None, seed: int, risk: float, out: Path | None, dry_run: bool
) -> None:
    """抽一批会话来复核：按坐席和业务项目分层，一部分按风险抽，一部分纯随机（没有发现问题的也在内，漏判才看得见）。

    每个会话的入样概率都准确算出、一起存下，估计准确率时按它加权。抽过、复核过的不再抽，旁边批次里的也算。
    同一批次、同样的要求和种子，抽到的总是同一批。

    \b
    例：qc review sample runs/20261120-213000-1a2b3c --n 200 --out 复核.xlsx
        qc review sample runs/20261120-213000-1a2b3c --per-agent 5
    """
    from qc.commands.auditing import audited
    from qc.pipeline.review import clerk, sample_run, write_review_sheet
    from qc.review.sampling import Wanted

    if size is not None and per_agent is not None:
        raise UsageError("--n 与 --per-agent 只能给一个", "要么说一共几个，要么说每人几个。")
    if out is not None and out.suffix.lower() != ".xlsx":
        raise UsageError(f"复核表应是 .xlsx：{out}", "例：--out 复核.xlsx")
    if out is not None and out.exists():
        raise UsageError(f"已经有 {out}", "里面可能有填好的意见；换一个名字，或先移走它。")
    wanted = Wanted(size=None if per_agent is not None else size or _DEFAULT, per_agent=per_agent, risk=risk, seed=seed)
    who = clerk()
    if dry_run:
        click.echo("\n".join(_told(sample_run(run, wanted, who, keep=False), risk)))
        click.echo("只是试算，没有记下。", err=True)
        return
    with audited(run.absolute().parent, "review sample") as act:
        act.runs.append(run.absolute().name)
        sample = sample_run(run, wanted, who, keep=True)
        act.counts["conversations"] = len(sample.ids)
        click.echo("\n".join(_told(sample, risk)))
        if out is not None:
            count = write_review_sheet(run, sample.ids, out, who)
            act.wrote(out)
            click.echo(f"复核表：{out}（{count} 行）", err=True)
    click.echo(f"下一步：qc report {run} 给抽到的会话各写一页，在页上复核；或填复核表。", err=True)


def _told(sample: Sample, risk: float) -> Iterator[str]:
    from qc.commands.cells import clip
    from qc.commands.console import table

    whole = sample.whole
    left = f"，另有 {sample.taken} 个抽过或复核过" if sample.taken else ""
    left += f"，{sample.copies} 个与别的会话是同一个录音" if sample.copies else ""
    yield f"抽样 {sample.rows['sample_id'][0]}：{whole.population} 个会话里抽 {whole.size} 个{left}。"
    yield f"其中按风险 {whole.by_risk} 个，纯随机 {whole.size - whole.by_risk} 个。"
    if risk and sample.risks.weights.any():
        signs = [f"{sign.title} {sign.weight:g}（{count} 个）" for sign, count in sample.risks.shown if count]
        yield f"风险分：{'；'.join(signs)}；分越高越容易抽到，一分没有的只会随机抽到。"
    yield ""
    yield "买到的把握（95% 区间的半宽）："
    yield f"  准确率在 90% 上下时，误差约 ±{_points(whole, _USUAL)}；最坏（50%）±{_points(whole, _WORST)}。"
    if sample.passed is not None:
        yield f"  合格率（机器判 {sample.passed:.1%}）误差约 ±{_points(whole, sample.passed)}。"
    yield f"  加权之后相当于纯随机抽 {whole.effective:.0f} 个。"
    none = [agent for agent in sample.agents if agent.agent_id and not agent.size]
    if none:
        yield f"有 {len(none)} 名坐席一个也没有抽到；要人人都有，用 --per-agent。"
    yield ""
    rows = [("坐席", "姓名", "班组", "可抽", "抽中", "按风险", "误差")]
    for agent in sample.agents:
        told = f"±{_points(agent, _USUAL)}" if agent.size else "—"
        counts = (str(agent.population), str(agent.size), str(agent.by_risk))
        number, name, team = (clip(n, _NAME) for n in (agent.agent_id or "（不明）", agent.agent_name, agent.team))
        rows.append((number, name, team, *counts, told))
    yield table(rows, right=frozenset({3, 4, 5, 6}))
    yield "误差：这名坐席的准确率在 90% 上下时，95% 区间的半宽；抽得少，只看得出大的差别。"


def _points(drawn: Drawn, share: float) -> str:
    return f"{100 * drawn.half_width(share):.1f} 个百分点"
