"""What customers talk about: topics by volume and mood, and the same by project, channel, region and hour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.alert import Dimension
from qc.domain.language import say
from qc.opinion.day import DayReport, Figure
from qc.opinion.matters import MATTER_COLUMNS, told_apart, with_matter
from qc.reporting import charts
from qc.reporting.batch import Batch, lookup
from qc.reporting.estimates import Rate
from qc.reporting.formatting import label
from qc.reporting.labels import BLANK, SENTIMENT, UNKNOWN_TOPIC
from qc.reporting.summaries import Summary, summarise
from qc.storage.read import StoredRun

_INKS = {"negative": "mood-negative", "neutral": "mood-neutral", "positive": "mood-positive"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic over the batch. `main`: conversations mostly about it; `mentioned`: with any share of it.
    `change`: difference of the main share to earlier runs, −1..1; None without earlier runs. `customers`: distinct
    ones who mentioned it; `usual`: what the days before lead to expect of them, None where that was not tested.
    `worst`: the conversation mainly about it in which the customer was most negative, if any was."""

    topic_id: str
    title: str
    parent: str
    main: Rate
    mentioned: int
    moods: charts.Bar
    negative: Rate
    risks: int
    change: float | None
    customers: int
    usual: Figure | None
    worst: str | None


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
    """One value of a dimension (a project, a channel, a region, an hour) with what is most talked of there.
    `customers`: distinct ones; `usual`: what the days before lead to expect of them, None where not tested."""

    summary: Summary
    customers: int
    usual: Figure | None
    topic: str
    moods: charts.Bar


def callers(batch: Batch) -> pa.Table:
    """`conversation_id` and `who`: the customer, or where nobody knows the customer, the conversation itself."""
    return with_matter(batch.run.table("conversations", list(MATTER_COLUMNS))).select(["conversation_id", "who"])


def usual(day: DayReport | None, dimension: Dimension) -> Mapping[str, Figure]:
    """The figures of the day by value, of those that were tested against the days before."""
    return {f.value: f for f in (day.figures[dimension] if day else ()) if f.expected is not None}


def topics(batch: Batch, earlier: Sequence[StoredRun], day: DayReport | None = None) -> Topics:
    """Topics by volume; 未识别 last."""
    table = batch.run.table("topics", ["conversation_id", "topic_id", "topic", "parent", "rank"])
    # what no topic covers of a conversation that has one is no topic it mentions: every conversation has such words
    table = table.filter(pc.or_(pc.not_equal(table["topic_id"], UNKNOWN_TOPIC), pc.equal(table["rank"], 1)))
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
    of = table.append_column("project", lookup(table["conversation_id"], batch.conversations)["project"])
    projects: dict[str, set[str]] = {}
    for row in of.group_by(["topic_id", "project"], use_threads=False).aggregate([]).to_pylist():
        projects.setdefault(row["topic_id"], set()).update({row["project"]} - {None, ""})
    shown = told_apart({t["topic_id"]: t["topic_min"] or t["topic_id"] for t in titles.to_pylist()}, projects)
    before = _earlier_shares(earlier)
    people = _customers(batch, table)
    worst, expected = _worst(mains["topic_id"], beside), usual(day, Dimension.TOPIC)
    rows = []
    for title in titles.to_pylist():
        topic_id, count = title["topic_id"], counts.get(title["topic_id"], {})
        main = Rate(count=count.get("topic_id_count", 0), n=mains.num_rows)
        moods = {mood: count.get(f"{mood}_sum", 0) for mood in SENTIMENT}
        rows.append(
            Topic(
                topic_id=topic_id,
                title=say("未识别") if topic_id == UNKNOWN_TOPIC else shown[topic_id],
                parent=title["parent_min"] or "",
                main=main,
                mentioned=title["topic_id_count"],
                moods=mood_bar(shown[topic_id], moods),
                negative=Rate(count=moods["negative"], n=main.count - moods["none"]),
                risks=count.get("risk_sum", 0),
                change=(main.value or 0.0) - before.get(topic_id, 0.0) if before else None,
                customers=people.get(topic_id, 0),
                usual=expected.get(topic_id),
                worst=worst.get(topic_id),
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
            title=say("没有说清") if r["reason"] == UNKNOWN_TOPIC else titles.get(r["reason"], r["reason"]),
            found=Rate(count=r["reason_count"], n=stated.num_rows),
            negative=Rate(count=r["negative_sum"], n=r["spoke_sum"]),
            also_main=Rate(count=r["main_sum"], n=r["reason_count"]),
        )
        for r in grouped.aggregate(
            [("reason", "count"), ("negative", "sum"), ("spoke", "sum"), ("main", "sum")]
        ).to_pylist()
    ]
    return tuple(sorted(found, key=lambda r: (r.topic_id == UNKNOWN_TOPIC, -r.found.count, r.topic_id)))


