"""Signals: conversations in which a customer threatens, escalates or is about to leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from qc.reporting.batch import Batch, lookup
from qc.reporting.evidence import Quote, quotes
from qc.reporting.labels import SEVERITIES
from qc.reporting.records import Record
from qc.reporting.selection import Line, lines

_LISTED = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """One signal in one conversation. `mood`: the component of the customer's worst turn, empty when calm."""

    line: Line
    rule_title: str
    severity: str
    message: str
    trial: bool
    mood: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Risks:
    """The gravest signals first; `total` counts all, also those not listed."""

    rows: tuple[Risk, ...]
    total: int
    conversations: int


def risk_ids(batch: Batch) -> tuple[str, ...]:
    """The conversations `risks` needs the records of."""
    return tuple(_ranked(batch).slice(0, _LISTED)["conversation_id"].to_pylist())


def risks(batch: Batch, records: Mapping[str, Record]) -> Risks:
    """All signals of the batch, the gravest quoted."""
    ranked = _ranked(batch)
    shown = ranked.slice(0, _LISTED)
    of = lines(lookup(shown["conversation_id"], batch.conversations))
    rows = [
        Risk(
            line=line,
            rule_title=finding["rule_title"],
            severity=finding["severity"],
            message=finding["message"],
            trial=finding["status"] == "shadow",
            mood=worst_mood(records[line.conversation_id]),
            quotes=quotes(records[line.conversation_id], finding["rule_id"]),
        )
        for line, finding in zip(of, shown.to_pylist(), strict=True)
    ]
    return Risks(rows=tuple(rows), total=ranked.num_rows, conversations=len(pc.unique(ranked["conversation_id"])))


def worst_mood(record: Record) -> str:
    """The component of the customer's most negative turn, empty when none was negative."""
    negative = [e for e in record.emotions if e.role == "customer" and e.label == "negative"]
    worst = min(negative, key=lambda e: (-e.level, e.polarity, e.turn), default=None)
    return (worst.component or "") if worst else ""


def _ranked(batch: Batch) -> pa.Table:
    table = batch.findings
    table = table.filter(pc.and_(pc.equal(table["kind"], "signal"), pc.equal(table["verdict"], "hit")))
    level = pc.fill_null(lookup(table["conversation_id"], batch.conversations)["customer_emotion_level"], 0)
    rank = pc.fill_null(pc.index_in(table["severity"], value_set=pa.array(SEVERITIES)), len(SEVERITIES))
    order = {"rank": "ascending", "level": "descending", "conversation_id": "ascending", "rule_id": "ascending"}
    return table.append_column("rank", rank).append_column("level", level).sort_by(list(order.items()))
