"""What moved over a month: groups, rules, topics and complaints, each against the period before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.language import say
from qc.reporting import charts
from qc.reporting.complaints import severity_bar
from qc.reporting.estimates import Rate
from qc.reporting.labels import BLANK, SENTIMENT, SENTIMENTS, UNKNOWN_TOPIC, severity_rank
from qc.reporting.month.shift import Days, Shift, shifts
from qc.reporting.month.sums import by, series
from qc.reporting.summaries import Summary
from qc.reporting.topics import mood_bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A project, a channel, a team. `shift`: of its mean score."""

    summary: Summary
    before: Summary | None
    shift: Shift | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """`hit`: conversations hit, of all inspected; `before` the same of the period before, None where no night of it
    judged by the rule. `edited`: not all nights of the two periods judged by the same wording of it."""

    rule_id: str
    title: str
    kind: str
    severity: str
    trial: bool
    hit: Rate
    before: Rate | None
    shift: Shift | None
    evidence: int
    undecided: int
    edited: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicRow:
    """`main`: conversations mainly about it, of all with a topic; `negative` among them. Shifts are of these shares."""

    topic_id: str
    title: str
    parent: str
    main: Rate
    before: Rate | None
    shift: Shift | None
    mentioned: int
    moods: charts.Bar
    negative: Rate
    mood_shift: Shift | None

    @property
    def aside(self) -> bool:
        """No conversation was mainly about it, now or before."""
        return not self.main.count and not (self.before and self.before.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintRow:
    """`found`: of all conversations."""

    type_id: str
    title: str
    found: Rate
    before: Rate | None
    shift: Shift | None
    severities: charts.Bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A period as what moves is looked at: its extracts, its days, and the conversations of each day."""

    tables: Mapping[str, pa.Table]
    days: Sequence[date]

    @property
    def talks(self) -> Days:
        n = series(self.tables["figures"], ["one"], self.days)["one"]
        return Days(count=n, n=n)

    def where(self, name: str, column: str, value: str) -> pa.Table:
        table = self.tables[name]
        return table.filter(pc.equal(table[column], value))


def groups(now: Span, before: Span | None, column: str) -> tuple[Group, ...]:
    """By the values of a column of `figures`, largest first."""
    rows = by(now.tables["figures"], column)
    past = {s.key: s for s in by(before.tables["figures"], column)} if before else {}
    moved = shifts(_scores(now, column), _scores(before, column)) if before else {}
    return tuple(Group(summary=s, before=past.get(s.key), shift=moved.get(s.key)) for s in rows)


def score_days(figures: pa.Table, days: Sequence[date]) -> Days:
    """The scores of a period by day."""
    found = series(figures, ["scored", "lost"], days)
    return Days(count=100 * found["scored"] - found["lost"], n=found["scored"], share=False)


def share_days(figures: pa.Table, days: Sequence[date], count: str, n: str) -> Days:
    """A share of a period by day."""
    found = series(figures, [count, n], days)
    return Days(count=found[count], n=found[n])


def rules(
    now: Span, before: Span | None, wording: Mapping[str, set[str]], judged_before: set[str]
) -> tuple[RuleRow, ...]:
    """Violations first, those most hit first. `wording`: the digests of each rule over all nights; `judged_before`: the
    rules of the period before."""
    own, past = _counts(now, "rules", "rule_id", ["hit"]), _counts(before, "rules", "rule_id", ["hit"])
    size, past_size = now.talks.n, before.talks.n if before else None
    rows = _totals(
        now.tables["rules"], ["rule_id"], ["hit", "undecided", "evidence"], ["rule_title", "kind", "severity"]
    )
    trial = set(now.where("rules", "status", "shadow")["rule_id"].to_pylist())
    nothing = size[:0] if past_size is None else past_size * 0
    current = {row["rule_id"]: Days(count=own[row["rule_id"], "hit"], n=size) for row in rows}
    earlier = {}
    if past_size is not None:
        earlier = {r: Days(count=past.get((r, "hit"), nothing), n=past_size) for r in current if r in judged_before}
    moved = shifts(current, earlier)
    found = [
        RuleRow(
            rule_id=row["rule_id"],
            title=row["rule_title"],
            kind=row["kind"],
            severity=row["severity"],
            trial=row["rule_id"] in trial,
            hit=Rate(count=row["hit"], n=int(size.sum())),
            before=_rate(earlier.get(row["rule_id"])),
            shift=moved.get(row["rule_id"]),
            evidence=row["evidence"],
            undecided=row["undecided"],
            edited=len(wording.get(row["rule_id"], ())) > 1,
        )
        for row in rows
    ]
    order = {"violation": 0, "signal": 1, "merit": 2}
    return tuple(
        sorted(found, key=lambda r: (order.get(r.kind, 3), -r.hit.count, severity_rank(r.severity), r.rule_id))
    )


def topics(now: Span, before: Span | None) -> tuple[TopicRow, ...]:
    """By volume; what no topic covers last."""
    columns = ["main", *SENTIMENT]
    own, past = _counts(now, "topics", "topic_id", columns), _counts(before, "topics", "topic_id", columns)
    size = series(now.tables["topics"], ["main"], now.days)["main"]
    past_size = series(before.tables["topics"], ["main"], before.days)["main"] if before else None
    rows = _totals(now.tables["topics"], ["topic_id"], ["mentioned", *columns], ["topic", "parent"])

    def moody(counts: Mapping[tuple[str, str], Any], topic: str) -> Days:
        return Days(count=counts[topic, "negative"], n=sum(counts[topic, mood] for mood in SENTIMENTS))

    ids = [row["topic_id"] for row in rows]
    known = [t for t in ids if (t, "main") in past]
    current = {t: Days(count=own[t, "main"], n=size) for t in ids}
    earlier = {}
    if past_size is not None:
        earlier = {t: Days(count=past.get((t, "main"), past_size * 0), n=past_size) for t in ids}
    moved = shifts(current, earlier)
    mood = shifts({t: moody(own, t) for t in known}, {t: moody(past, t) for t in known})
    found = [
        TopicRow(
            topic_id=row["topic_id"],
            title=say("未识别的话题") if row["topic_id"] == UNKNOWN_TOPIC else row["topic"],
            parent=row["parent"] or "",
            main=Rate(count=row["main"], n=int(size.sum())),
            before=_rate(earlier.get(row["topic_id"])),
            shift=moved.get(row["topic_id"]),
            mentioned=row["mentioned"],
            moods=mood_bar(row["topic"] or "", row),
            negative=Rate(count=row["negative"], n=sum(row[m] for m in SENTIMENTS)),
            mood_shift=mood.get(row["topic_id"]),
        )
        for row in rows
    ]
    return tuple(sorted(found, key=lambda r: (r.topic_id == UNKNOWN_TOPIC, -r.main.count, -r.mentioned, r.topic_id)))


def complaints(now: Span, before: Span | None) -> tuple[ComplaintRow, ...]:
    """By type, most frequent first."""
    own = _counts(now, "complaints", "type_id", ["count"])
    past = _counts(before, "complaints", "type_id", ["count"])
    size, past_size = now.talks.n, before.talks.n if before else None
    graves = _totals(now.tables["complaints"], ["type_id", "severity"], ["count"], ["type"])
    found: dict[str, dict[str, int]] = {}
    titles: dict[str, str] = {}
    for row in graves:
        found.setdefault(row["type_id"], {})[row["severity"]] = row["count"]
        titles[row["type_id"]] = row["type"]
    current = {t: Days(count=own[t, "count"], n=size) for t in found}
    earlier = {}
    if past_size is not None:
        earlier = {t: Days(count=past.get((t, "count"), past_size * 0), n=past_size) for t in found}
    moved = shifts(current, earlier)
    rows = [
        ComplaintRow(
            type_id=t,
            title=titles[t],
            found=Rate(count=sum(counts.values()), n=int(size.sum())),
            before=_rate(earlier.get(t)),
            shift=moved.get(t),
            severities=severity_bar(titles[t], counts),
        )
        for t, counts in found.items()
    ]
    return tuple(sorted(rows, key=lambda r: (-r.found.count, r.type_id)))


def _scores(span: Span, column: str) -> Mapping[str, Days]:
    figures = span.tables["figures"]
    filled = pc.fill_null(pc.cast(figures[column], pa.string()), say(BLANK))
    return {key: score_days(figures.filter(pc.equal(filled, key)), span.days) for key in pc.unique(filled).to_pylist()}


def _counts(span: Span | None, name: str, key: str, columns: Sequence[str]) -> Mapping[tuple[str, str], Any]:
    """(key, column) → its sums by day."""
    if span is None:
        return {}
    table = span.tables[name]
    rows = table.group_by([key, "day"], use_threads=False).aggregate([(c, "sum") for c in columns])
    found = {}
    for value in pc.unique(rows[key]).to_pylist():
        mine = rows.filter(pc.equal(rows[key], value)).rename_columns([key, "day", *columns])
        for column, numbers in series(mine, columns, span.days).items():
            found[value, column] = numbers
    return found


def _totals(
    table: pa.Table, keys: Sequence[str], sums: Sequence[str], titles: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Rows of an extract over all days, with their sums and the last of their titles."""
    made = table.group_by(list(keys), use_threads=False).aggregate(
        [*((c, "sum") for c in sums), *((c, "max") for c in titles)]
    )
    names = [*keys, *(f"{c}_sum" for c in sums), *(f"{c}_max" for c in titles)]
    rows = made.select(names).rename_columns([*keys, *sums, *titles])
    return list(rows.sort_by([(key, "ascending") for key in keys]).to_pylist())


def _rate(days: Days | None) -> Rate | None:
    return None if days is None else Rate(count=int(days.count.sum()), n=int(days.n.sum()))
