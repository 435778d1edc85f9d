"""What customers talk about: topics by volume and mood, and the same by project, channel, region and hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from qc.reporting import charts
from qc.reporting.batch import Batch, lookup
from qc.reporting.estimates import Rate
from qc.reporting.labels import BLANK, SENTIMENT, UNKNOWN_TOPIC
from qc.reporting.summaries import Summary, summarise
from qc.storage.read import StoredRun

_INKS = {"negative": "mood-negative", "neutral": "mood-neutral", "positive": "mood-positive"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic over the batch. `main`: conversations mostly about it; `mentioned`: with any share of it.
    `change`: difference of the main share to earlier runs, −1..1; None without earlier runs."""

    topic_id: str
    title: str
    parent: str
    main: Rate
    mentioned: int
    moods: charts.Bar
    negative: Rate
    risks: int
    change: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A reason of contact (来电原因): the matter the customer stated first. `also_main`: of these, conversations it
    stayed the main topic of."""

    topic_id: str
    title: str
    found: Rate
    negative: Rate
    also_main: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    rows: tuple[Topic, ...]
    known: Rate
    """Conversations whose main topic was recognised."""
    compared: int
    """Earlier runs compared with."""
    reasons: tuple[Reason, ...] = ()
    """Why customers came, by what they said first; empty where the run does not hold it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One value of a dimension (a project, a channel, a region) with what is most talked of there."""

    summary: Summary
    topic: str
    moods: charts.Bar


def topics(batch: Batch, earlier: Sequence[StoredRun]) -> Topics:
    """Topics by volume; 未识别 last."""
    table = batch.run.table("topics", ["conversation_id", "topic_id", "topic", "parent", "rank"])
    mains = table.filter(pc.equal(table["rank"], 1))
    beside = lookup(mains["conversation_id"], batch.conversations)
    columns = {"topic_id": mains["topic_id"], "risk": pc.cast(pc.greater(beside["risks"], 0), pa.int64())}
    for mood in SENTIMENT:
        columns[mood] = pc.cast(pc.equal(beside["sentiment"], mood), pa.int64())
    counts = {
        row["topic_id"]: row
        for row in pa.table(columns)
        .group_by("topic_id", use_threads=False)
        .aggregate([("topic_id", "count"), ("risk", "sum"), *((mood, "sum") for mood in SENTIMENT)])
        .to_pylist()
    }
    titles = table.group_by("topic_id", use_threads=False).aggregate(
        [("topic", "min"), ("parent", "min"), ("topic_id", "count")]
    )
    before = _earlier_shares(earlier)
    rows = []
    for title in titles.to_pylist():
        topic_id, count = title["topic_id"], counts.get(title["topic_id"], {})
        main = Rate(count=count.get("topic_id_count", 0), n=mains.num_rows)
        moods = {mood: count.get(f"{mood}_sum", 0) for mood in SENTIMENT}
        rows.append(
            Topic(
                topic_id=topic_id,
                title="未识别" if topic_id == UNKNOWN_TOPIC else title["topic_min"] or topic_id,
                parent=title["parent_min"] or "",
                main=main,
                mentioned=title["topic_id_count"],
                moods=mood_bar(title["topic_min"] or topic_id, moods),
                negative=Rate(count=moods["negative"], n=main.count - moods["none"]),
                risks=count.get("risk_sum", 0),
                change=(main.value or 0.0) - before.get(topic_id, 0.0) if before else None,
            )
        )
    rows.sort(key=lambda t: (t.topic_id == UNKNOWN_TOPIC, -t.main.count, -t.mentioned, t.topic_id))
    unknown = counts.get(UNKNOWN_TOPIC, {}).get("topic_id_count", 0)
    return Topics(
        rows=tuple(rows),
        known=Rate(count=mains.num_rows - unknown, n=mains.num_rows),
        compared=len(earlier),
        reasons=_reasons(batch, {r.topic_id: r.title for r in rows}),
    )


def _reasons(batch: Batch, titles: dict[str, str]) -> tuple[Reason, ...]:
    stated = batch.run.table("conversations", ["conversation_id", "contact_reason", "primary_topic"])
    if stated["contact_reason"].null_count == stated.num_rows:
        return ()
    moods = lookup(stated["conversation_id"], batch.conversations)["sentiment"]
    reason = pc.fill_null(stated["contact_reason"], UNKNOWN_TOPIC)
    columns = {
        "reason": reason,
        "negative": pc.cast(pc.equal(moods, "negative"), pa.int64()),
        "spoke": pc.cast(pc.not_equal(moods, "none"), pa.int64()),
        "main": pc.cast(pc.equal(reason, pc.fill_null(stated["primary_topic"], UNKNOWN_TOPIC)), pa.int64()),
    }
    grouped = pa.table(columns).group_by("reason", use_threads=False)
    found = [
        Reason(
            topic_id=r["reason"],
            title="没有说清" if r["reason"] == UNKNOWN_TOPIC else titles.get(r["reason"], r["reason"]),
            found=Rate(count=r["reason_count"], n=stated.num_rows),
            negative=Rate(count=r["negative_sum"], n=r["spoke_sum"]),
            also_main=Rate(count=r["main_sum"], n=r["reason_count"]),
        )
        for r in grouped.aggregate(
            [("reason", "count"), ("negative", "sum"), ("spoke", "sum"), ("main", "sum")]
        ).to_pylist()
    ]
    return tuple(sorted(found, key=lambda r: (r.topic_id == UNKNOWN_TOPIC, -r.found.count, r.topic_id)))


def places(batch: Batch, column: str, titles: dict[str, str]) -> tuple[Place, ...]:
    """The values of `column` (project, channel, region, hour), each with its leading topic and its moods."""
    table = batch.conversations
    values = pc.fill_null(pc.cast(table[column], pa.string()), BLANK)
    table = table.set_column(table.column_names.index(column), column, values)
    known = table.filter(pc.not_equal(pc.fill_null(table["primary_topic"], UNKNOWN_TOPIC), UNKNOWN_TOPIC))
    leading: dict[str, tuple[int, str]] = {}
    for row in _pairs(known, column, "primary_topic"):
        leading[row.value] = min(leading.get(row.value, (0, "")), (-row.count, row.other))
    moods: dict[str, dict[str, int]] = {}
    for row in _pairs(table, column, "sentiment"):
        moods.setdefault(row.value, {})[row.other] = row.count
    found = []
    for summary in summarise(table, column):
        count, topic = leading.get(summary.key, (0, ""))
        found.append(
            Place(
                summary=summary,
                topic=f"{titles.get(topic, topic)}（{-count}）" if topic else "",
                moods=mood_bar(summary.key, moods[summary.key]),
            )
        )
    return tuple(found)


def hours(batch: Batch) -> charts.Columns | None:
    """Conversations by hour of their start; None when no start is known."""
    table = batch.conversations.filter(pc.is_valid(batch.conversations["hour"]))
    if table.num_rows == 0:
        return None
    counts = {h: [0, 0] for h in range(24)}
    for row in table.group_by(["hour", "sentiment"], use_threads=False).aggregate([("hour", "count")]).to_pylist():
        counts[row["hour"]][row["sentiment"] != "negative"] += row["hour_count"]
    first, last = min(h for h in counts if sum(counts[h])), max(h for h in counts if sum(counts[h]))
    peak = max(range(first, last + 1), key=lambda h: sum(counts[h]))
    return charts.columns(
        title="各时段会话量",
        summary=f"{peak} 时最多，有 {sum(counts[peak])} 个会话，其中客户负面 {counts[peak][0]} 个。",
        data=[charts.Datum(label=f"{h}", short=f"{h}", values=tuple(counts[h])) for h in range(first, last + 1)],
        series=[("客户负面", "mood-negative"), ("其他", "mood-neutral")],
        unit="个",
        width=760.0,
        height=200.0,
    )


def mood_bar(title: str, counts: dict[str, int]) -> charts.Bar:
    """Negative, neutral, positive; conversations in which no customer spoke are left out."""
    return charts.stacked(title, [(SENTIMENT[m], ink, counts.get(m, 0)) for m, ink in _INKS.items()])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    value: str
    other: str
    count: int


def _pairs(table: pa.Table, column: str, other: str) -> list[_Pair]:
    grouped = table.group_by([column, other], use_threads=False).aggregate([(other, "count")])
    return [_Pair(value=g[column], other=g[other], count=g[f"{other}_count"]) for g in grouped.to_pylist()]


def _earlier_shares(earlier: Sequence[StoredRun]) -> dict[str, float]:
    mains = []
    for run in earlier:
        table = run.table("topics", ["topic_id", "rank"])
        mains.append(table.filter(pc.equal(table["rank"], 1)).select(["topic_id"]))
    if not mains:
        return {}
    table = pa.concat_tables(mains)
    counts = table.group_by("topic_id", use_threads=False).aggregate([("topic_id", "count")]).to_pylist()
    return {row["topic_id"]: row["topic_id_count"] / table.num_rows for row in counts}
