"""What an agent or a team must work on first, 一票否决 before the most frequent deduction, and its clearest example."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from qc.reporting.batch import Batch, lookup
from qc.reporting.deductions import deducted
from qc.reporting.evidence import Quote, quotes
from qc.reporting.labels import severity_rank
from qc.reporting.records import Record

_SEARCHED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Top:
    """The item to work on first: how many times it was deducted, in how many of them it triggered 一票否决
    (`fatal`) and in how many that made the whole score 0 (`zeroed`), and how many points it cost of its own."""

    title: str
    times: int
    fatal: int
    zeroed: int
    lost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """The finding that shows a deduction best."""

    top: Top
    advice: str
    message: str
    conversation_id: str
    rule_id: str
    turn: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coaching:
    """What to work on: the rule's advice on it, with a quote."""

    example: Example
    quote: Quote | None

    @property
    def turn(self) -> int | None:
        """Where to look: the turn that is quoted."""
        return self.quote.turn if self.quote else self.example.turn


def foremost(batch: Batch, groups: pa.Table) -> Mapping[str, Top]:
    """`groups` maps conversation_id to a column `who`; of each the item to work on first: what made scores 0, then
    other 一票否决, then what was deducted most often."""
    items = batch.items.filter(deducted(batch.items))
    table = pa.table(
        {
            "who": lookup(items["conversation_id"], groups)["who"],
            "title": items["item_title"],
            "lost": pc.negate(items["points"]),
            "fatal": pc.cast(pc.fill_null(items["fatal"], False), pa.int64()),
            "zeroed": pc.cast(items["zeroed"], pa.int64()),
        }
    )
    table = table.filter(pc.is_valid(table["who"]))
    grouped = table.group_by(["who", "title"], use_threads=False)
    grouped = grouped.aggregate([("lost", "sum"), ("lost", "count"), ("fatal", "sum"), ("zeroed", "sum")])
    found: defaultdict[str, list[Top]] = defaultdict(list)
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
    return {who: min(tops, key=_urgency) for who, tops in found.items()}


def examples(batch: Batch, groups: pa.Table) -> Mapping[str, Example]:
    """The clearest finding behind the item each group must work on first."""
    tops = foremost(batch, groups)
    items = batch.items.filter(deducted(batch.items)).select(
        ["conversation_id", "item_title", "rule_ids", "fatal", "zeroed"]
    )
    items = items.append_column("who", lookup(items["conversation_id"], groups)["who"])
    findings = batch.findings
    hit = findings.filter(pc.and_(pc.equal(findings["verdict"], "hit"), pc.equal(findings["kind"], "violation")))
    by_key = {(f["conversation_id"], f["rule_id"]): f for f in hit.to_pylist()}
    chosen: dict[str, tuple[tuple[Any, ...], Example]] = {}
    for item in items.filter(pc.is_valid(items["who"])).to_pylist():
        top = tops[item["who"]]
        if item["item_title"] != top.title:
            continue
        for rule_id in item["rule_ids"] or ():
            if finding := by_key.get((item["conversation_id"], rule_id)):
                candidate = (not item["zeroed"], not item["fatal"], *_clarity(finding)), _example(finding, top)
                kept = chosen.get(item["who"])
                if kept is None or candidate[0] < kept[0]:
                    chosen[item["who"]] = candidate
    return {who: example for who, (_, example) in chosen.items()}


def coach(example: Example, records: Mapping[str, Record]) -> Coaching:
    """The example with its quote. `records` must hold its conversation."""
    quoted = quotes(records[example.conversation_id], example.rule_id, limit=_SEARCHED)
    own = [q for q in quoted if q.role != "customer"]  # an agent learns most from their own words
    return Coaching(example=example, quote=next(iter((*own, *quoted)), None))


def _urgency(top: Top) -> tuple[int, int, int, float, str]:
    return -top.zeroed, -top.fatal, -top.times, -top.lost, top.title


def _clarity(finding: dict[str, Any]) -> tuple[Any, ...]:
    # Clear means: it can be pointed at, it has advice, it is grave, it happened more than once.
    return (
        finding["first_turn"] is None,
        not finding["advice"],
        severity_rank(finding["severity"]),
        -(finding["hit_count"] or 0),
        finding["conversation_id"],
        finding["rule_id"],
    )


def _example(finding: dict[str, Any], top: Top) -> Example:
    return Example(
        top=top,
        advice=finding["advice"] or "",
        message=finding["message"],
        conversation_id=finding["conversation_id"],
        rule_id=finding["rule_id"],
        turn=finding["first_turn"],
    )
