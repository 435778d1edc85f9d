"""What the rules said: ranking of hits, and COPC critical-error accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.language import say
from qc.reporting.batch import Batch
from qc.reporting.estimates import Rate
from qc.reporting.labels import COPC, severity_rank


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """One rule over the batch. `hit`: conversations hit among all inspected; `evidence`: single spots in them."""

    rule_id: str
    title: str
    version: str
    kind: str
    severity: str
    trial: bool
    hit: Rate
    evidence: int
    undecided: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulings:
    """Rules by kind, gravest and most frequent first. Rules that never hit have no rows in a run."""

    violations: tuple[RuleRow, ...]
    signals: tuple[RuleRow, ...]
    merits: tuple[RuleRow, ...]
    silent: int
    """Rules of this run without a hit and without an undecided verdict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """Share of scored conversations without an error of this class."""

    code: str
    title: str
    rate: Rate


def rulings(batch: Batch) -> Rulings:
    """Rank the rules of the batch."""
    table = batch.findings
    hit = pc.equal(table["verdict"], "hit")
    keys = ["rule_id", "rule_title", "rule_version", "kind", "severity", "status"]
    columns = {k: table[k] for k in keys} | {
        "hit": pc.cast(hit, pa.int64()),
        "evidence": pc.if_else(hit, pc.fill_null(table["hit_count"], 0), 0),
        "undecided": pc.cast(pc.equal(table["verdict"], "undecided"), pa.int64()),
    }
    grouped = pa.table(columns).group_by(keys, use_threads=False)
    counted = grouped.aggregate([(name, "sum") for name in ("hit", "evidence", "undecided")])
    rows = [_row(group, batch.size) for group in counted.to_pylist()]
    rows.sort(key=lambda row: (severity_rank(row.severity), -row.hit.count, -row.undecided, row.rule_id))
    return Rulings(
        violations=tuple(r for r in rows if r.kind == "violation"),
        signals=tuple(r for r in rows if r.kind == "signal"),
        merits=tuple(r for r in rows if r.kind == "merit"),
        silent=len(set(batch.run.lineage.rules) - {r.rule_id for r in rows}),
    )


def accuracy(batch: Batch) -> tuple[Accuracy, ...]:
    """COPC critical-error accuracy: customer, business, compliance."""
    table = batch.conversations
    scored = table.filter(pc.is_valid(table["score"]))
    return tuple(
        Accuracy(
            code=code,
            title=say(title),
            rate=Rate(
                count=scored.num_rows - int(pc.sum(pc.cast(scored[f"{code}_error"], pa.int64())).as_py() or 0),
                n=scored.num_rows,
            ),
        )
        for code, title in COPC.items()
    )


def _row(group: dict[str, Any], size: int) -> RuleRow:
    return RuleRow(
        rule_id=group["rule_id"],
        title=group["rule_title"],
        version=group["rule_version"] or "",
        kind=group["kind"],
        severity=group["severity"],
        trial=group["status"] == "shadow",
        hit=Rate(count=group["hit_sum"], n=size),
        evidence=group["evidence_sum"],
        undecided=group["undecided_sum"],
    )
