"""Where points are lost: Pareto of items, item × team heat map."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.language import say
from qc.reporting import charts
from qc.reporting.batch import Batch
from qc.reporting.estimates import Rate
from qc.reporting.formatting import percent
from qc.reporting.labels import BLANK

_CHARTED = 12
_HEAT_ROWS, _HEAT_COLUMNS = 12, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Deduction:
    """One item of that title on every card that has it. `rate`: deducted among the conversations where it could
    be judged. `share`: of all lost points, 0..1. `fatal`: how often it triggered 一票否决, `zeroed`:
    how often that made the whole score 0; what that cost beyond the
    item's own points is not in `lost`."""

    title: str
    cards: tuple[str, ...]
    lost: float
    fatal: int
    zeroed: int
    rate: Rate
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatRow:
    title: str
    cells: tuple[Rate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """Share deducted by item and team."""

    teams: tuple[str, ...]
    rows: tuple[HeatRow, ...]
    more_teams: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deductions:
    lost: float
    rows: tuple[Deduction, ...]
    chart: charts.Columns | None
    """None when the deductions cost no points of their own, as an auto-fail may."""
    heat: Heat | None


def deductions(batch: Batch) -> Deductions:
    """All items with at least one deduction: what made scores 0, other 一票否决, then the costliest."""
    items = _judged(batch)
    rows = _pareto(items, _card_titles(batch))
    lost = sum(d.lost for d in rows)
    return Deductions(
        lost=lost,
        rows=rows,
        chart=_chart(rows, lost) if lost else None,
        heat=_heat(items, [d.title for d in rows[:_HEAT_ROWS]]) if rows else None,
    )


def deducted(items: pa.Table) -> pa.ChunkedArray:
    """Which rows of `item_scores` cost the agent something."""
    return pc.or_(pc.equal(items["status"], "deducted"), pc.fill_null(items["fatal"], False))


def _judged(batch: Batch) -> pa.Table:
    items = batch.items
    items = items.filter(pc.is_in(items["status"], value_set=pa.array(["passed", "deducted"])))
    talks = batch.conversations
    team = pc.fill_null(talks["team"].combine_chunks().dictionary_encode(), say(BLANK))
    at = pc.index_in(items["conversation_id"], value_set=talks["conversation_id"].combine_chunks())
    bad = deducted(items)
    return pa.table(
        {
            "title": items["item_title"],
            "card": items["scorecard_id"],
            "team": team.take(at.combine_chunks()),
            "bad": bad,
            "lost": pc.if_else(bad, pc.negate(items["points"]), 0.0),
            "fatal": pc.fill_null(items["fatal"], False),
            "zeroed": items["zeroed"],
        }
    )


def _card_titles(batch: Batch) -> dict[str, str]:
    grouped = batch.scores.group_by("scorecard_id", use_threads=False).aggregate([("scorecard_title", "min")])
    return dict(zip(grouped["scorecard_id"].to_pylist(), grouped["scorecard_title_min"].to_pylist(), strict=True))


def _pareto(items: pa.Table, cards: dict[str, str]) -> tuple[Deduction, ...]:
    grouped = items.group_by("title", use_threads=False).aggregate(
        [("bad", "sum"), ("bad", "count"), ("lost", "sum"), ("fatal", "sum"), ("zeroed", "sum")]
    )
    listed: defaultdict[str, set[str]] = defaultdict(set)  # Arrow ends the process over distinct values of none
    for pair in items.group_by(["title", "card"], use_threads=False).aggregate([]).to_pylist():
        listed[pair["title"]].add(cards.get(pair["card"], pair["card"]))
    found = [row for row in grouped.to_pylist() if row["bad_sum"]]
    found.sort(key=lambda row: (-row["zeroed_sum"], -row["fatal_sum"], -row["lost_sum"], -row["bad_sum"], row["title"]))
    total = sum(row["lost_sum"] for row in found)
    return tuple(
        Deduction(
            title=row["title"],
            cards=tuple(sorted(listed[row["title"]])),
            lost=row["lost_sum"],
            fatal=row["fatal_sum"],
            zeroed=row["zeroed_sum"],
            rate=Rate(count=row["bad_sum"], n=row["bad_count"]),
            share=row["lost_sum"] / total if total else 0.0,
        )
        for row in found
    )


def _chart(rows: Sequence[Deduction], total: float) -> charts.Columns:
    costly = sorted((d for d in rows if d.lost), key=lambda d: (-d.lost, -d.rate.count, d.title))[:_CHARTED]
    fatal = sum(1 for d in rows if d.fatal)
    cumulative = [min(c / total, 1.0) for c in accumulate(d.lost for d in costly)]
    return charts.columns(
        title=say("扣分项排列图"),
        summary=say(
            "失分最多的是“{title}”，共 {lost} 分；前 {n} 项合计占 {share}。",
            title=costly[0].title,
            lost=charts.plain(costly[0].lost),
            n=len(costly),
            share=percent(cumulative[-1], 0),
        )
        + (say("另有 {n} 项触发一票否决，见下表。", n=fatal) if fatal else ""),
        data=[charts.Datum(label=d.title, values=(d.lost,)) for d in costly],
        series=[(say("扣分"), "ink-main")],
        unit=say("分"),
        width=min(1180.0, 340.0 + 70.0 * len(costly)),
        height=240.0,
        line=cumulative,
    )


def _heat(items: pa.Table, titles: Sequence[str]) -> Heat | None:
    grouped = items.group_by(["title", "team"], use_threads=False).aggregate([("bad", "sum"), ("bad", "count")])
    cells = {(g["title"], g["team"]): Rate(count=g["bad_sum"], n=g["bad_count"]) for g in grouped.to_pylist()}
    weight: dict[str, int] = {}
    for (_, team), rate in cells.items():
        weight[team] = weight.get(team, 0) + rate.n
    teams = sorted(weight, key=lambda t: (t == say(BLANK), -weight[t], t))
    shown = tuple(teams[:_HEAT_COLUMNS])
    if not shown:
        return None
    nothing = Rate(count=0, n=0)
    return Heat(
        teams=shown,
        rows=tuple(HeatRow(title=t, cells=tuple(cells.get((t, team), nothing) for team in shown)) for t in titles),
        more_teams=len(teams) - len(shown),
    )
