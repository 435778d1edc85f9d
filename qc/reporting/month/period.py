"""Which days a report is about, and which days before them it is compared with."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from qc.domain.language import say


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The days from `first` to `last`, both included."""

    first: date
    last: date

    @property
    def whole_month(self) -> bool:
        return self == month_of(self.first)

    @property
    def name(self) -> str:
        """As a folder: 2026-10, or 2026-10-05_2026-11-03."""
        return f"{self.first:%Y-%m}" if self.whole_month else f"{self.first}_{self.last}"

    @property
    def title(self) -> str:
        """As people read it."""
        if self.whole_month:
            return say("{year} 年 {month} 月", year=self.first.year, month=f"{self.first.month:02d}")
        return say("{first} 至 {last}", first=self.first.isoformat(), last=self.last.isoformat())

    @property
    def days(self) -> tuple[date, ...]:
        return tuple(self.first + timedelta(days=i) for i in range((self.last - self.first).days + 1))

    @property
    def before(self) -> Period:
        """The month before a whole month, else as many days right before."""
        end = self.first - timedelta(days=1)
        return month_of(end) if self.whole_month else Period(first=end - (self.last - self.first), last=end)

    @property
    def weeks(self) -> tuple[Period, ...]:
        """The weeks from Monday to Sunday, the first and the last cut to the period."""
        starts = [d for d in self.days if d == self.first or d.weekday() == 0]
        ends = [*(d - timedelta(days=1) for d in starts[1:]), self.last]
        return tuple(Period(first=a, last=b) for a, b in zip(starts, ends, strict=True))


def month_of(day: date) -> Period:
    """The calendar month of `day`."""
    return Period(first=day.replace(day=1), last=day.replace(day=monthrange(day.year, day.month)[1]))
