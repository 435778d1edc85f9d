"""How often something happens to an agent, against how often it happens to the others who do the same work."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qc.reporting.difference import sums
from qc.reporting.estimates import Rate
from qc.statistics.intervals import wilson
from qc.statistics.significance import benjamini_hochberg
from qc.statistics.tails import beta_binomial_tail

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEVEL = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """`own` beside `others`, the share 0..1 of the others weighted by where the agent works, of `others_n`
    conversations. The difference has Newcombe's 95 % interval (1998, method 10); `q` is the false-discovery rate
    (Benjamini & Hochberg) of the exact conditional test, over every agent and every thing compared."""

    own: Rate
    others: float
    others_n: int
    low: float
    high: float
    q: float

    @property
    def value(self) -> float:
        """Own share less that of the others, −1..1."""
        return (self.own.value or 0.0) - self.others

    @property
    def side(self) -> str:
        """more, less, or like the others where the difference may be chance."""
        return "like" if self.q > LEVEL else "more" if self.value > 0 else "less"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Of `n` conversations of agent `who`, about `what`, in `stratum`, it happened in `count`. Numbers from 0."""

    who: Ints
    what: Ints
    stratum: Ints
    count: Floats
    n: Floats


def against(counts: Counts, circle: Ints | None = None) -> dict[tuple[int, int], Against]:
    """(who, what) → the comparison with the others in the same strata, or with those of the same `circle[who]` only;
    left out where there are none."""
    if not len(counts.n):
        return {}
    around = np.zeros_like(counts.who) if circle is None else circle[counts.who]
    pool = _number(around, counts.what, counts.stratum)
    count = sums(pool, counts.count)[pool] - counts.count
    n = sums(pool, counts.n)[pool] - counts.n
    like = n > 0
    own = _number(counts.who, counts.what)
    safe = np.where(like, n, 1.0)
    own_n = sums(own, np.where(like, counts.n, 0.0))
    own_count = sums(own, np.where(like, counts.count, 0.0))
    weight = np.where(like, counts.n, 0.0) / np.maximum(own_n, 1.0)[own]
    share = np.clip(sums(own, weight * count / safe), 0.0, 1.0)
    size = 1 / np.maximum(sums(own, weight**2 / safe), 1e-12)  # as many as one pool of that precision holds
    heads = np.unique(own, return_index=True)[1]
    at = np.flatnonzero(own_n > 0)
    q = benjamini_hochberg(_exact(own_count[at], own_n[at], share[at], size[at]))
    pooled = sums(own, np.where(like, n, 0.0))
    found = {}
    for i, own_q in zip(at.tolist(), q.tolist(), strict=True):
        rate = Rate(count=round(own_count[i]), n=round(own_n[i]))
        low, high = _newcombe(rate, float(share[i]), float(size[i]))
        key = int(counts.who[heads[i]]), int(counts.what[heads[i]])
        found[key] = Against(
            own=rate, others=float(share[i]), others_n=round(pooled[i]), low=low, high=high, q=float(own_q)
        )
    return found


def _number(*columns: Ints) -> Ints:
    """Rows numbered from 0 by the values of their columns, in rising order."""
    code = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        code = np.unique(code * (int(column.max(initial=0)) + 1) + column, return_inverse=True)[1].astype(np.int64)
    return code


def _exact(count: Floats, n: Floats, share: Floats, size: Floats) -> Floats:
    """Two-sided p of Fisher's exact test, doubled from the smaller tail; the others count as `size` conversations."""
    with np.errstate(all="ignore"):
        more = beta_binomial_tail(count, n, share * size + 1, (1 - share) * size + 1e-9)
        less = beta_binomial_tail(n - count, n, (1 - share) * size + 1, share * size + 1e-9)
    more = np.where(count <= 0, 1.0, more)
    less = np.where(count >= n, 1.0, less)
    return np.asarray(np.minimum(1.0, 2 * np.minimum(more, less)), np.float64)


def _newcombe(own: Rate, share: float, size: float) -> tuple[float, float]:
    low, high = wilson(own.value or 0.0, own.n)
    others_low, others_high = wilson(share, size)
    value = (own.value or 0.0) - share
    below = math.hypot((own.value or 0.0) - low, others_high - share)
    above = math.hypot(high - (own.value or 0.0), share - others_low)
    return max(-1.0, value - below), min(1.0, value + above)
