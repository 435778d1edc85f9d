"""The public-opinion report (舆情报表)."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow.compute as pc

from qc.domain.alert import Alert
from qc.reporting import charts
from qc.reporting.batch import Batch
from qc.reporting.complaints import Complaints, complaint_ids, complaints
from qc.reporting.edition import Edition
from qc.reporting.hotwords import HotWords, hot_words
from qc.reporting.intentions import WishList, wish_lists
from qc.reporting.risks import Risks, risk_ids, risks
from qc.reporting.rulings import RuleRow, rulings
from qc.reporting.selection import Line, lines
from qc.reporting.service import Service, service
from qc.reporting.summaries import Summary, summarise_all
from qc.reporting.topics import Place, Topics, hours, mood_bar, places, topics

_DIMENSIONS = (("project", "业务项目"), ("channel", "渠道"), ("region", "地区"))
_CONTRADICTIONS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    column: str
    title: str
    rows: tuple[Place, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Satisfaction:
    """Conversations with this 满意度 (None: not rated) by the customer's mood. `end`: mean mood at the end."""

    value: int | None
    count: int
    moods: charts.Bar
    end: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpinionPage:
    total: Summary
    moods: charts.Bar
    topics: Topics
    dimensions: tuple[Dimension, ...]
    hours: charts.Columns | None
    alerts: tuple[Alert, ...]
    """What is said more of than the days before explain."""
    complaints: Complaints | None
    risks: Risks
    """Of the conversations that are not on the complaint list."""
    wishes: tuple[WishList, ...]
    service: Service
    signals: tuple[RuleRow, ...]
    """How often each signal was seen."""
    hot_words: tuple[HotWords, ...]
    satisfaction: tuple[Satisfaction, ...]
    silent_anger: tuple[Line, ...]
    """Rated 4 or 5, yet the words were clearly negative."""
    unexplained: tuple[Line, ...]
    """Rated 1 or 2 without a negative word: the cause lies elsewhere."""
    earlier: int


def opinion_ids(batch: Batch) -> tuple[str, ...]:
    """The conversations quoted on the page."""
    return risk_ids(batch, complaint_ids(batch))


def opinion_page(edition: Edition) -> OpinionPage:
    """Compute the page."""
    batch, earlier = edition.batch, edition.earlier
    found = topics(batch, earlier)
    titles = {t.topic_id: t.title for t in found.rows}
    table = batch.conversations
    moods = {v["values"]: v["counts"] for v in pc.value_counts(table["sentiment"]).to_pylist()}
    negative = pc.equal(table["sentiment"], "negative")
    spoken = pc.not_equal(table["sentiment"], "none")
    good = pc.fill_null(pc.greater_equal(table["satisfaction"], 4), False)
    bad = pc.fill_null(pc.less_equal(table["satisfaction"], 2), False)
    return OpinionPage(
        total=summarise_all(table),
        moods=mood_bar("客户情绪", moods),
        topics=found,
        dimensions=tuple(Dimension(column=c, title=t, rows=places(batch, c, titles)) for c, t in _DIMENSIONS),
        hours=hours(batch),
        alerts=edition.day.alerts if edition.day else (),
        complaints=complaints(batch),
        risks=risks(batch, edition.records, complaint_ids(batch)),
        wishes=wish_lists(batch),
        service=service(batch, edition.recent),
        signals=rulings(batch).signals,
        hot_words=hot_words(batch.run, earlier),
        satisfaction=_satisfaction(batch),
        silent_anger=lines(table.filter(pc.and_(good, negative)).slice(0, _CONTRADICTIONS)),
        unexplained=lines(table.filter(pc.and_(bad, pc.and_(spoken, pc.invert(negative)))).slice(0, _CONTRADICTIONS)),
        earlier=len(earlier),
    )


def _satisfaction(batch: Batch) -> tuple[Satisfaction, ...]:
    table = batch.conversations
    counts: dict[int | None, dict[str, int]] = {}
    for row in (
        table.group_by(["satisfaction", "sentiment"], use_threads=False).aggregate([("sentiment", "count")]).to_pylist()
    ):
        counts.setdefault(row["satisfaction"], {})[row["sentiment"]] = row["sentiment_count"]
    ends = table.group_by("satisfaction", use_threads=False).aggregate([("customer_emotion_end", "mean")])
    mean = dict(zip(ends["satisfaction"].to_pylist(), ends["customer_emotion_end_mean"].to_pylist(), strict=True))
    return tuple(
        Satisfaction(
            value=value,
            count=sum(counts[value].values()),
            moods=mood_bar("未评价" if value is None else f"满意度 {value}", counts[value]),
            end=mean.get(value),
        )
        for value in sorted(counts, key=lambda v: (v is None, -(v or 0)))
    )
