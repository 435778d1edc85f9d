"""Risks: conversations in which a customer threatens, escalates or is about to leave, by their signals."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from qc.reporting.batch import Batch, is_risk, lookup
from qc.reporting.evidence import Quote, quotes
from qc.reporting.labels import SEVERITIES, severity_rank
from qc.reporting.records import Record
from qc.reporting.selection import Line, lines

_LISTED = 30
_QUOTES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    title: str
    severity: str
    message: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """One conversation with its signals, gravest first. `mood`: the component of the customer's worst turn, empty
    when calm. `quotes`: the words of all signals, each turn once."""

    line: Line
    severity: str
    signals: tuple[Signal, ...]
    mood: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Risks:
    """The gravest conversations first; `conversations` counts all, also those not listed."""

    rows: tuple[Risk, ...]
    conversations: int


def risk_ids(batch: Batch, without: Collection[str] = ()) -> tuple[str, ...]:
    """The conversations `risks` needs the records of."""
    return tuple(_ranked(batch, without).slice(0, _LISTED)["conversation_id"].to_pylist())


def risks(batch: Batch, records: Mapping[str, Record], without: Collection[str] = ()) -> Risks:
    """All conversations with a risk signal, the gravest with their words; not those of `without`, which stand in
    another list."""
    ranked = _ranked(batch, without)
    shown = lines(lookup(ranked["conversation_id"].slice(0, _LISTED), batch.conversations))
    signs = _signs(batch, [line.conversation_id for line in shown])
    return Risks(
        rows=tuple(_risk(x, records[x.conversation_id], signs[x.conversation_id]) for x in shown),
        conversations=ranked.num_rows,
    )


def worst_mood(record: Record) -> str:
    """The component of the customer's most negative turn, empty when none was negative."""
    negative = [e for e in record.emotions if e.role == "customer" and e.label == "negative"]
    worst = min(negative, key=lambda e: (-e.level, e.polarity, e.turn), default=None)
    return (worst.component or "") if worst else ""


def _ranked(batch: Batch, without: Collection[str]) -> pa.Table:
    found = batch.findings
    found = found.filter(is_risk(found))
    if without:
        aside = pa.array(sorted(without), pa.string())
        found = found.filter(pc.invert(pc.is_in(found["conversation_id"], value_set=aside)))
    rank = pc.fill_null(pc.index_in(found["severity"], value_set=pa.array(SEVERITIES)), len(SEVERITIES))
    spoken = pc.cast(pc.is_valid(found["first_turn"]), pa.int8())  # words weigh more than a low mark alone
    columns = {"conversation_id": found["conversation_id"], "rank": rank, "spoken": spoken}
    table = pa.table(columns).group_by("conversation_id", use_threads=False)
    table = table.aggregate([("rank", "min"), ("rank", "count"), ("spoken", "max")])
    level = pc.fill_null(lookup(table["conversation_id"], batch.conversations)["customer_emotion_level"], 0)
    falling = [(name, "descending") for name in ("spoken_max", "level", "rank_count")]
    order = [("rank_min", "ascending"), *falling, ("conversation_id", "ascending")]
    return table.append_column("level", level).sort_by(order)


def _signs(batch: Batch, ids: Sequence[str]) -> Mapping[str, Mapping[str, Signal]]:
    """The risk signals of the conversations `ids` by rule, as they stand after review, without words."""
    found = batch.findings.filter(pc.is_in(batch.findings["conversation_id"], value_set=pa.array(ids, pa.string())))
    rows = found.filter(is_risk(found)).select(["conversation_id", "rule_id", "rule_title", "severity"]).to_pylist()
    signs: dict[str, dict[str, Signal]] = {i: {} for i in ids}
    for row in rows:
        bare = Signal(title=row["rule_title"], severity=row["severity"] or "", message="", quotes=())
        signs[row["conversation_id"]][row["rule_id"]] = bare
    return signs


def _risk(line: Line, record: Record, signs: Mapping[str, Signal]) -> Risk:
    mine = [f for f in record.findings if f.rule_id in signs]
    mine.sort(key=lambda f: (severity_rank(f.severity), f.first_turn or 0, f.rule_id))
    told = {
        f.rule_id: Signal(title=f.rule_title, severity=f.severity, message=f.message, quotes=quotes(record, f.rule_id))
        for f in mine
    }
    added = [sign for rule, sign in signs.items() if rule not in told]  # by people: there are no words to quote
    signals = tuple(sorted((*told.values(), *added), key=lambda s: severity_rank(s.severity)))
    words = {q.turn: q for s in reversed(signals) for q in reversed(s.quotes)}  # the gravest signal marks its turn
    ordered = [q for s in signals for q in s.quotes if words[q.turn] is q]
    return Risk(
        line=line,
        severity=signals[0].severity,
        signals=signals,
        mood=worst_mood(record),
        quotes=tuple(ordered[:_QUOTES]),
    )