def places(
    batch: Batch, column: str, titles: Mapping[str, str], who: pa.Table, expected: Mapping[str, Figure]
) -> tuple[Place, ...]:
    """The values of `column` (project, channel, region, hour), each with its leading topic and its moods. `who` as
    `callers` gives it; `expected` as `usual` does."""
    table = batch.conversations
    values = pc.fill_null(pc.cast(table[column], pa.string()), say(BLANK))
    people = _distinct(values, lookup(table["conversation_id"], who)["who"])
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
                customers=people.get(summary.key, 0),
                usual=expected.get(summary.key),
                topic=say("{topic}（{n}）", topic=titles.get(topic, topic), n=-count) if topic else "",
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
        title=say("各时段会话量"),
        summary=say(
            "{hour} 时最多，有 {n} 个会话，其中客户负面 {negative} 个。",
            hour=peak,
            n=sum(counts[peak]),
            negative=counts[peak][0],
        ),
        data=[charts.Datum(label=f"{h}", short=f"{h}", values=tuple(counts[h])) for h in range(first, last + 1)],
        series=[(say("客户负面"), "mood-negative"), (say("其他"), "mood-neutral")],
        unit=say("个会话"),
        width=760.0,
        height=200.0,
    )


def mood_bar(title: str, counts: Mapping[str, int]) -> charts.Bar:
    """Negative, neutral, positive; conversations in which no customer spoke are left out."""
    return charts.stacked(title, [(label(m, "mood"), ink, counts.get(m, 0)) for m, ink in _INKS.items()])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    value: str
    other: str
    count: int


def _pairs(table: pa.Table, column: str, other: str) -> list[_Pair]:
    grouped = table.group_by([column, other], use_threads=False).aggregate([(other, "count")])
    return [_Pair(value=g[column], other=g[other], count=g[f"{other}_count"]) for g in grouped.to_pylist()]


def _earlier_shares(earlier: Sequence[StoredRun]) -> dict[str, float]:
    """Of all earlier conversations that have topics, the share each is the main topic of."""
    counts: Counter[str] = Counter()
    for run in earlier:
        main = run.table("conversations", ["primary_topic"])["primary_topic"].drop_null()
        counts.update({v["values"]: v["counts"] for v in pc.value_counts(main).to_pylist()})
    total = counts.total()
    return {topic: count / total for topic, count in counts.items()}


def _customers(batch: Batch, table: pa.Table) -> Mapping[str, int]:
    """Distinct customers of each topic, however often they came."""
    return _distinct(table["topic_id"], lookup(table["conversation_id"], callers(batch))["who"])


def _distinct(keys: pa.ChunkedArray, who: pa.ChunkedArray) -> Mapping[str, int]:
    grouped = pa.table({"key": keys, "who": who}).group_by("key", use_threads=False)
    return {r["key"]: r["who_count_distinct"] for r in grouped.aggregate([("who", "count_distinct")]).to_pylist()}


def _worst(topic: pa.ChunkedArray, beside: pa.Table) -> Mapping[str, str]:
    """By main topic the conversation with the most negative customer."""
    columns = ["conversation_id", "customer_emotion_level", "customer_emotion_worst"]
    table = beside.select(columns).append_column("topic", topic).filter(pc.equal(beside["sentiment"], "negative"))
    order = [("customer_emotion_level", "descending"), ("customer_emotion_worst", "ascending")]
    table = table.sort_by([*order, ("conversation_id", "ascending")])
    first = table.group_by("topic", use_threads=False).aggregate([("conversation_id", "first")])
    return dict(zip(first["topic"].to_pylist(), first["conversation_id_first"].to_pylist(), strict=True))
