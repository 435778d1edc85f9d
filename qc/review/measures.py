"""Shares of a population from the part of it that was looked at, with intervals.

Every figure here is a ratio of two totals (precision: true hits ÷ hits; recall: true hits ÷ what people call a hit),
and every total is estimated by weighting a conversation with one over its chance of having been drawn: Horvitz &
Thompson, J. Am. Stat. Assoc. 47, 1952; the ratio: Hájek, in Foundations of Statistical Inference, 1971. A conversation
is drawn as a whole, so the variance is linearised over conversations (Särndal, Swensson & Wretman, Model Assisted
Survey Sampling, 1992, 5.5), not over verdicts. The interval is Wilson's at the number of independent verdicts that
would have this variance (Korn & Graubard, Surv. Methodol. 24, 1998).

In a sample that seeks hits, what was missed is where few were drawn: a handful of misses with great weights, often
none. A variance from what was met is then too small. So it is taken with one verdict more, half right and half wrong,
as heavy as the heaviest conversation: the ½ is Haldane's and Anscombe's for a share near its end, the greatest weight
that of Fay & Feuer (Stat. Med. 16, 1997) for the event that has not been seen yet. bench/README.md compares it with
others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qc.statistics.intervals import Z, effective_size, wilson

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A share 0..1 with its 95 % interval; `n`: how many were looked at."""

    value: float
    low: float
    high: float
    n: int

    @property
    def half(self) -> float:
        """Half the width of the interval."""
        return (self.high - self.low) / 2


def ratio(weight: Floats, part: Floats, whole: Floats, conversation: Ints) -> Estimate | None:
    """Σ weight·part ÷ Σ weight·whole of verdicts that belong to `conversation`s (numbered, `weight` the same within
    one). Those with neither part nor whole belong in it where they might have had some: they tell how heavy what was
    not met could be. None when there is nothing to divide by."""
    if not whole.any():
        return None
    _, at = np.unique(conversation, return_inverse=True)
    count = int(at.max()) + 1
    parts, wholes = (np.bincount(at, v, count).astype(np.float64) for v in (part, whole))
    weights = np.zeros(count)
    weights[at] = weight
    heaviest = float(weights.max())
    concerned = wholes > 0
    parts, wholes, weights = parts[concerned], wholes[concerned], weights[concerned]
    total = float(weights @ wholes)
    value = min(1.0, max(0.0, float(weights @ parts) / total))
    independent = _independent(weights, parts, wholes, heaviest)
    if len(weights) == 1 or value in (0.0, 1.0):  # nothing is known of how errors come together: at worst all at once
        independent = min(independent, effective_size(weights * wholes))
    low, high = wilson(value, max(1.0, independent))
    return Estimate(value=value, low=low, high=high, n=int(np.count_nonzero(whole)))


def _independent(weights: Floats, parts: Floats, wholes: Floats, heaviest: float) -> float:
    """How many independent verdicts have the variance of this ratio and one verdict more, half right and half wrong,
    of weight `heaviest`."""
    count = len(weights)
    total = float(weights @ wholes) + heaviest
    share = (float(weights @ parts) + heaviest / 2) / total
    met = count / max(1, count - 1) * float(np.square(weights * (parts - share * wholes)).sum())
    variance = (met + heaviest**2 * (share**2 + (1 - share) ** 2) / 2) / total**2
    return share * (1 - share) / variance


def needed(half: float, share: float = 0.5) -> int:
    """How many independent verdicts bring the interval of a share near `share` to ± `half`."""
    return math.ceil(Z * Z * share * (1 - share) / (half * half))
