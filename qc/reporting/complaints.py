"""The complaint list: who must be answered until when, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.language import say
from qc.opinion.complaint_reasons import told_all
from qc.reporting import charts
from qc.reporting.batch import Batch, lookup
from qc.reporting.formatting import label
from qc.reporting.labels import SEVERITIES
from qc.reporting.selection import Line, lines
from qc.reporting.topics import callers
from qc.storage.read import StoredRun

LISTED = 60
_INKS = {s: f"grave-{s}" for s in SEVERITIES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One conversation of the list. `due_at` None: its start is not known. `turn`: where the gravest evidence is."""

    line: Line
    type: str
    severity: str
    escalations: tuple[str, ...]
    scope: str
    scope_size: int
    deadline_minutes: int
    due_at: datetime | None
    turn: int | None
    reasons: tuple[str, ...]
    late: bool
    """It was due before the run ended."""
    same_customer: int
    """Conversations of this customer on the list, this one included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """All complaints to be answered within so many minutes; `late`: due before the run ended."""

    minutes: int
    count: int
    customers: int
    late: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintKind:
    """All complaints of one type; `escalating`: those that may go to somebody outside."""

    title: str
    count: int
    severities: charts.Bar
    escalating: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaints:
    """What must be answered first stands first; `count` is all, also those not listed."""

    rows: tuple[Complaint, ...]
    count: int
    urgent: int
    """Of critical severity."""
    escalating: int
    customers: int
    """Distinct ones, as far as they are known; an unknown one counts for each conversation."""
    late: int
    ended: datetime | None
    """When the run ended; None where it does not say, and then nothing is late."""
    deadlines: tuple[Deadline, ...]
    severities: charts.Bar
    kinds: tuple[ComplaintKind, ...]


def complaints(batch: Batch) -> Complaints | None:
    """The list of a run; None where the run has no such table (made before there was one)."""
    if not has_table(batch.run, "complaints"):
        return None
    ended = batch.run.ended
    table = _ranked(batch.run.table("complaints"))
    table = table.append_column("who", lookup(table["conversation_id"], callers(batch))["who"])
    late = pc.fill_null(pc.less(table["due_at"], pa.scalar(ended, pa.timestamp("ms"))), False)
    table = table.append_column("late", late).append_column("same_customer", _times(table["who"]))
    shown = table.slice(0, LISTED)
    beside = lines(lookup(shown["conversation_id"], batch.conversations))
    outside = pc.greater(pc.list_value_length(table["escalations"]), 0)
    return Complaints(
        rows=tuple(_complaint(line, row) for line, row in zip(beside, shown.to_pylist(), strict=True)),
        count=table.num_rows,
        urgent=pc.sum(pc.equal(table["severity"], "critical")).as_py() or 0,
        escalating=pc.sum(outside).as_py() or 0,
        customers=pc.count_distinct(table["who"]).as_py(),
        late=pc.sum(late).as_py() or 0,
        ended=ended,
        deadlines=_deadlines(table),
        severities=_severities(say("全部"), table["severity"]),
        kinds=_kinds(table, outside),
    )


def complaint_ids(batch: Batch) -> tuple[str, ...]:
    """The conversations on the list, all of them."""
    return tuple(batch.run.table("complaints", ["conversation_id"])["conversation_id"].to_pylist())


def has_table(run: StoredRun, name: str) -> bool:
    """Whether the run has written table `name`, be it empty."""
    return bool(run.part_files(name))


def _ranked(table: pa.Table) -> pa.Table:
    rank = pc.fill_null(pc.index_in(table["severity"], value_set=pa.array(SEVERITIES)), len(SEVERITIES))
    table = table.append_column("rank", rank).append_column("undated", pc.cast(pc.is_null(table["due_at"]), pa.int8()))
    order = ("undated", "due_at", "rank", "conversation_id")
    return table.sort_by([(name, "ascending") for name in order])


def _complaint(line: Line, row: dict[str, object]) -> Complaint:
    names = ("type", "severity", "scope", "scope_size", "deadline_minutes", "due_at", "turn", "late", "same_customer")
    return Complaint(
        line=line,
        escalations=tuple(row["escalations"] or ()),  # type: ignore[arg-type]
        reasons=told_all(row["reasons"]),  # type: ignore[arg-type]
        **{name: row[name] for name in names},  # type: ignore[arg-type]
    )


def _times(who: pa.ChunkedArray) -> pa.ChunkedArray:
    """How often each value occurs in the column."""
    counts = pc.value_counts(who)
    at = pc.index_in(who, value_set=counts.field("values"))
    return counts.field("counts").take(at.combine_chunks())


def _deadlines(table: pa.Table) -> tuple[Deadline, ...]:
    columns = table.select(["deadline_minutes", "who"]).append_column("late", pc.cast(table["late"], pa.int64()))
    grouped = columns.group_by("deadline_minutes", use_threads=False).aggregate(
        [("who", "count"), ("who", "count_distinct"), ("late", "sum")]
    )
    return tuple(
        Deadline(
            minutes=row["deadline_minutes"],
            count=row["who_count"],
            customers=row["who_count_distinct"],
            late=row["late_sum"],
        )
        for row in grouped.sort_by("deadline_minutes").to_pylist()
    )


def _kinds(table: pa.Table, outside: pa.ChunkedArray) -> tuple[ComplaintKind, ...]:
    table = table.append_column("outside", pc.cast(outside, pa.int64()))
    grouped = table.group_by(["type", "severity"], use_threads=False).aggregate(
        [("severity", "count"), ("outside", "sum")]
    )
    counts: dict[str, dict[str, int]] = {}
    going: dict[str, int] = {}
    for row in grouped.to_pylist():
        counts.setdefault(row["type"], {})[row["severity"]] = row["severity_count"]
        going[row["type"]] = going.get(row["type"], 0) + row["outside_sum"]
    kinds = [
        ComplaintKind(title=t, count=sum(c.values()), severities=severity_bar(t, c), escalating=going[t])
        for t, c in counts.items()
    ]
    return tuple(sorted(kinds, key=lambda k: (-k.count, k.title)))


def _severities(title: str, column: pa.ChunkedArray) -> charts.Bar:
    return severity_bar(title, {v["values"]: v["counts"] for v in pc.value_counts(column).to_pylist()})


def severity_bar(title: str, counts: Mapping[str, int]) -> charts.Bar:
    """Complaints by severity, the gravest first."""
    return charts.stacked(title, [(label(s, "severity"), _INKS[s], counts.get(s, 0)) for s in SEVERITIES])
