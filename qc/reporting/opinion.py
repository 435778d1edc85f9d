"""The public-opinion report (舆情报表)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.alert import Dimension
from qc.domain.language import say
from qc.opinion.bursts import Burst
from qc.opinion.day import DayReport
from qc.opinion.wording import dimension
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
from qc.reporting.spoken import Spoken, first_saying, spoken_at
from qc.reporting.summaries import Summary, summarise_all
from qc.reporting.topics import Place, Topics, callers, hours, mood_bar, places, topics, usual

_DIMENSIONS = (Dimension.PROJECT, Dimension.CHANNEL, Dimension.REGION, Dimension.HOUR)
_QUOTED_TOPICS, _QUOTED_ALERTS = 12, 12
_BURSTS = 20
_CLEAR = 0.05
"""A word is listed up to this q, whether or not the rules make an alert of it."""
_CONTRADICTIONS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    column: str
    title: str
    rows: tuple[Place, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WordBursts:
    """Words of the day that stand out of the days before. `limit`: the ratio that 19 of 20 quiet days do not reach;
    `terms` were looked at. `missing`: why there is no answer, else empty."""

    rows: tuple[Burst, ...]
    limit: float
    days: int
    terms: int
    missing: str = ""


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
    customers: int
    """Distinct ones; a conversation whose customer nobody knows counts as one."""
    moods: charts.Bar
    topics: Topics
    dimensions: tuple[Distribution, ...]
    hours: charts.Columns | None
    day: DayReport | None
    """The day of the run against the days before it, with its alerts; None where nobody asked."""
    bursts: WordBursts | None
    quotes: Mapping[str, Spoken]
    """By conversation the customer's worst turn, of examples of alerts and topics."""
    sayings: Mapping[str, Spoken]
    """By word that bursts, where a customer says it."""
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
    batch, earlier, day = edition.batch, edition.earlier, edition.day
    found = topics(batch, earlier, day)
    titles = {t.topic_id: t.title for t in found.rows}
    table = batch.conversations
    who, words = callers(batch), _bursts(day)
    moods = {v["values"]: v["counts"] for v in pc.value_counts(table["sentiment"]).to_pylist()}
    negative = pc.equal(table["sentiment"], "negative")
    spoken = pc.not_equal(table["sentiment"], "none")
    good = pc.fill_null(pc.greater_equal(table["satisfaction"], 4), False)
    bad = pc.fill_null(pc.less_equal(table["satisfaction"], 2), False)
    return OpinionPage(
        total=summarise_all(table),
        customers=pc.count_distinct(who["who"]).as_py(),
        moods=mood_bar(say("客户情绪"), moods),
        topics=found,
        dimensions=tuple(
            Distribution(column=d.value, title=dimension(d), rows=rows if d is not Dimension.HOUR else _by_hour(rows))
            for d in _DIMENSIONS
            for rows in (places(batch, d.value, titles, who, usual(day, d)),)
        ),
        hours=hours(batch),
        day=day,
        bursts=words,
        quotes=_quotes(batch, found, day),
        sayings=first_saying(batch.run, [w.term for w in words.rows] if words else []),
        complaints=complaints(batch),
        risks=risks(batch, edition.records, complaint_ids(batch)),
        wishes=wish_lists(batch),
        service=service(batch, edition.recent, edition.contacts),
        signals=rulings(batch).signals,
        hot_words=hot_words(batch.run, earlier),
        satisfaction=_satisfaction(batch),
        silent_anger=lines(table.filter(pc.and_(good, negative)).slice(0, _CONTRADICTIONS)),
        unexplained=lines(table.filter(pc.and_(bad, pc.and_(spoken, pc.invert(negative)))).slice(0, _CONTRADICTIONS)),
        earlier=len(earlier),
    )


def _bursts(day: DayReport | None) -> WordBursts | None:
    if day is None:
        return None
    if isinstance(day.words, str):
        return WordBursts(rows=(), limit=0.0, days=0, terms=0, missing=day.words)
    return WordBursts(
        rows=tuple(b for b in day.words.found if b.q <= _CLEAR)[:_BURSTS],
        limit=day.words.limit,
        days=day.words.days,
        terms=day.words.terms,
    )


def _by_hour(rows: tuple[Place, ...]) -> tuple[Place, ...]:
    """In the order of the day; those without a start last."""
    return tuple(sorted(rows, key=lambda p: (not p.summary.key.isdigit(), p.summary.key.zfill(2))))


def _quotes(batch: Batch, found: Topics, day: DayReport | None) -> Mapping[str, Spoken]:
    wanted = [t.worst for t in found.rows[:_QUOTED_TOPICS] if t.worst]
    wanted += [i for a in (day.alerts if day else ())[:_QUOTED_ALERTS] for i in a.examples[:1]]
    beside = batch.conversations.select(["conversation_id", "customer_emotion_worst_turn"])
    beside = beside.filter(pc.is_in(beside["conversation_id"], value_set=pa.array(wanted, pa.string())))
    places = zip(*(beside[c].to_pylist() for c in beside.column_names), strict=True)
    return {name: said for (name, _), said in spoken_at(batch.run, places).items()}


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
            moods=mood_bar(say("未评价") if value is None else say("满意度 {n}", n=value), counts[value]),
            end=mean.get(value),
        )
        for value in sorted(counts, key=lambda v: (v is None, -(v or 0)))
    )
