"""Fisher's exact test of two shares, and what many tests at once leave of their p."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def benjamini_hochberg(p: Floats) -> Floats:
    """The smallest false-discovery rate at which each test would be called: min over j ≥ i of m p₍ⱼ₎ / j (Benjamini &
    Hochberg, J. R. Stat. Soc. B 57, 1995)."""
    order = np.argsort(p, kind="stable")
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    q = np.empty_like(p)
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q


def fisher(a: int, b: int, c: int, d: int) -> float:
    """Fisher's exact two-sided p of the table [[a, b], [c, d]]: the chance, margins given, of a table as unlikely."""
    rows, first, n = a + b, a + c, a + b + c + d

    def log(k: int) -> float:
        return _choose(first, k) + _choose(n - first, rows - k) - _choose(n, rows)

    seen = log(a)
    support = range(max(0, rows + first - n), min(rows, first) + 1)
    return min(1.0, math.fsum(math.exp(p) for k in support if (p := log(k)) <= seen + 1e-9))


def _choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
