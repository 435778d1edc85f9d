"""How far apart means must be before the difference means anything.

The score of a conversation is taken as that of its project and channel, plus what its agent adds, plus what differs
from conversation to conversation; one deviation holds for the latter everywhere (one-way random effects within strata).
An agent is compared with the *others* under like conditions, never with a mean that holds the agent's own scores.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qc.statistics.distributions import range_quantile, student_quantile, student_tail
from qc.statistics.significance import benjamini_hochberg

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEVEL = 0.95
RELIABLE, FAIR = 0.8, 0.6
"""From these reliabilities on a ranking is called reliable, and fair."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """How the mean of a group's `n` scores differs from what the others reach under like conditions (`expected`), with
    its 95 % interval. `comparable`: the share 0..1 of its conversations that others have the like of. `q`: the smallest
    false-discovery rate at which this group is called different (Benjamini & Hochberg 1995, over all groups)."""

    n: int
    value: float
    expected: float
    low: float
    high: float
    q: float
    comparable: float

    @property
    def side(self) -> str:
        """above, below, or level where the difference may be chance."""
        return "level" if self.q > 1 - LEVEL else "above" if self.value > 0 else "below"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """`within`: the standard deviation of conversations of one agent; `between`: that of what agents add, chance taken
    out; `groups` agents with `df` degrees of freedom; `typical`: the median of their conversations."""

    within: float
    between: float
    groups: int
    df: int
    typical: int

    def reliability(self, n: float) -> float:
        """The correlation of means of `n` conversations with those of as many others of the same agents:
        τ² / (τ² + σ²/n) (Spearman–Brown over the intraclass correlation)."""
        signal = self.between**2
        return signal / (signal + self.within**2 / n) if signal and n else 0.0

    @property
    def needed(self) -> int | None:
        """Conversations per agent for a reliable ranking; None where agents do not differ at all."""
        if not self.between:
            return None
        return math.ceil(RELIABLE / (1 - RELIABLE) * (self.within / self.between) ** 2)

    def apart(self, n: float) -> float:
        """How far apart the means of two agents named beforehand must be, of `n` conversations each: Fisher's least
        significant difference t · σ √(2/n)."""
        return student_quantile(LEVEL, self.df) * self.within * math.sqrt(2 / n)

    def apart_of_any(self, n: float) -> float:
        """The same for any two picked out of all: Tukey's honestly significant difference q · σ / √n."""
        return range_quantile(LEVEL, self.groups, self.df) * self.within / math.sqrt(n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Scores summed by group and stratum (numbers from 0), one cell each: how many, their sum, their sum of squares."""

    group: Ints
    stratum: Ints
    n: Floats
    total: Floats
    squares: Floats

    def of(self, group: Ints) -> Cells:
        """The same scores in larger groups: `group[g]` holds group g."""
        keys, at = np.unique(group[self.group] * (self.strata + 1) + self.stratum, return_inverse=True)
        return Cells(
            group=keys // (self.strata + 1),
            stratum=keys % (self.strata + 1),
            n=sums(at, self.n),
            total=sums(at, self.total),
            squares=sums(at, self.squares),
        )

    @property
    def strata(self) -> int:
        return int(self.stratum.max(initial=-1)) + 1


def sums(groups: Ints, values: NDArray[Any] | None = None, size: int = 0) -> Floats:
    """The values added up by group (numbers from 0 to at least `size` − 1); without values, how many there are."""
    return np.asarray(np.bincount(groups, values, size), np.float64)


def spread_of(cells: Cells) -> Spread | None:
    """None where nothing can be said: fewer than two agents, or none with two conversations.

    `between` is the moment estimator of Hedges & Olkin (1985, 9.3) on the gaps to the others, which share the others'
    agents: E d² = SE² + τ² (1 + Σ shares of the others squared)."""
    size = sums(cells.group, cells.n)
    df = int(cells.n.sum()) - len(cells.n)
    groups = int(np.count_nonzero(size))
    if groups < 2 or df < 1:
        return None
    within2 = max(0.0, float((cells.squares - cells.total**2 / cells.n).sum())) / df
    gaps = _gaps(cells)
    keep = gaps.share > 0
    surplus = (gaps.n * (gaps.value**2 - within2 * gaps.noise))[keep].sum()
    between2 = max(0.0, surplus / (gaps.n * gaps.echo)[keep].sum()) if keep.any() else 0.0
    return Spread(
        within=math.sqrt(within2),
        between=math.sqrt(between2),
        groups=groups,
        df=df,
        typical=int(np.median(size[size > 0])),
    )


def gaps_of(cells: Cells, spread: Spread | None, *, crowds: Sequence[float] = ()) -> dict[int, Gap]:
    """The gap of every group of `cells` that has others to be compared with. `crowds[g]`: Σ (share of an agent in group
    g)², where groups are teams: a team's mean wavers with who happens to be in it, too."""
    if spread is None or not spread.within:
        return {}
    gaps = _gaps(cells)
    at = np.flatnonzero(gaps.share > 0)
    crowd = np.asarray(crowds, np.float64)[at] if len(crowds) else np.zeros(len(at))
    error = np.sqrt(spread.within**2 * gaps.noise[at] + spread.between**2 * crowd)
    q = benjamini_hochberg(student_tail(gaps.value[at] / error, spread.df))
    reach = student_quantile(LEVEL, spread.df) * error
    return {
        int(g): Gap(
            n=int(gaps.n[g]),
            value=float(gaps.value[g]),
            expected=float(gaps.mean[g] - gaps.value[g]),
            low=float(gaps.value[g] - r),
            high=float(gaps.value[g] + r),
            q=float(own_q),
            comparable=float(gaps.share[g]),
        )
        for g, r, own_q in zip(at, reach, q, strict=True)
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gaps:
    """Per group: conversations, mean, mean less that of the others, its variance in units of σ², how much the others'
    own agents echo in it, and the share of conversations that could be compared."""

    n: Floats
    mean: Floats
    value: Floats
    noise: Floats
    echo: Floats
    share: Floats


def _gaps(cells: Cells) -> _Gaps:
    groups = int(cells.group.max(initial=-1)) + 1
    stratum_n = sums(cells.stratum, cells.n)[cells.stratum]
    stratum_total = sums(cells.stratum, cells.total)[cells.stratum]
    stratum_n2 = sums(cells.stratum, cells.n**2)[cells.stratum]
    others = stratum_n - cells.n
    like = others > 0  # nobody else serves this project and channel: nothing to compare
    safe = np.where(like, others, 1.0)
    n = sums(cells.group, cells.n, groups)
    matched = sums(cells.group, np.where(like, cells.n, 0.0), groups)
    weight = np.where(like, cells.n, 0.0) / np.maximum(matched, 1.0)[cells.group]
    away = weight * (cells.total / cells.n - (stratum_total - cells.total) / safe)
    with np.errstate(divide="ignore"):
        own = np.where(matched > 0, 1 / np.maximum(matched, 1.0), 0.0)
    return _Gaps(
        n=n,
        mean=sums(cells.group, cells.total, groups) / np.maximum(n, 1.0),
        value=sums(cells.group, away, groups),
        noise=own + sums(cells.group, weight**2 / safe, groups),
        echo=1 + sums(cells.group, weight**2 * np.maximum(stratum_n2 - cells.n**2, 0.0) / safe**2, groups),
        share=matched / np.maximum(n, 1.0),
    )
