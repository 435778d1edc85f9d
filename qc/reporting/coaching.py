"""What an agent or a team must work on first, 一票否决 before the most frequent deduction, and clear examples of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from qc.reporting.batch import Batch, lookup, plain
from qc.reporting.deductions import deducted
from qc.reporting.evidence import Quote, quotes
from qc.reporting.finals import verdict_key
from qc.reporting.labels import SEVERITIES
from qc.reporting.people import codes, within
from qc.reporting.records import Record

_SEARCHED = 8
_BEFORE = 60
"""Characters of what was said before a quote that are shown with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Top:
    """An item to work on: how many times it was deducted, in how many of them it triggered 一票否决
    (`fatal`) and in how many that made the whole score 0 (`zeroed`), and how many points it cost of its own."""

    title: str
    times: int
    fatal: int
    zeroed: int
    lost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A finding that shows a deduction well."""

    top: Top
    advice: str
    message: str
    conversation_id: str
    rule_id: str
    turn: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A moment of a conversation: what was said, and what the other side had said just before (`asked`)."""

    conversation_id: str
    message: str
    turn: int | None
    start_ms: int | None
    quote: Quote | None
    asked: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Coaching:
    """What to work on: the rule's advice on it, with one or two clips."""

    example: Example
    clips: tuple[Clip, ...]

    @property
    def quote(self) -> Quote | None:
        return self.clips[0].quote

    @property
    def turn(self) -> int | None:
        """Where to look: the turn that is quoted."""
        return self.clips[0].turn


def priorities(batch: Batch, groups: pa.Table, limit: int = 1) -> Mapping[Any, tuple[Top, ...]]:
    """`groups` maps conversation_id to a column `who`; of each the items to work on first: what made scores 0, then
    other 一票否决, then what was deducted most often."""
    items = batch.items.filter(deducted(batch.items))
    table = pa.table(
        {
            "who": _who(items["conversation_id"], groups),
            "title": items["item_title"],
            "lost": pc.negate(items["points"]),
            "fatal": pc.cast(pc.fill_null(items["fatal"], False), pa.int64()),
            "zeroed": pc.cast(items["zeroed"], pa.int64()),
        }
    )
    table = table.filter(pc.is_valid(table["who"]))
    grouped = table.group_by(["who", "title"], use_threads=False)
    grouped = grouped.aggregate([("lost", "sum"), ("lost", "count"), ("fatal", "sum"), ("zeroed", "sum")])
    found: defaultdict[Any, list[Top]] = defaultdict(list)
    for row in grouped.to_pylist():
        found[row["who"]].append(
            Top(
                title=row["title"],
                times=row["lost_count"],
                fatal=row["fatal_sum"],
                zeroed=row["zeroed_sum"],
                lost=row["lost_sum"],
            )
        )
    return {who: tuple(sorted(tops, key=_urgency)[:limit]) for who, tops in found.items()}


def examples(
    batch: Batch, groups: pa.Table, tops: Mapping[Any, tuple[Top, ...]], limit: int = 1
) -> Mapping[Any, tuple[tuple[Example, ...], ...]]:
    """Per group, for each of its `tops` that a finding shows, up to `limit` of them, the clearest first, each from
    another conversation."""
    rank = {who: {top.title: top for top in own} for who, own in tops.items()}
    rows = _clearest(_candidates(batch, groups, tops), limit)
    found: dict[tuple[Any, str], list[Example]] = defaultdict(list)
    for row in rows:
        found[row["who"], row["item_title"]].append(_example(row, rank[row["who"]][row["item_title"]]))
    return {
        who: tuple(tuple(found[who, top.title]) for top in own if (who, top.title) in found)
        for who, own in tops.items()
    }


def coach(shown: tuple[Example, ...], records: Mapping[str, Record]) -> Coaching:
    """The examples of one item with their quotes. `records` must hold their conversations."""
    return Coaching(example=shown[0], clips=tuple(_clip(e, records[e.conversation_id]) for e in shown))


