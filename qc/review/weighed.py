"""Agreement of the machine with people in a sample that seeks hits: κ and AC1 of all conversations, not of those drawn.

Both coefficients depend on how common hits are, and where risky conversations are drawn more often hits look commoner
than they are. So the four shares (who said hit) are estimated with one over the chance of the draw, and the variance is
linearised over conversations, as in `measures`, again with one verdict more, half agreed and half not, as heavy as the
heaviest conversation: a handful without a difference proves little.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from qc.review.agreement import Agreement, Coefficient

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_Chance = Callable[[Floats], tuple[float, Floats]]

_AGREE = np.array([1.0, 0.0, 0.0, 1.0])
_FIRST, _SECOND = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.0, 1.0, 0.0, 1.0])
"""The cells: neither said hit, the second did, the first did, both did; where they agree, and who said hit."""


def weighed(first: Bools, second: Bools, weight: Floats, conversation: npt.NDArray[np.int64]) -> Agreement:
    """Compare two raters verdict by verdict, each of a `conversation` (numbered) that stands for `weight` of them."""
    cell = 2 * first + second
    names, at = np.unique(conversation, return_inverse=True)
    per = np.bincount(4 * at + cell, weight, 4 * len(names)).astype(np.float64).reshape(-1, 4)
    total = per.sum(0)
    count = np.bincount(cell, minlength=4)
    whole = float(total.sum())
    shares = total / whole if whole else total
    spoken = float(shares @ _FIRST + shares @ _SECOND) / 2
    return Agreement(
        both=int(count[3]),
        neither=int(count[0]),
        first=int(count[2]),
        second=int(count[1]),
        weight=(float(total[3]), float(total[0]), float(total[2]), float(total[1])),
        kappa=_coefficient(per, weight, _by_margins) if 0 < spoken < 1 else None,
        ac1=_coefficient(per, weight, _by_hits) if whole else None,
    )


def _by_margins(shares: Floats) -> tuple[float, Floats]:
    """Chance agreement of Cohen's κ, and how it moves with each share."""
    first, second = float(shares @ _FIRST), float(shares @ _SECOND)
    return first * second + (1 - first) * (1 - second), _FIRST * (2 * second - 1) + _SECOND * (2 * first - 1)


def _by_hits(shares: Floats) -> tuple[float, Floats]:
    """The same of Gwet's AC1."""
    hits = float(shares @ (_FIRST + _SECOND)) / 2
    return 2 * hits * (1 - hits), (1 - 2 * hits) * (_FIRST + _SECOND)


def _coefficient(per: Floats, weight: Floats, chance: _Chance) -> Coefficient:
    """`per`: the weight of each conversation in each cell. One conversation alone says nothing of its error."""
    met, heaviest = per.sum(0), float(weight.max())
    value, _ = _beyond(met / met.sum(), chance)
    if len(per) == 1:
        return Coefficient(value=value, error=None)
    alike = met * _AGREE / max(float(met @ _AGREE), 1e-12)
    one_more = alike / 2 + (1 - _AGREE) / 4
    whole = met.sum() + heaviest
    shares = (met + heaviest * one_more) / whole
    _, slope = _beyond(shares, chance)
    pull = slope - float(slope @ shares)
    variance = len(per) / (len(per) - 1) * float(np.square(per @ pull).sum())
    variance += heaviest**2 * float(one_more @ np.square(pull))
    return Coefficient(value=value, error=math.sqrt(variance) / whole)


def _beyond(shares: Floats, chance: _Chance) -> tuple[float, Floats]:
    """How far they agree beyond chance, and how that moves with each share."""
    observed = float(shares @ _AGREE)
    expected, slope = chance(shares)
    value = (observed - expected) / (1 - expected)
    return value, (_AGREE * (1 - expected) - slope * (1 - observed)) / (1 - expected) ** 2
