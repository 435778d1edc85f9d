"""Shares and means with their 95 % intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

_Z = 1.959963984540054
# Two-sided 95 % quantiles of Student's t for 1..30 degrees of freedom; beyond that the normal one is close enough.
_T = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)


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
        return None if self.n == 0 else max(0.0, self._centre() - self._half())

    @property
    def high(self) -> float | None:
        """Upper end of Wilson's 95 % interval, 0..1."""
        return None if self.n == 0 else min(1.0, self._centre() + self._half())

    def _centre(self) -> float:
        return (self.count + _Z * _Z / 2) / (self.n + _Z * _Z)

    def _half(self) -> float:
        spread = self.count * (self.n - self.count) / self.n + _Z * _Z / 4
        return _Z * math.sqrt(spread) / (self.n + _Z * _Z)


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
        if self.value is None or self.sd is None or self.n < 2 or (self.sd == 0 and self.n < len(_T)):
            return None
        t = _T[self.n - 2] if self.n - 1 <= len(_T) else _Z
        return t * self.sd / math.sqrt(self.n)

    @property
    def low(self) -> float | None:
        """Lower end, not below 0: scores are on a scale of 0..100."""
        return None if self.value is None or self.half is None else max(0.0, self.value - self.half)

    @property
    def high(self) -> float | None:
        """Upper end, not above 100."""
        return None if self.value is None or self.half is None else min(100.0, self.value + self.half)
