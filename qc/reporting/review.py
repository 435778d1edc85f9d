"""How right the machine is by what people say (复核与准确率), over all runs at hand that were reviewed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qc.reporting.edition import Edition
from qc.review.accuracy import Measured, accuracy
from qc.review.calibration import Session
from qc.review.measures import Estimate
from qc.review.told import advice_told, attribute_told, basis_told, difference_told, value_told
from qc.storage.read import StoredRun

_RULES, _ITEMS, _DIFFERENCES, _SESSIONS = 12, 8, 8, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Machine against people on conversations of one kind: an accent, a channel."""

    attribute: str
    value: str
    measured: Measured


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    """The section. `runs` were reviewed; `basis`, `advice` and `differences` are sentences; of `rules` and `items`
    those with the most wrong verdicts, `more_rules` further ones had any; `sessions`: calibrations."""

    runs: int
    basis: str
    advice: str | None
    overall: Measured
    rules: tuple[Measured, ...]
    more_rules: int
    items: tuple[Measured, ...]
    kinds: tuple[Kind, ...]
    differences: tuple[str, ...]
    sessions: tuple[Session, ...]

    @property
    def accuracy(self) -> Estimate | None:
        """智能质检准确率."""
        return self.overall.accuracy


def reviewed(edition: Edition) -> Reviewed | None:
    """Measure; None where nobody reviewed anything. Last night's reviews come today, so earlier runs count too."""
    return measured_of((*edition.recent, edition.batch.run))


def measured_of(every: Sequence[StoredRun]) -> Reviewed | None:
    """Measure what was reviewed of some runs; None where nothing was."""
    runs = reviewed_runs(every)
    if not runs:
        return None
    measured = accuracy(runs)
    whole = measured.overall
    if not (whole.reviewed or whole.unsure_machine or measured.sessions):
        return None
    wrong = [m for m in measured.rules if m.wrong]
    return Reviewed(
        runs=len(runs),
        basis=basis_told(measured) if whole.conversations else "",
        advice=advice_told(whole) if whole.conversations else None,
        overall=whole,
        rules=tuple(wrong[:_RULES]),
        more_rules=max(0, len(wrong) - _RULES),
        items=tuple(m for m in measured.items if m.wrong)[:_ITEMS],
        kinds=tuple(
            Kind(attribute=attribute_told(name), value=value_told(name, m.key), measured=m)
            for name, levels in measured.kinds.items()
            if len(levels) > 1
            for m in levels
            if m.reviewed
        ),
        differences=tuple(difference_told(d) for d in measured.differences[:_DIFFERENCES]),
        sessions=measured.sessions[-_SESSIONS:],
    )


def reviewed_runs(runs: Sequence[StoredRun]) -> list[StoredRun]:
    """Those of `runs` of which somebody said anything; each once."""
    by_place = {run.path: run for run in runs if run.part_files("reviews")}
    return list(by_place.values())
