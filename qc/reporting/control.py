"""Control charts (休哈特控制图) of mean scores and of rates, batch by batch or day by day.

Rates are on a p chart, p̄ ± 3√(p̄(1−p̄)/nᵢ) (ISO 7870-2, GB/T 17989.2; Montgomery, Introduction to Statistical Quality
Control, §7.3). Where they differ by more than counting explains, which with thousands of conversations they always do,
the limits are widened by σz, the spread of the standardised rates from their moving range (Laney 2002, Improved control
charts for attributes, Quality Engineering 14). Means are on a chart of individuals, x̄ ± 3·MR̄/1.128
(`qc.statistics.individuals`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qc.domain.language import say
from qc.reporting.courses import Course, Reading, course
from qc.reporting.estimates import Rate
from qc.reporting.formatting import number, percent
from qc.statistics.individuals import ENOUGH, sigma, usual

ONE_SIDED = 9
"""So many values in a row on one side of the centre are no chance (ISO 7870-2, test 2)."""
_RARE = 0.1
"""Below this share of the scale the standard deviation of a rate follows its mean."""
Limits = tuple[float, float] | tuple[None, None]
"""Lower and upper control limit; None where there are too few values to draw any, or these never moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """What is charted: its name and unit, how a value is written, and the most there can be."""

    title: str
    unit: str
    form: Callable[[float], str]
    ceiling: float


def of_scores() -> Scale:
    """Mean scores in per cent of the full score."""
    return Scale(title=say("平均分"), unit=say("分"), form=number, ceiling=100.0)


def of_rates(title: str) -> Scale:
    """Shares 0..1."""
    return Scale(title=title, unit="%", form=percent, ceiling=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """`variation`: 波动系数, the standard deviation of the charted values over their mean; None below two values and
    for what is rare, where it says nothing. `findings`: what the chart says, in words; `alarm`: something is out of the
    ordinary."""

    chart: Course
    variation: float | None
    findings: tuple[str, ...]
    alarm: bool


def measure(
    scale: Scale,
    readings: Sequence[Reading],
    centre: float,
    findings: Sequence[str],
    *,
    alarm: bool,
    width: float = 440.0,
) -> Measure:
    """The chart of at least one reading. The centre is drawn where there are limits; the first finding sums up."""
    chart = course(
        title=scale.title,
        summary=findings[0],
        unit=scale.unit,
        readings=readings,
        form=scale.form,
        centre=centre if readings[0].low is not None else None,
        floor=0.0,
        ceiling=scale.ceiling,
        width=width,
    )
    spread = variation([g.value for g in readings], scale.ceiling)
    return Measure(chart=chart, variation=spread, findings=tuple(findings), alarm=alarm)


def score_limits(values: Sequence[float]) -> Limits:
    """Of mean scores, by those given."""
    drawn = usual(values)
    return (max(0.0, drawn[0]), min(100.0, drawn[1])) if drawn else (None, None)


def pooled(rates: Sequence[Rate]) -> float:
    """The share of all together, of which there must be some."""
    return sum(rate.count for rate in rates) / sum(rate.n for rate in rates)


def rate_limits(rates: Sequence[Rate], sizes: Sequence[int]) -> list[Limits]:
    """Of shares of so many conversations (`sizes`), by the rates given."""
    centre = pooled(rates)
    if len(rates) < ENOUGH or not 0 < centre < 1:  # a rate of 0 or 1 leaves no room for chance
        return [(None, None)] * len(sizes)
    wide = 3 * overdispersion(rates, centre)
    halves = [wide * math.sqrt(centre * (1 - centre) / n) if n else 0.0 for n in sizes]
    return [(max(0.0, centre - half), min(1.0, centre + half)) for half in halves]


def overdispersion(rates: Sequence[Rate], centre: float) -> float:
    """Laney's σz, at least 1: how much wider the rates spread than counting alone explains."""
    z = [((p.value or 0.0) - centre) / math.sqrt(centre * (1 - centre) / p.n) for p in rates if p.n]
    return max(1.0, sigma(z)) if len(z) > 1 else 1.0


def variation(values: Sequence[float], ceiling: float) -> float | None:
    """The coefficient of variation (波动系数): standard deviation by mean; None of a single value, or where the mean is
    so small a share of `ceiling`, the most there can be, that the quotient says nothing."""
    if len(values) < 2:
        return None
    mean = sum(values) / len(values)
    spread = math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1))
    return spread / mean if mean > _RARE * ceiling else None
