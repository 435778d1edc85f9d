"""How far raters agree beyond chance: Cohen's κ, Gwet's AC1, Fleiss' κ, with intervals.

With few hits, two people who nearly always say “no” agree nearly always, and κ falls to nothing although they hardly
ever differ (Feinstein & Cicchetti, High agreement but low kappa, J. Clin. Epidemiol. 43, 1990). So AC1 stands beside
it, and the agreement on hits and on others apart.

- κ: Cohen, A coefficient of agreement for nominal scales, Educ. Psychol. Meas. 20, 1960; its asymptotic variance:
  Fleiss, Cohen & Everitt, Large sample standard errors of kappa and weighted kappa, Psychol. Bull. 72, 1969.
- AC1, and Fleiss' κ for several raters of whom some may be missing, with variances linearised over subjects: Gwet,
  Computing inter-rater reliability and its variance in the presence of high agreement, Br. J. Math. Stat. Psychol. 61,
  2008; Handbook of Inter-Rater Reliability, 4th ed., 2014, ch. 5.
- Positive and negative agreement: Cicchetti & Feinstein, J. Clin. Epidemiol. 43, 1990.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qc.statistics.intervals import Z

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

MISSING = -1
"""In a table of ratings: this rater did not judge this subject."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficient:
    """A coefficient of agreement: 1 complete, 0 no more than chance. `error`: its standard error, None where nothing
    can be said of it (a single subject)."""

    value: float
    error: float | None

    @property
    def low(self) -> float | None:
        """Lower end of the 95 % interval."""
        return None if self.error is None else max(-1.0, self.value - Z * self.error)

    @property
    def high(self) -> float | None:
        """Upper end of the 95 % interval."""
        return None if self.error is None else min(1.0, self.value + Z * self.error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Two raters who judged `n` subjects, hit or not. `both`, `neither`, `first`, `second`: who said hit, and `weight`:
    what these four stand for, which decides every share. κ is None where both always said the same one thing: chance
    alone explains that."""

    both: int
    neither: int
    first: int
    second: int
    weight: tuple[float, float, float, float]
    kappa: Coefficient | None
    ac1: Coefficient | None

    @property
    def n(self) -> int:
        return self.both + self.neither + self.first + self.second

    @property
    def observed(self) -> float | None:
        """The share of subjects on which they agree."""
        both, neither, first, second = self.weight
        return (both + neither) / (both + neither + first + second) if self.n else None

    @property
    def prevalence(self) -> float | None:
        """The share of hits, over both raters."""
        both, _, first, second = self.weight
        return (2 * both + first + second) / (2 * sum(self.weight)) if self.n else None

    @property
    def positive(self) -> float | None:
        """Of what either calls a hit, how much both do (0..1)."""
        both, _, first, second = self.weight
        whole = 2 * both + first + second
        return 2 * both / whole if whole else None

    @property
    def negative(self) -> float | None:
        """Of what either calls no hit, how much both do (0..1)."""
        _, neither, first, second = self.weight
        whole = 2 * neither + first + second
        return 2 * neither / whole if whole else None


def agreement(first: npt.NDArray[np.bool_], second: npt.NDArray[np.bool_]) -> Agreement:
    """Compare two raters: whether each said hit, subject by subject."""
    table = np.bincount(2 * first + second, minlength=4).reshape(2, 2)
    both, neither, one, other = int(table[1, 1]), int(table[0, 0]), int(table[1, 0]), int(table[0, 1])
    return Agreement(
        both=both,
        neither=neither,
        first=one,
        second=other,
        weight=(both, neither, one, other),
        kappa=cohen(table),
        ac1=gwet(np.stack([first, second], 1).astype(np.int64), 2),
    )


def cohen(counts: npt.ArrayLike) -> Coefficient | None:
    """Cohen's κ from the square table of what two raters said (first rater in rows). None when both always gave one and
    the same category, or nothing was rated."""
    table = np.asarray(counts, np.float64)
    n = table.sum()
    if not n:
        return None
    p = table / n
    rows, columns = p.sum(1), p.sum(0)
    observed, chance = float(np.trace(p)), float(rows @ columns)
    if chance >= 1 - 1e-12:
        return None
    value = (observed - chance) / (1 - chance)
    diagonal = np.diag(p) @ ((1 - chance) - (rows + columns) * (1 - observed)) ** 2
    off = p * (columns[:, None] + rows[None, :]) ** 2
    variance = diagonal + (1 - observed) ** 2 * (off.sum() - np.trace(off))
    variance -= (observed * chance - 2 * chance + observed) ** 2
    return Coefficient(value=value, error=math.sqrt(max(0.0, variance) / n) / (1 - chance) ** 2 if n > 1 else None)


def gwet(ratings: Codes, categories: int) -> Coefficient | None:
    """Gwet's AC1 of a table (subjects, raters) of categories 0.. or MISSING. None when nobody rated what
    another did."""
    if categories < 2:
        return None

    def chance(shares: Floats, each: Floats) -> tuple[float, Floats]:
        free = (1 - shares) / (categories - 1)
        return float(shares @ free), each @ free

    return _linearised(ratings, categories, chance)


def fleiss(ratings: Codes, categories: int) -> Coefficient | None:
    """Fleiss' κ of several raters, as `gwet`. None too when all always gave one and the same category."""

    def chance(shares: Floats, each: Floats) -> tuple[float, Floats]:
        return float(shares @ shares), each @ shares

    return _linearised(ratings, categories, chance)


def _linearised(
    ratings: Codes, categories: int, chance: Callable[[Floats, Floats], tuple[float, Floats]]
) -> Coefficient | None:
    """(pa − pe) / (1 − pe), and its variance from what each subject contributes. `chance` gives pe, and a subject's
    part in it, from the mean shares of the categories and each subject's own."""
    given = np.stack([(ratings == k).sum(1) for k in range(categories)], 1).astype(np.float64)
    raters = given.sum(1)
    given, raters = given[raters > 0], raters[raters > 0]
    n, several = len(given), raters > 1
    if not several.any():
        return None
    each = given / raters[:, None]
    pairs = np.where(several, raters * (raters - 1), 1.0)
    agreed = (given * (given - 1)).sum(1) / pairs
    scale = n / several.sum()
    observed = float(agreed[several].mean())
    expected, own = chance(each.mean(0), each)
    if expected >= 1 - 1e-12:
        return None
    value = (observed - expected) / (1 - expected)
    part = np.where(several, scale * (agreed - expected) / (1 - expected), 0.0)
    part -= 2 * (1 - value) * (own - expected) / (1 - expected)
    error = math.sqrt(float(np.square(part - value).sum()) / (n * (n - 1))) if n > 1 else None
    return Coefficient(value=value, error=error)
