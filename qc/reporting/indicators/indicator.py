"""An indicator: what it says, how it is worked out, and where its figures come from."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from qc.reporting.estimates import Mean, Rate
from qc.reporting.indicators.facts import Bools, Facts, Floats
from qc.statistics.intervals import Z

Scope = Callable[[Facts], Bools]
Column = Callable[[Facts], Floats]
Better = Literal["higher", "lower", ""]
PERCENT = "%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A value in the indicator's unit (shares in percent) with its 95 % interval, counted over `n` of the `scope`
    things it could be about; None where there is nothing to count, or nothing to be said of the spread."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    scope: int = 0

    @property
    def error(self) -> float | None:
        """The standard error the interval was made of."""
        return None if self.low is None or self.high is None else (self.high - self.low) / (2 * Z)


Measure = Callable[[Facts], Figure]


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One indicator as people read it. `of`: what it is about, a plural noun; `sources`: columns it is worked out from;
    `needs`: the column nobody can do without, as manifests call it, empty where qc knows by itself; `supply`: how to
    get it. `measure` None: no table of qc can hold it. `better`: which way is good, empty where neither is.
    `compared`: whether it is that of one run, so that runs compare; else it looks at many runs at once. `looks_back`:
    how many days of runs before its own it needs, to be compared."""

    id: str
    title: str
    says: str
    formula: str
    unit: str
    better: Better
    of: str
    sources: tuple[str, ...] = ()
    needs: str = ""
    supply: str
    measure: Measure | None = None
    compared: bool = True
    looks_back: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Indicators of one subject. `id` is its anchor on the page."""

    id: str
    title: str
    indicators: tuple[Indicator, ...]


def share(scope: Scope, column: Column) -> Measure:
    """In percent, how many of the conversations in `scope` have a 1 in `column`; those with NaN are not counted."""

    def measured(facts: Facts) -> Figure:
        values, size = _known(facts, scope, column)
        return of_rate(Rate(count=int(values.sum()), n=len(values)), size)

    return measured


def mean(scope: Scope, column: Column, most: float = math.inf) -> Measure:
    """The mean of `column`, which is `most` at most, over the conversations in `scope`; NaN is not counted."""

    def measured(facts: Facts) -> Figure:
        values, size = _known(facts, scope, column)
        return of_values(values, size, most)

    return measured


def of_rate(rate: Rate, scope: int) -> Figure:
    """A share with Wilson's interval, in percent."""
    return Figure(value=_percent(rate.value), low=_percent(rate.low), high=_percent(rate.high), n=rate.n, scope=scope)


def of_values(values: Floats, scope: int, most: float = math.inf) -> Figure:
    """The mean with its t interval; none of the indicators can be below 0."""
    size = len(values)
    sd = float(values.std(ddof=1)) if size > 1 else None
    found = Mean(value=float(values.mean()) if size else None, sd=sd, n=size)
    if found.value is None or found.half is None:
        return Figure(value=found.value, n=size, scope=scope)
    low, high = max(0.0, found.value - found.half), min(most, found.value + found.half)
    return Figure(value=found.value, low=low, high=high, n=size, scope=scope)


def _known(facts: Facts, scope: Scope, column: Column) -> tuple[Floats, int]:
    """The values that count, and of how many conversations there could have been one."""
    about = scope(facts)
    values = column(facts)[about]
    return values[~np.isnan(values)], int(about.sum())


def _percent(value: float | None) -> float | None:
    return None if value is None else value * 100
