"""`qc review accuracy`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qc.commands.options import FOLDER
from qc.errors import UsageError

if TYPE_CHECKING:
    from qc.review.accuracy import Accuracy, Measured
    from qc.review.agreement import Agreement, Coefficient
    from qc.review.calibration import Session
    from qc.review.measures import Estimate

_FILE = click.Path(path_type=Path, dir_okay=False)
_BY = ("rule", "item", "project", "channel", "accent", "confidence", "sample_rate", "role_source", "session")
_SHOWN = 30
_HEADER = (
    *("名称", "编号", "命中对", "误判", "漏判", "未命中对", "机器没判", "人没判", "精确率", "精确率下限", "精确率上限"),
    *("召回率", "召回率下限", "召回率上限", "准确率", "准确率下限", "准确率上限", "F1"),
    *("AC1", "AC1下限", "AC1上限", "κ", "κ下限", "κ上限", "命中占"),
)


@click.command("accuracy", short_help="机器判得准不准：与人的复核比，人与人比")
@click.argument("runs", type=FOLDER, metavar="批次目录…", nargs=-1, required=True)
@click.option(
    "--by",
    type=click.Choice(_BY),
    default="rule",
    show_default=True,
    help="按什么分：规则、评分项、业务项目、渠道、口音、转写置信度、采样率、角色来源、校准场次",
)
@click.option("--rows", type=click.IntRange(1), default=_SHOWN, show_default=True, metavar="行数", help="最多显示几行")
@click.option("--csv", "csv_", type=_FILE, metavar="文件", help="把分出来的各行写成 CSV")
@click.option("--json", "json_", type=_FILE, metavar="文件", help="写出给程序读的 JSON，全部数字都在内")
def command(runs: tuple[Path, ...], by: str, rows: int, csv_: Path | None, json_: Path | None) -> None:
    """智能质检准确率：机器的判定与人的复核比。每个数带 95% 区间。

    \b
    精确率：命中里判对的份额，1 减它是误判。
    召回率：人认为有问题的，机器找到多少；只从整个会话看完的复核来算。
    AC1、κ：扣除碰巧之后的一致程度，1 为完全一致；问题很少见时 κ 偏低，以 AC1 为准。

    机器无法判定、人也说不准的不算对也不算错，另外计数。抽样（qc review sample）抽到的会话按入样概率的倒数加权，
    代表整批。给出几个批次就合起来算。

    \b
    例：qc review accuracy runs/20261120-213000-1a2b3c
        qc review accuracy runs/202611* --by channel
        qc review accuracy runs/202611* --by session --json 校准.json
    """
    from qc.review.accuracy import accuracy
    from qc.review.ledger import behind
    from qc.review.told import behind_told, nothing_told
    from qc.storage.files import write_text
    from qc.storage.read import open_run

    stored = [open_run(run) for run in runs]
    for run in stored:
        if behind(run):
            click.echo(f"{run.path}：{behind_told()}", err=True)
    measured = accuracy(stored)
    whole = measured.overall
    if not whole.reviewed and not whole.unsure_machine and not measured.sessions:
        raise UsageError("这些批次还没有复核过，准确率不知道。", nothing_told())
    if json_ is not None:
        write_text(json_, json.dumps(asdict(measured), ensure_ascii=False, indent=2) + "\n")
    if csv_ is not None:
        _write(csv_, measured, by)
    click.echo("\n".join(_told(measured, by, rows)))


def _told(measured: Accuracy, by: str, rows: int) -> Iterator[str]:
    from qc.review.told import advice_told, attribute_told, basis_told, difference_told

    whole = measured.overall
    if by == "session":
        yield from _sessions(measured)
        return
    yield basis_told(measured)
    yield ""
    yield f"智能质检准确率  {_share(whole.accuracy)}"
    yield f"精确率          {_share(whole.precision)}  {_counted(whole)}"
    yield f"召回率          {_share(whole.recall)}"
    yield f"人机一致        {_agreed(whole.agreed)}"
    if whole.unsure_machine or whole.unsure_human:
        yield (
            f"没有判定        机器 {whole.unsure_machine} 条（其中人判命中 {whole.unsure_hits} 条），"
            f"人说不准 {whole.unsure_human} 条"
        )
    if (advice := advice_told(whole)) is not None:
        yield f"提示：{advice}"
    yield ""
    parts = _parts(measured, by)
    if parts:
        yield _table(parts[:rows], {"rule": "规则", "item": "评分项"}.get(by) or attribute_told(by), by)
        if len(parts) > rows:
            yield f"（共 {len(parts)} 行，显示前 {rows} 行；用 --rows 多看，或用 --csv 写全部）"
    else:
        missing = "评分项" if by == "item" else "规则" if by == "rule" else attribute_told(by)
        yield f"复核过的会话都没有写明{missing}，分不开。"
    if measured.differences:
        yield ""
        yield "对某一类会话判得更差的（Fisher 精确检验，按错误发现率校正）："
        yield from (f"  {difference_told(found)}" for found in measured.differences)
    elif by not in ("rule", "item") and parts:
        yield "各类之间的差别都在偶然之内，或复核得太少，看不出来。"


def _parts(measured: Accuracy, by: str) -> tuple[Measured, ...]:
    return {"rule": measured.rules, "item": measured.items}.get(by) or measured.kinds.get(by, ())


def _table(parts: tuple[Measured, ...], title: str, by: str) -> str:
    from qc.commands.cells import clip
    from qc.commands.console import table
    from qc.review.told import value_told

    rows = [(title, "命中对", "误判", "漏判", "精确率", "召回率", "AC1", "κ", "命中占")]
    for part in parts:
        name = part.title if by in ("rule", "item") else value_told(by, part.key)
        card = f"（{clip(part.card, 20)}）" if part.card else ""
        several = f"（{part.versions} 个版本）" if part.versions > 1 else ""
        counts = (str(part.true_hits), str(part.false_hits), str(part.missed))
        a = part.agreed
        common = "—" if a.prevalence is None else f"{a.prevalence:.1%}"
        shares = (_share(part.precision), _share(part.recall), _coefficient(a.ac1), _short(a.kappa), common)
        rows.append((clip(name, 30) + card + several, *counts, *shares))
    return table(rows, right=frozenset({1, 2, 3, 7, 8}))


def _sessions(measured: Accuracy) -> Iterator[str]:
    from qc.commands.console import table

    if not measured.sessions:
        yield "没有校准场次：几个人各自复核同一批会话，导出时写同一个场次名，互不相见。"
    for session in measured.sessions:
        yield (
            f"校准“{session.name}”：{len(session.reviewers)} 人，{session.conversations} 个会话，"
            f"{session.verdicts} 条判定有两人以上判过。"
        )
        yield f"全体  AC1 {_coefficient(session.together)}，Fleiss κ {_coefficient(session.kappa)}"
        rows = [("甲", "乙", "共同判", "一致", "都判命中", "只甲命中", "只乙命中", "AC1", "κ")]
        for pair in (*session.people, *session.machine):
            a = pair.agreed
            share = "—" if a.observed is None else f"{a.observed:.1%}"
            counts = (str(a.n), share, str(a.both), str(a.first), str(a.second))
            rows.append((pair.first, pair.second or "机器", *counts, _short(a.ac1), _short(a.kappa)))
        yield table(rows, right=frozenset(range(2, 9)))
        yield from _disputes(session)
        yield ""


def _disputes(session: Session) -> Iterator[str]:
    if session.rules:
        worst = "；".join(f"{r.title}（{r.n} 条里 {r.disputed} 条不一致）" for r in session.rules[:5])
        yield f"分歧最多的规则：{worst}"


def _write(path: Path, measured: Accuracy, by: str) -> None:
    from qc.sheets.csvfile import write_csv
    from qc.storage.files import atomic

    def ends(estimate: Estimate | Coefficient | None) -> tuple[float | None, ...]:
        return (None, None, None) if estimate is None else (estimate.value, estimate.low, estimate.high)

    rows = [
        (m.title or "全部", m.key, m.true_hits, m.false_hits, m.missed, m.true_misses, m.unsure_machine, m.unsure_human,
         *ends(m.precision), *ends(m.recall), *ends(m.accuracy), m.f1.value if m.f1 else None,
         *ends(m.agreed.ac1), *ends(m.agreed.kappa), m.agreed.prevalence)
        for m in (measured.overall, *_parts(measured, by))
    ]  # fmt: skip
    with atomic(path) as temporary:
        write_csv(temporary, _HEADER, rows)


def _share(estimate: Estimate | None) -> str:
    return "—" if estimate is None else f"{estimate.value:.1%}（{estimate.low:.0%}–{estimate.high:.0%}）"


def _counted(whole: Measured) -> str:
    return f"命中判对 {whole.true_hits} 条，误判 {whole.false_hits} 条；漏判 {whole.missed} 条"


def _agreed(agreed: Agreement) -> str:
    if not agreed.n:
        return "—"
    positive = "—" if agreed.positive is None else f"{agreed.positive:.0%}"
    return (
        f"AC1 {_coefficient(agreed.ac1)}，κ {_coefficient(agreed.kappa)}；"
        f"命中的一致率 {positive}，命中占 {agreed.prevalence or 0:.1%}"
    )


def _coefficient(found: Coefficient | None) -> str:
    if found is None:
        return "—"
    return f"{found.value:.2f}" + ("" if found.low is None else f"（{found.low:.2f}–{found.high:.2f}）")


def _short(found: Coefficient | None) -> str:
    return "—" if found is None else f"{found.value:.2f}"
