"""Which conversations deserve a page, and the lists of conversations the pages show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from qc.reporting.batch import Batch

_WORST, _BEST = 10, 6
_COLUMNS = [
    *("conversation_id", "project", "channel", "started_at", "duration_ms", "agent_id", "agent_name", "team", "region"),
    *("satisfaction", "score", "grade", "passed", "auto_fail", "violations", "fatal", "grave", "merits", "risks"),
    *("undecided", "undecided_items", "sentiment", "machine_score", "reviewed"),
    *("customer_emotion_start", "customer_emotion_end", "customer_emotion_level"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A conversation in a list. `score` in percent of the base, None where no card applied; `undecided` counts rules,
    `undecided_items` the items of its cards that lost nothing only because nobody could tell."""

    conversation_id: str
    project: str
    channel: str
    started_at: datetime | None
    duration_ms: int | None
    agent_id: str | None
    agent_name: str | None
    team: str | None
    region: str | None
    satisfaction: int | None
    score: float | None
    grade: str | None
    passed: bool | None
    auto_fail: bool | None
    violations: int
    fatal: int
    grave: int
    merits: int
    risks: int
    undecided: int
    undecided_items: int
    sentiment: str
    machine_score: float | None
    reviewed: bool
    """People judged it: `score` is the final one, `machine_score` what the machine gave."""
    customer_emotion_start: float | None
    customer_emotion_end: float | None
    customer_emotion_level: int | None

    @property
    def agent(self) -> str:
        """Who served, as people say it: name, else number, else nothing."""
        return self.agent_name or self.agent_id or ""


def by_importance(batch: Batch, limit: int) -> tuple[Line, ...]:
    """The `limit` conversations a lead should open first. When all do not fit, those without any finding stay out."""
    table = batch.conversations
    if table.num_rows > limit:
        flagged = pc.greater(pc.add(pc.add(table["violations"], table["undecided"]), table["risks"]), 0)
        table = table.filter(flagged)
    ranked = table.append_column("rank", pc.cast(pc.fill_null(table["auto_fail"], False), pa.int8())).sort_by(
        [(name, "descending") for name in ("rank", "fatal", "grave", "risks", "violations", "undecided")]
        + [("score", "ascending"), ("conversation_id", "ascending")]
    )
    return lines(ranked.slice(0, limit))


def worst(batch: Batch) -> tuple[Line, ...]:
    """The lowest scores among conversations with a violation."""
    table = _scored(batch)
    table = table.filter(pc.greater(table["violations"], 0))
    order = [("score", "ascending"), ("fatal", "descending"), ("grave", "descending"), ("conversation_id", "ascending")]
    return lines(table.sort_by(order).slice(0, _WORST))


def best(batch: Batch) -> tuple[Line, ...]:
    """The highest scores of people without any violation; among equals merits first, then what was decided in full.
    Talks of bots only where no agent is known at all: nobody learns from them how to talk."""
    table = _scored(batch)
    table = table.filter(pc.equal(table["violations"], 0))
    people = pc.or_(pc.is_valid(table["agent_id"]), pc.is_valid(table["agent_name"]))
    table = table.filter(people) if pc.any(people).as_py() else table
    order = [("score", "descending"), ("merits", "descending"), ("undecided_items", "ascending")]
    return lines(table.sort_by([*order, ("conversation_id", "ascending")]).slice(0, _BEST))


def lines(table: pa.Table) -> tuple[Line, ...]:
    """Rows of `Batch.conversations` as lines."""
    rows: Sequence[dict[str, Any]] = table.select(_COLUMNS).to_pylist()
    return tuple(Line(**row) for row in rows)


def _scored(batch: Batch) -> pa.Table:
    table = batch.conversations
    return table.filter(pc.is_valid(table["score"]))
