"""Shares and means with their 95 % intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

from qc.statistics.distributions import student_quantile
from qc.statistics.intervals import wilson

_FEW = 30
"""So many equal values do not make a certainty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`count` out of `n`."""

    count: int
    n: int

    @property
    def value(self) -> float | None:
        """The share 0..1, None when nothing was counted."""
        return self.count / self.n if self.n else None

    @property
    def low(self) -> float | None:
        """Lower end of Wilson's 95 % interval, 0..1."""
        return None if self.n == 0 else wilson(self.count / self.n, self.n)[0]

    @property
    def high(self) -> float | None:
        """Upper end of Wilson's 95 % interval, 0..1."""
        return None if self.n == 0 else wilson(self.count / self.n, self.n)[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """The mean of `n` values whose sample standard deviation is `sd`. `value` is None when n is 0."""

    value: float | None
    sd: float | None
    n: int

    @property
    def half(self) -> float | None:
        """Half the width of the 95 % interval; None where nothing can be said of the spread: below two values, or
        when a handful of values happen to be equal."""
        if self.value is None or self.sd is None or self.n < 2 or (self.sd == 0 and self.n < _FEW):
            return None
        return student_quantile(0.95, self.n - 1) * self.sd / math.sqrt(self.n)

    @property
    def low(self) -> float | None:
        """Lower end, not below 0: scores are on a scale of 0..100."""
        return None if self.value is None or self.half is None else max(0.0, self.value - self.half)

    @property
    def high(self) -> float | None:
        """Upper end, not above 100."""
        return None if self.value is None or self.half is None else min(100.0, self.value + self.half)
