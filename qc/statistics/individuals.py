"""A chart of individuals: what a series of single values usually does (ISO 7870-2; Montgomery, Introduction to
Statistical Quality Control, §6.4; Wheeler and Chambers, Understanding Statistical Process Control)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean

ENOUGH = 8
"""From so many values on a usual range is given."""
_MOVING = 1.128
"""d₂: the mean range of two values of a normal distribution, in standard deviations."""
_STILL = 1e-9
"""Smaller widths are rounding."""


def sigma(values: Sequence[float]) -> float:
    """The standard deviation of at least two values by their mean moving range: what drifts slowly does not widen
    it."""
    return fmean(abs(b - a) for a, b in pairwise(values)) / _MOVING


def usual(values: Sequence[float]) -> tuple[float, float] | None:
    """The limits mean ± 3 σ of at least ENOUGH values; None for fewer, and for values that never moved, which say
    nothing of what is usual."""
    wide = 3 * sigma(values) if len(values) >= ENOUGH else 0.0
    return (fmean(values) - wide, fmean(values) + wide) if wide > _STILL else None
