"""Intervals of a share, at 95 %."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Z = 1.959963984540054
"""The normal deviate that 95 % stay within, either side."""


def wilson(share: float, n: float) -> tuple[float, float]:
    """The ends of Wilson's interval (J. Am. Stat. Assoc. 22, 1927) of a share 0..1 seen in `n` > 0 independent cases,
    which need not be a whole number: inside 0..1, and of some width even where the share is 0 or 1."""
    z2 = Z * Z
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return (0.0 if share == 0 else max(0.0, centre - half)), (1.0 if share == 1 else min(1.0, centre + half))


def effective_size(weights: npt.NDArray[np.float64]) -> float:
    """How many equally weighted cases are worth as much: (Σw)² / Σw² (Kish, Survey Sampling, 1965). 0 of none."""
    return float(weights.sum() ** 2 / np.square(weights).sum()) if len(weights) else 0.0
