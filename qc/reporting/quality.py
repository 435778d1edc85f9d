"""The quality report (质检报表): what came in, how good it was, where points go, what to look at first."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow.compute as pc

from qc.reporting.batch import Batch
from qc.reporting.cards import Card, cards
from qc.reporting.deductions import Deductions, deductions
from qc.reporting.dialogue import FLOOR
from qc.reporting.edition import Edition
from qc.reporting.evidence import Quote, quotes, standing, violations
from qc.reporting.hearing import Hearing, hearing
from qc.reporting.intake import Intake, intake
from qc.reporting.labels import severity_rank
from qc.reporting.records import Record
from qc.reporting.review import Reviewed, reviewed
from qc.reporting.risks import Risks, risk_ids, risks
from qc.reporting.rule_changes import RuleChanges, rule_changes
from qc.reporting.rulings import Accuracy, Rulings, accuracy, rulings
from qc.reporting.selection import Line, best, worst
from qc.reporting.summaries import Summary, summarise, summarise_all
from qc.reporting.trend import Trend, trend
from qc.reporting.verdicts import Verdicts, verdicts
from qc.review.ledger import behind
from qc.review.told import behind_told

_FAILURES_LISTED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureLine:
    """One input without a result."""

    input: str
    stage: str
    kind: str
    message: str
    retryable: bool
    quarantined: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """How many inputs failed for one reason."""

    stage: str
    kind: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    rows: tuple[FailureLine, ...]
    causes: tuple[Cause, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A conversation worth opening, with the titles of its gravest violations (or merits) and one quote."""

    line: Line
    reasons: tuple[str, ...]
    quote: Quote | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityPage:
    total: Summary
    intake: Intake
    verdicts: Verdicts | None
    reviewed: Reviewed | None
    behind: str
    """That final verdicts are older than the last review, and what to do; empty where they are not."""
    trend: Trend | None
    changes: RuleChanges | None
    failures: Failures
    cards: tuple[Card, ...]
    deductions: Deductions
    rulings: Rulings
    accuracy: tuple[Accuracy, ...]
    by_project: tuple[Summary, ...]
    by_channel: tuple[Summary, ...]
    worst: tuple[Case, ...]
    best: tuple[Case, ...]
    risks: Risks
    hearing: Hearing | None
    listed: tuple[Line, ...]
    """Every conversation that has a page, most important first."""


def quality_page(edition: Edition) -> QualityPage:
    """Compute the page."""
    batch, records = edition.batch, edition.records
    floor = batch.run.lineage.confidence_floor
    return QualityPage(
        total=summarise_all(batch.conversations),
        intake=intake(batch),
        verdicts=verdicts(batch),
        reviewed=reviewed(edition),
        behind=behind_told() if behind(batch.run) else "",
        trend=trend(batch, edition.earlier),
        changes=rule_changes(batch, edition.earlier, edition.again),
        failures=_failures(batch),
        cards=cards(batch),
        deductions=deductions(batch),
        rulings=rulings(batch),
        accuracy=accuracy(batch),
        by_project=summarise(batch.conversations, "project"),
        by_channel=summarise(batch.conversations, "channel"),
        worst=tuple(_bad_case(line, records[line.conversation_id]) for line in worst(batch)),
        best=tuple(_good_case(line, records[line.conversation_id]) for line in best(batch)),
        risks=risks(batch, records),
        hearing=hearing(batch.run, FLOOR if floor is None else floor),
        listed=edition.listed,
    )


def quality_ids(batch: Batch) -> tuple[str, ...]:
    """The conversations quoted on the page: worst, best and risks."""
    return (*(line.conversation_id for line in (*worst(batch), *best(batch))), *risk_ids(batch))


def _bad_case(line: Line, record: Record) -> Case:
    found = sorted(violations(record), key=lambda f: (severity_rank(f.severity), f.first_turn or 0, f.rule_id))
    quote = next((q for f in found for q in quotes(record, f.rule_id, limit=1)), None)
    return Case(line=line, reasons=tuple(f.rule_title for f in found), quote=quote)


def _good_case(line: Line, record: Record) -> Case:
    found = standing(record, "merit")
    quote = next((q for f in found for q in quotes(record, f.rule_id, limit=1)), None)
    return Case(line=line, reasons=tuple(f.rule_title for f in found), quote=quote)


def _failures(batch: Batch) -> Failures:
    table = batch.run.table("failures").sort_by([("stage", "ascending"), ("kind", "ascending"), ("input", "ascending")])
    causes = table.group_by(["stage", "kind"], use_threads=False).aggregate([("input", "count")])
    names = ("input", "stage", "kind", "message", "retryable", "quarantined")
    shown = table.sort_by([("quarantined", "descending"), ("input", "ascending")]).slice(0, _FAILURES_LISTED)
    return Failures(
        rows=tuple(FailureLine(**row) for row in shown.select(names).to_pylist()),
        causes=tuple(
            Cause(stage=c["stage"], kind=c["kind"], count=c["input_count"])
            for c in sorted(causes.to_pylist(), key=lambda c: (-c["input_count"], c["stage"], c["kind"]))
        ),
        total=int(pc.count(table["input"]).as_py()),
    )
