"""Counts per day: each customer once per day and value, days that are partial, and which days may be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np

from qc.domain.alert import Dimension
from qc.opinion.ledger import Bools, Ints, Ledger, Membership, distinct
from qc.statistics.tails import Floats

_USUAL_HOUR = 0.01
"""An hour with at least this share of all conversations is one in which there usually are some."""
_COVERED = 0.7
_HALF = 0.5
_HOURS_KNOWN = 0.5
_ENOUGH = 50
"""In fewer conversations an hour without any says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Customers per day and value, [day, value]: all, those who were negative, those with a risk signal."""

    values: tuple[tuple[str, ...], ...]
    titles: tuple[str, ...]
    volume: Floats
    negative: Floats
    risk: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFacts:
    """What is known of a day. `hours`, `usual_hours`: those with conversations, of those that usually have some; None
    where hours are not known. `partial`: it holds clearly less than a day should."""

    day: date
    conversations: int
    customers: int
    runs: int
    hours: int | None
    usual_hours: int | None
    partial: bool


class Daily:
    """Daily figures of a ledger, each dimension counted once."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._counts: dict[tuple[Dimension, ...], Counts] = {}
        self._members: dict[tuple[Dimension, ...], Membership] = {}

    def counts(self, dimensions: Sequence[Dimension]) -> Counts:
        """The counts in one dimension, or in two at once."""
        key = tuple(dimensions)
        if key not in self._counts:
            self._counts[key] = self._count(self.members(key))
        return self._counts[key]

    def members(self, dimensions: Sequence[Dimension]) -> Membership:
        """Which conversations belong to which values of one dimension, or of two at once."""
        key = tuple(dimensions)
        if key not in self._members:
            self._members[key] = self.ledger.together(key)
        return self._members[key]

    def _count(self, members: Membership) -> Counts:
        negative, risk = self.ledger.negative[members.row], self.ledger.risk[members.row]
        return Counts(
            values=members.values,
            titles=members.titles,
            volume=self._customers(members, np.ones(len(members.row), bool)),
            negative=self._customers(members, negative),
            risk=self._customers(members, risk),
        )

    def _customers(self, members: Membership, which: Bools) -> Floats:
        """Distinct customers by day and value, of the pairs in `which`."""
        row, width = members.row[which], len(members.values)
        cell = self.ledger.day[row] * width + members.value[which]
        people = int(self.ledger.customer.max(initial=0)) + 1
        once = distinct(cell * people + self.ledger.customer[row]) // people
        shape = (len(self.ledger.days), width)
        return np.bincount(once, minlength=shape[0] * width).astype(np.float64).reshape(shape)

    @property
    def totals(self) -> Floats:
        """Customers per day."""
        return self.counts((Dimension.TOTAL,)).volume[:, 0]

    @cached_property
    def weekdays(self) -> Ints:
        """Weekday of each day, Monday 0."""
        return np.array([d.weekday() for d in self.ledger.days], np.int64)

    @cached_property
    def facts(self) -> tuple[DayFacts, ...]:
        """What is known of each day with conversations."""
        ledger = self.ledger
        size = len(ledger.days)
        talks = np.bincount(ledger.day, minlength=size)
        nights = max(len(ledger.runs), 1)
        of = np.bincount(ledger.day * nights + ledger.run, minlength=size * nights).reshape(size, nights)
        runs = (of > 0).sum(1)
        hours, usual = self._hours(talks)
        half = [self._low(d) for d in range(size)]
        return tuple(
            DayFacts(
                day=ledger.days[d],
                conversations=int(talks[d]),
                customers=int(self.totals[d]),
                runs=int(runs[d]),
                hours=None if hours is None else int(hours[d]),
                usual_hours=None if hours is None else usual,
                partial=half[d] or bool(hours is not None and talks[d] >= _ENOUGH and hours[d] < _COVERED * usual),
            )
            for d in range(size)
        )

    def _hours(self, talks: Ints) -> tuple[Ints | None, int]:
        members = self.ledger.groups[Dimension.HOUR]
        if len(members.row) < _HOURS_KNOWN * max(len(self.ledger.ids), 1):
            return None, 0
        width = len(members.values)
        cells = np.bincount(self.ledger.day[members.row] * width + members.value, minlength=len(talks) * width)
        table = cells.reshape(len(talks), width)
        usual = table.sum(0) >= _USUAL_HOUR * table.sum()
        return (table[:, usual] > 0).sum(1).astype(np.int64), int(usual.sum())

    def _low(self, d: int) -> bool:
        """Less than half of what the weekday, or where it is rare any day, usually has."""
        same = np.flatnonzero(self.weekdays == self.weekdays[d])
        others = np.setdiff1d(same if len(same) > 2 else np.arange(len(self.totals)), [d])
        return bool(len(others)) and bool(self.totals[d] < _HALF * np.median(self.totals[others]))

    @cached_property
    def lists(self) -> tuple[frozenset[str], ...]:
        """Of each day the digests of the words, topics, intents and complaints its conversations were judged with."""
        ledger, size = self.ledger, max(len(self.ledger.runs), 1)
        found: list[set[str]] = [set() for _ in ledger.days]
        for pair in np.flatnonzero(np.bincount(ledger.day * size + ledger.run)).tolist():
            lineage = ledger.runs[pair % size].lineage
            found[pair // size].add(f"{lineage.lexicons_digest} {lineage.complaints_digest}")
        return tuple(map(frozenset, found))

    def index(self, day: date) -> int | None:
        """Where `day` stands among the days, None when there is no conversation of it."""
        return self.ledger.days.index(day) if day in self.ledger.days else None

    def before(self, day: date, window_days: int) -> Ints:
        """Indices of the days before `day` that it may be compared with."""
        first = day - timedelta(days=window_days)
        return np.array([i for i, d in enumerate(self.ledger.days) if first <= d < day], np.int64)

    @cached_property
    def partial(self) -> Bools:
        return np.array([f.partial for f in self.facts], bool)


def missing_days(days: Sequence[date], first: date, last: date) -> tuple[date, ...]:
    """Days from `first` to `last` of which there is no conversation."""
    known = set(days)
    span = (last - first).days + 1
    return tuple(d for d in (first + timedelta(days=i) for i in range(max(span, 0))) if d not in known)