def _candidates(batch: Batch, groups: pa.Table, tops: Mapping[Any, tuple[Top, ...]]) -> pa.Table:
    """The findings behind the deductions of the items to work on."""
    titles = pa.array(sorted({top.title for own in tops.values() for top in own}), pa.string())
    items = batch.items.filter(pc.and_(deducted(batch.items), pc.is_in(batch.items["item_title"], value_set=titles)))
    items = plain(items.select(["conversation_id", "item_title", "rule_ids", "fatal", "zeroed"]))
    items = items.append_column("who", _who(items["conversation_id"], groups))
    items = items.filter(pc.is_valid(items["who"])).combine_chunks()
    wanted = {who: {top.title for top in own} for who, own in tops.items()}
    pairs = zip(items["who"].to_pylist(), items["item_title"].to_pylist(), strict=True)
    items = items.filter(pa.array([title in wanted.get(who, ()) for who, title in pairs], pa.bool_()))
    at, rules = pc.list_parent_indices(items["rule_ids"]), pc.list_flatten(items["rule_ids"])
    flat = items.drop_columns(["rule_ids"]).take(at).append_column("rule_id", rules)
    findings = batch.findings
    hit = findings.filter(pc.and_(pc.equal(findings["verdict"], "hit"), pc.equal(findings["kind"], "violation")))
    hit = hit.append_column("key", verdict_key(hit))
    beside = lookup(verdict_key(flat), hit, "key")
    for name in ("severity", "message", "advice", "hit_count", "first_turn"):
        flat = flat.append_column(name, beside[name])
    return flat.filter(pc.is_valid(beside["key"]))


def _clearest(table: pa.Table, limit: int) -> list[dict[str, Any]]:
    """Clear means: it can be pointed at, it has advice, it is grave, it happened more than once."""
    severity = pc.index_in(table["severity"], value_set=pa.array(SEVERITIES))
    ranks = {
        "group": pa.array(codes(table["who"]) * 100_000 + codes(table["item_title"])) if table.num_rows else [],
        "harmless": pc.invert(table["zeroed"]),
        "mild": pc.invert(pc.fill_null(table["fatal"], False)),
        "nowhere": pc.is_null(table["first_turn"]),
        "mute": pc.equal(pc.fill_null(table["advice"], ""), ""),
        "severity_rank": pc.fill_null(severity, len(SEVERITIES)),
        "once": pc.negate(pc.fill_null(table["hit_count"], 0)),
    }
    for name, column in ranks.items():
        table = table.append_column(name, column if name != "group" else pa.array(column, pa.int64()))
    table = table.sort_by([(name, "ascending") for name in (*ranks, "conversation_id", "rule_id")])
    group = table["group"].to_numpy()
    talk = codes(table["conversation_id"]) if table.num_rows else np.zeros(0, np.int64)
    first = np.zeros(0, np.int64)
    if len(group):
        first = np.unique(np.stack([group, talk]), axis=1, return_index=True)[1]
    table = table.take(pa.array(np.sort(first), pa.int64()))  # of each conversation its clearest finding
    rows: list[dict[str, Any]] = table.filter(pa.array(within(table["group"].to_numpy()) < limit)).to_pylist()
    return rows


def _clip(example: Example, record: Record) -> Clip:
    quoted = quotes(record, example.rule_id, limit=_SEARCHED)
    own = [q for q in quoted if q.role != "customer"]  # an agent learns most from their own words
    quote = next(iter((*own, *quoted)), None)
    turn = quote.turn if quote else example.turn
    spoken = next((t for t in record.turns if t.turn == turn), None)
    before = [t for t in record.turns if spoken and t.turn < spoken.turn and t.role != spoken.role]
    asked = before[-1].text if before and before[-1].role == "customer" else ""
    return Clip(
        conversation_id=example.conversation_id,
        message=example.message,
        turn=turn,
        start_ms=spoken.start_ms if spoken else None,
        quote=quote,
        asked=asked if len(asked) <= _BEFORE else "…" + asked[-_BEFORE:],
    )


def _who(ids: pa.ChunkedArray, groups: pa.Table) -> pa.ChunkedArray:
    return groups["who"].take(pc.index_in(ids, value_set=groups["conversation_id"].combine_chunks()))


def _urgency(top: Top) -> tuple[int, int, int, float, str]:
    return -top.zeroed, -top.fatal, -top.times, -top.lost, top.title


def _example(row: dict[str, Any], top: Top) -> Example:
    return Example(
        top=top,
        advice=row["advice"] or "",
        message=row["message"],
        conversation_id=row["conversation_id"],
        rule_id=row["rule_id"],
        turn=row["first_turn"],
    )
