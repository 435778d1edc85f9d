"""波动系数: how far teams differ, beside how far they would by chance alone, and how far runs do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

import numpy as np

from qc.reporting.indicators.course import Course
from qc.reporting.indicators.facts import Facts
from qc.reporting.indicators.indicator import Figure, Indicator
from qc.reporting.indicators.ranks import differ
from qc.statistics.significance import benjamini_hochberg

ENOUGH = 30
"""Things counted in a team below which it is left out: its figure would be mostly chance."""
LEVEL = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """Coefficients of variation (standard deviation over mean) of one indicator, as shares: `teams` between teams,
    `chance` what their small numbers alone would give, `runs` between runs. `groups`: teams compared; `q`: the
    false-discovery rate at which teams would be called different. None: not enough of them."""

    indicator: Indicator
    teams: float | None
    chance: float | None
    groups: int
    q: float | None
    runs: float | None
    nights: int

    @property
    def different(self) -> bool:
        return self.q is not None and self.q <= LEVEL


def variations(
    indicators: Sequence[Indicator], teams: Sequence[Facts], courses: Sequence[Course | None]
) -> tuple[Variation, ...]:
    """Those of `indicators` that vary between `teams` or runs; `courses` beside them."""
    figures = [_figures(indicator, teams) for indicator in indicators]
    p = [differ([f.value or 0.0 for f in own], [f.error or 0.0 for f in own]) for own in figures]
    tested = [i for i, own in enumerate(figures) if len(own) > 1 and p[i] < 1]
    q = dict(zip(tested, benjamini_hochberg(np.array([p[i] for i in tested])).tolist(), strict=True))
    found = [
        Variation(
            indicator=indicator,
            teams=_spread([f.value or 0.0 for f in own]),
            chance=_chance(own),
            groups=len(own),
            q=q.get(i),
            runs=None if course is None else course.variation,
            nights=0 if course is None else sum(v is not None for v in course.values),
        )
        for i, (indicator, own, course) in enumerate(zip(indicators, figures, courses, strict=True))
    ]
    return tuple(v for v in found if v.teams is not None or v.runs is not None)


def _figures(indicator: Indicator, teams: Sequence[Facts]) -> list[Figure]:
    """Of the teams of which enough is known."""
    if indicator.measure is None:
        return []
    found = [indicator.measure(team) for team in teams]
    return [f for f in found if f.n >= ENOUGH and f.value is not None]


def _spread(values: Sequence[float]) -> float | None:
    return stdev(values) / fmean(values) if len(values) > 1 and fmean(values) > 0 else None


def _chance(figures: Sequence[Figure]) -> float | None:
    """The mean square of the standard errors, as a share of the mean."""
    errors = [f.error for f in figures if f.error is not None]
    middle = fmean([f.value or 0.0 for f in figures]) if figures else 0.0
    return math.sqrt(fmean(e * e for e in errors)) / middle if len(errors) > 1 and middle > 0 else None
