"""How a share or a mean moved from one period to another, and whether that is more than what days differ by.

Days are the units: conversations of a day have their weather, their outage and their shift in common, and of a hundred
thousand a night every difference would be “significant”. A figure is the ratio of two sums over days, Σc/Σn, with the
variance D/(D−1) Σ(c − r n)² / (Σn)² of a ratio of cluster totals (Cochran, Sampling Techniques, 1977, 6.3 and 9A); for
a share no less than the binomial one. The difference is Student's t with D + D′ − 2 degrees of freedom; over all that
is listed together the false-discovery rate is controlled (Benjamini & Hochberg 1995).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from qc.reporting.difference import LEVEL
from qc.statistics.distributions import student_quantile, student_tail
from qc.statistics.significance import benjamini_hochberg

Floats = NDArray[np.float64]
Key = TypeVar("Key", bound=Hashable)
ENOUGH_DAYS = 5
"""From so many days of both periods on a difference is judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """The figure now less the figure before, with its 95 % interval. `q`: the smallest false-discovery rate at which it
    is called a change."""

    value: float
    low: float
    high: float
    q: float

    @property
    def side(self) -> str:
        """up, down, or level where it may be chance."""
        return "level" if self.q > 1 - LEVEL else "up" if self.value > 0 else "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Of `n` conversations on each day, `count` (or their sum). `share`: it is one of 0 or 1 each."""

    count: Floats
    n: Floats
    share: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A difference with its standard error and degrees of freedom."""

    value: float
    error: float
    df: float


def shifts(now: Mapping[Key, Days], before: Mapping[Key, Days]) -> dict[Key, Shift]:
    """The shift of everything that is in both and can be judged."""
    found = {}
    for key, own in now.items():
        if key in before and (estimate := _difference(own, before[key])) is not None:
            found[key] = estimate
    return judged(found)


def judged(estimates: Mapping[Key, Estimate]) -> dict[Key, Shift]:
    """Differences with intervals, and their false-discovery rates among each other."""
    tails = [float(student_tail(e.value / e.error, e.df)) for e in estimates.values()]
    q = benjamini_hochberg(np.array(tails)) if tails else np.zeros(0)
    out = {}
    for (key, e), own_q in zip(estimates.items(), q.tolist(), strict=True):
        reach = student_quantile(LEVEL, e.df) * e.error
        out[key] = Shift(value=e.value, low=e.value - reach, high=e.value + reach, q=own_q)
    return out


def _difference(now: Days, before: Days) -> Estimate | None:
    """None with too few days, where nothing ever differed, and of what never happened."""
    value, variance, days = 0.0, 0.0, 0
    if now.share and not now.count.any() and not before.count.any():
        return None
    for sign, own in ((1, now), (-1, before)):
        known = own.n > 0
        count, n = own.count[known], own.n[known]
        if len(n) < ENOUGH_DAYS:
            return None
        total = float(n.sum())
        ratio = float(count.sum()) / total
        spread = len(n) / (len(n) - 1) * float(np.square(count - ratio * n).sum()) / total**2
        if own.share:
            smooth = (float(count.sum()) + 0.5) / (total + 1)
            spread = max(spread, smooth * (1 - smooth) / total)
        value, variance, days = value + sign * ratio, variance + spread, days + len(n)
    return Estimate(value=value, error=math.sqrt(variance), df=days - 2) if variance > 0 else None
