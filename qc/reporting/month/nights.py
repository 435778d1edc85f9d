"""The nights of a period: each once, as it was judged last, and what is to be known of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import pyarrow as pa

from qc.errors import UsageError
from qc.opinion.dedupe import SKEW, counted_runs, last_of_each
from qc.opinion.dedupe import last_day as of_run
from qc.reporting.month.extract import days, extract, talks
from qc.reporting.month.period import Period
from qc.reporting.month.sums import of_days
from qc.storage.read import StoredRun, not_counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """A run and its conversations by day, `without` those that count in a later run; its extract (`tables`)."""

    run: StoredRun
    days: Mapping[date, int]
    without: tuple[str, ...] = ()
    tables: Mapping[str, pa.Table] = field(default_factory=dict)

    @property
    def day(self) -> date:
        """Most of its conversations are of it."""
        return max(self.days, key=lambda d: (self.days[d], d))

    def within(self, period: Period) -> bool:
        """Whether it has conversations of the period."""
        return any(period.first <= day <= period.last for day in self.days)


def nights_between(
    runs: Sequence[StoredRun], first: date, last: date, told: Callable[[str], object] = lambda _: None
) -> tuple[Night, ...]:
    """The finished and judged runs with conversations from `first` to `last`, oldest first. Of runs over the same input
    only the last counts, as in `qc compact`; and a conversation that stands in several runs counts in the last. `told`:
    hears of those whose tables cannot be read, which are left out."""
    found = []
    for run in counted_runs(runs):
        if run.lineage.started_at[:10] >= (first - SKEW).isoformat():
            with _sound(run, told):
                night = Night(run=run, days=days(run))
                if night.within(Period(first=first, last=last)):
                    found.append(night)
    sound = []
    for night in _each_once(found):
        with _sound(night.run, told):
            sound.append(replace(night, tables=extract(night.run, night.without)))
    return tuple(sound)


@contextmanager
def _sound(run: StoredRun, told: Callable[[str], object]) -> Iterator[None]:
    """What is damaged of one night is told, and stops no report of others."""
    try:
        yield
    except UsageError as error:
        told(not_counted(run, error))


def last_day(runs: Sequence[StoredRun]) -> date | None:
    """The last day of which there are conversations."""
    newest: date | None = None
    for run in reversed(counted_runs(runs)):
        if newest is not None and run.lineage.started_at[:10] < (newest - SKEW).isoformat():
            break  # what began later cannot be in it
        own = _latest(run)
        newest = max((day for day in (newest, own) if day is not None), default=None)
    return newest


def _latest(run: StoredRun) -> date | None:
    """The last day of its conversations, None where it has none that can be read."""
    try:
        return of_run(run, days(run))
    except UsageError:
        return None


def added_up(nights: Sequence[Night], period: Period) -> Mapping[str, pa.Table]:
    """The extracts of `nights` one after the other, of the days of the period."""
    whole: dict[str, list[pa.Table]] = {}
    for night in nights:
        for name, table in night.tables.items():
            whole.setdefault(name, []).append(of_days(table, period.first, period.last))
    return {name: pa.concat_tables(tables) for name, tables in whole.items()}


def _each_once(nights: Sequence[Night]) -> tuple[Night, ...]:
    """The same conversation began on the same day: only nights that share a day are looked at."""
    of_day: dict[date, list[int]] = {}
    for i, night in enumerate(nights):
        for day in night.days:
            of_day.setdefault(day, []).append(i)
    shared = sorted({i for own in of_day.values() if len(own) > 1 for i in own})
    if not shared:
        return tuple(nights)
    rows = {i: talks(nights[i].run) for i in shared}
    kept = last_of_each(list(rows.values()))
    ends = np.cumsum([rows[i].num_rows for i in shared])
    out = list(nights)
    for i, mine in zip(shared, np.split(kept, ends[:-1]), strict=True):
        if not mine.all():
            left = rows[i].filter(pa.array(mine))["day"].value_counts().to_pylist()
            gone = rows[i].filter(pa.array(~mine))["conversation_id"].to_pylist()
            counts = {row["values"]: row["counts"] for row in left}
            out[i] = Night(run=nights[i].run, days=counts, without=tuple(gone))
    return tuple(night for night in out if night.days)
