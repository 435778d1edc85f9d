"""Scores by scorecard: distribution and grades."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.language import say
from qc.reporting import charts
from qc.reporting.batch import Batch
from qc.reporting.estimates import Mean, Rate
from qc.reporting.summaries import mean_of, share_of

_BINS = ("0", "10", "20", "30", "40", "50", "60", "70", "80", "90")
_PASSING_INKS = ("grade-0", "grade-1", "grade-2")
_FAILING_INKS = ("grade-3", "grade-4")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One scorecard over the batch. Scores in percent of its base."""

    id: str
    title: str
    version: str
    base: float
    score: Mean
    passing: Rate
    auto_fails: int
    histogram: charts.Columns
    grades: charts.Bar


def cards(batch: Batch) -> tuple[Card, ...]:
    """Every scorecard that was applied, the most used first."""
    table = batch.scores
    found = [
        _card(table.filter(pc.equal(table["scorecard_id"], card)))
        for card in sorted(pc.unique(table["scorecard_id"]).to_pylist())
    ]
    return tuple(sorted(found, key=lambda c: (-c.score.n, c.id)))


def _card(rows: pa.Table) -> Card:
    first = rows.slice(0, 1).to_pylist()[0]
    scores = pc.drop_null(rows["percent"])
    return Card(
        id=first["scorecard_id"],
        title=first["scorecard_title"],
        version=first["scorecard_version"],
        base=first["base"],
        score=mean_of(scores),
        passing=share_of(rows["passed"]),
        auto_fails=share_of(rows["auto_fail"]).count,
        histogram=_histogram(first["scorecard_title"], scores),
        grades=_grades(rows),
    )


def _histogram(title: str, scores: pa.ChunkedArray) -> charts.Columns:
    bins = pc.min_element_wise(pc.max_element_wise(pc.floor(pc.divide(scores, 10.0)), 0.0), len(_BINS) - 1.0)
    counted = {int(c["values"]): c["counts"] for c in pc.value_counts(bins).to_pylist()}
    data = [
        charts.Datum(label=f"{low}–{'100' if low == '90' else int(low) + 9}", values=(counted.get(i, 0),), short=low)
        for i, low in enumerate(_BINS)
    ]
    fullest = max(data, key=lambda d: d.total)
    return charts.columns(
        title=say("{card}得分分布", card=title),
        summary=say(
            "共 {n} 个会话，{range} 分最多，有 {most} 个。",
            n=len(scores),
            range=fullest.label,
            most=charts.plain(fullest.total),
        ),
        data=data,
        series=[(say("会话数"), "ink-main")],
        unit=say("个"),
        width=350.0,
        height=160.0,
    )


def _grades(rows: pa.Table) -> charts.Bar:
    grouped = rows.group_by("grade", use_threads=False).aggregate(
        [("percent", "max"), ("percent", "mean"), ("grade", "count"), ("passed", "any")]
    )
    # Only the names of grades are stored; their scores put them in order.
    order = sorted(
        grouped.to_pylist(), key=lambda g: (-(g["percent_max"] or 0.0), -(g["percent_mean"] or 0.0), g["grade"] or "")
    )
    good = [g for g in order if g["passed_any"]]
    bad = [g for g in order if not g["passed_any"]]
    inks = [_PASSING_INKS[min(i, len(_PASSING_INKS) - 1)] for i in range(len(good))]
    inks += [_FAILING_INKS[0]] * (len(bad) - 1) + [_FAILING_INKS[1]] * bool(bad)
    parts = [(g["grade"] or "—", ink, g["grade_count"]) for g, ink in zip([*good, *bad], inks, strict=True)]
    return charts.stacked(say("等级占比"), parts)
