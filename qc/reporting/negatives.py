"""负面清单: every conversation of the run somebody must answer for, what happened in it and what is to be done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from qc.opinion.complaint_reasons import told_all
from qc.reporting.batch import Batch, lookup
from qc.reporting.labels import SEVERITIES, severity_rank
from qc.reporting.selection import Line, lines
from qc.reporting.spoken import Spoken, spoken_at

STRONG = 4
"""From this level (0..5) of a customer's worst turn on, the emotion alone puts a conversation on the list."""
LISTED = 200
_GRAVE = ("critical", "high")
_OF_LEVEL = {5: "high", 4: "medium"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A violation by its final verdict. `turn`: its first evidence."""

    rule_id: str
    title: str
    severity: str
    advice: str
    turn: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Negative:
    """A row of the list. `severity`: the gravest of its faults, its complaint and the customer's emotion; `faults` the
    gravest first. `complaint`: its type, empty where it is none; `reasons` and `due_at` are its. `said`: the customer's
    words, `done`: the agent's at the gravest fault, None where nobody said anything. `status`: open (nobody reviewed
    it), reviewed, overturned (some verdict was changed) or appealed (an appeal waits)."""

    line: Line
    severity: str
    faults: tuple[Fault, ...]
    complaint: str
    reasons: tuple[str, ...]
    due_at: datetime | None
    said: Spoken | None
    done: Spoken | None
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NegativeList:
    """The gravest rows first; `count` is all, also those not listed. `faulty`, `auto_fails`, `complaints`, `upset`: why
    they are on it; a conversation may count in several."""

    rows: tuple[Negative, ...]
    count: int
    faulty: int
    auto_fails: int
    complaints: int
    upset: int


def negative_list(batch: Batch, limit: int | None = LISTED) -> NegativeList:
    """Conversations with a critical or high violation, a 一票否决, a complaint or a strong negative emotion; up to
    `limit` of them as rows, None: all."""
    table = _ranked(batch)
    shown = table if limit is None else table.slice(0, limit)
    beside = lines(lookup(shown["conversation_id"], batch.conversations))
    faults = _faults(batch, shown["conversation_id"])
    status = review_status(batch)
    told = shown.to_pylist()
    places = {r["conversation_id"]: r["turn"] or r["worst_turn"] for r in told}
    acts = {name: found[0].turn for name, found in faults.items()}
    spoken = spoken_at(batch.run, [*places.items(), *acts.items()])
    rows = []
    for line, row in zip(beside, told, strict=True):
        name = line.conversation_id
        words, act = spoken.get((name, places[name])), spoken.get((name, acts.get(name)))
        rows.append(
            Negative(
                line=line,
                severity=SEVERITIES[row["rank"]],
                faults=faults.get(name, ()),
                complaint=row["type"] or "",
                reasons=told_all(row["reasons"]),
                due_at=row["due_at"],
                said=words if words and words.role == "customer" else None,
                done=act if act and act.role != "customer" else None,
                status=status.get(name, "open"),
            )
        )
    return NegativeList(
        rows=tuple(rows),
        count=table.num_rows,
        faulty=_count(table["faulty"]),
        auto_fails=_count(table["failed"]),
        complaints=table.num_rows - table["type"].null_count,
        upset=_count(table["upset"]),
    )


def review_status(batch: Batch) -> Mapping[str, str]:
    """Conversation → what people have done about it, of those they have done anything about."""
    found: dict[str, str] = {}
    finals = batch.run.table("final_findings", ["conversation_id", "machine_verdict", "final_verdict"])
    for row in finals.to_pylist():
        changed = row["machine_verdict"] != row["final_verdict"]
        if changed or row["conversation_id"] not in found:
            found[row["conversation_id"]] = "overturned" if changed else "reviewed"
    whole = batch.run.table("reviews", ["conversation_id", "session"])
    for name in whole.filter(pc.is_null(whole["session"]))["conversation_id"].to_pylist():
        found.setdefault(name, "reviewed")
    steps = batch.run.table("appeals", ["appeal_id", "step", "conversation_id", "status"])
    last = {r["appeal_id"]: r for r in steps.sort_by("step").to_pylist()}
    return found | {r["conversation_id"]: "appealed" for r in last.values() if r["status"] == "open"}


def _ranked(batch: Batch) -> pa.Table:
    """A row per conversation on the list: why it is there, and its rank (0 is the gravest)."""
    table = batch.conversations
    filed = batch.run.table("complaints", ["conversation_id", "type", "severity", "due_at", "turn", "reasons"])
    mine = lookup(table["conversation_id"], filed)
    level = pc.fill_null(table["customer_emotion_level"], 0)
    faulty, failed = pc.greater(table["grave"], 0), pc.fill_null(table["auto_fail"], False)
    upset = pc.greater_equal(level, STRONG)
    kept = pc.or_(pc.or_(faulty, failed), pc.or_(pc.is_valid(mine["conversation_id"]), upset))
    nothing = len(SEVERITIES) - 1
    fault = pc.case_when(pc.make_struct(pc.or_(failed, pc.greater(table["fatal"], 0)), faulty), 0, 1, nothing)
    complaint = pc.fill_null(pc.index_in(mine["severity"], value_set=pa.array(SEVERITIES)), nothing)
    felt = pc.case_when(
        pc.make_struct(pc.greater_equal(level, STRONG + 1), upset), *map(severity_rank, _OF_LEVEL.values()), nothing
    )
    rank = pc.min_element_wise(*(pc.cast(c, pa.int32()) for c in (fault, complaint, felt)))
    out = pa.table(
        {
            "conversation_id": table["conversation_id"],
            "worst_turn": table["customer_emotion_worst_turn"],
            "faulty": faulty,
            "failed": failed,
            "upset": upset,
            "rank": rank,
            "undated": pc.cast(pc.is_null(mine["due_at"]), pa.int8()),
            **{name: mine[name] for name in ("type", "due_at", "turn", "reasons")},
        }
    ).filter(kept)
    return out.sort_by([(name, "ascending") for name in ("rank", "undated", "due_at", "conversation_id")])


def _faults(batch: Batch, ids: pa.ChunkedArray) -> Mapping[str, tuple[Fault, ...]]:
    """By conversation its violations, the gravest first; where there is a grave one, the slight ones are left out."""
    found = batch.findings
    counted = pc.and_(pc.equal(found["kind"], "violation"), pc.equal(found["verdict"], "hit"))
    counted = pc.and_(counted, pc.not_equal(found["status"], "shadow"))
    found = found.filter(pc.and_(counted, pc.is_in(found["conversation_id"], value_set=ids.combine_chunks())))
    own: defaultdict[str, list[Fault]] = defaultdict(list)
    for row in found.to_pylist():
        own[row["conversation_id"]].append(
            Fault(
                rule_id=row["rule_id"],
                title=row["rule_title"] or row["rule_id"],
                severity=row["severity"] or "",
                advice=row["advice"] or "",
                turn=row["first_turn"],
            )
        )
    return {name: _gravest(faults) for name, faults in own.items()}


def _gravest(faults: list[Fault]) -> tuple[Fault, ...]:
    ordered = sorted(faults, key=lambda f: (severity_rank(f.severity), f.turn or 0, f.rule_id))
    grave = tuple(f for f in ordered if f.severity in _GRAVE)
    return grave or tuple(ordered)


def _count(flags: pa.ChunkedArray) -> int:
    return int(pc.sum(flags).as_py() or 0)
