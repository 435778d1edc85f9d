"""Rank correlation with its interval, and whether groups differ by more than chance. numpy only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qc.statistics.intervals import Z

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """Spearman's `rho` of `n` pairs, the ends of its 95 % interval, and `p` that there is none."""

    rho: float
    low: float
    high: float
    n: int
    p: float


def spearman(x: Floats, y: Floats) -> Correlation | None:
    """Spearman's rank correlation: Pearson's of the mid-ranks, which for a 0/1 column is the point-biserial of the
    other's ranks. None where one of the columns does not vary, or of fewer than four pairs.

    Interval: Fisher's z with the variance (1 + ρ²/2) / (n − 3) of Bonett and Wright, Psychometrika 65 (2000). p, two-
    sided: under independence ρ has mean 0 and variance 1 / (n − 1) whatever the ties (Kendall and Gibbons, Rank
    Correlation Methods), taken as normal.
    """
    size = len(x)
    if size < 4:
        return None
    a, b = midranks(x), midranks(y)
    a, b = a - a.mean(), b - b.mean()
    spread = math.sqrt(float(a @ a) * float(b @ b))
    if spread == 0:
        return None
    rho = max(-1.0, min(1.0, float(a @ b) / spread))
    p = math.erfc(abs(rho) * math.sqrt(size - 1) / math.sqrt(2))
    if abs(rho) > 1 - 1e-12:
        return Correlation(rho=rho, low=rho, high=rho, n=size, p=p)
    half = Z * math.sqrt((1 + rho * rho / 2) / (size - 3))
    z = math.atanh(rho)
    return Correlation(rho=rho, low=math.tanh(z - half), high=math.tanh(z + half), n=size, p=p)


def midranks(values: Floats) -> Floats:
    """Ranks from 1; equal values share the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[place], np.float64)


def differ(values: Sequence[float], errors: Sequence[float]) -> float:
    """p that groups with these values and standard errors are the same: Cochran's Q (Biometrics 10, 1954), which is χ²
    with one degree less than groups; its tail by Wilson and Hilferty's cube root. 1 below two groups with errors."""
    value, error = np.asarray(values, float), np.asarray(errors, float)
    value, error = value[error > 0], error[error > 0]
    if len(value) < 2:
        return 1.0
    weight = 1 / error**2
    q = float((weight * (value - (weight @ value) / weight.sum()) ** 2).sum())
    ninth = 2 / (9 * (len(value) - 1))
    z = ((q / (len(value) - 1)) ** (1 / 3) - (1 - ninth)) / math.sqrt(ninth)
    return 0.5 * math.erfc(z / math.sqrt(2))
