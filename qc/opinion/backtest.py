"""The alert rules over the days that are stored: how often each would have called, and which surges it would see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from qc.domain.alert import Alert, AlertSpecs, Dimension, Metric
from qc.opinion.bursts import Words, words_by_day
from qc.opinion.daily import Daily
from qc.opinion.judge import Judged, judge
from qc.opinion.ledger import read_ledger
from qc.opinion.surge import Added
from qc.storage.read import StoredRun

_WEEK = 7
_LARGEST = 40
"""Values of a dimension that are surged: the ones with the most customers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRate:
    """How often a rule called: alerts, days with one, alerts a week."""

    rule: str
    title: str
    alerts: int
    days: int
    per_week: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Injected:
    """Simulated surges of one size: `share` of the day's customers more on one value, on every day and value in turn.
    `seen`: with an alert on that value; `first`: with it as the first alert of the day."""

    dimension: Dimension
    share: float
    trials: int
    seen: int
    first: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """`days`: days that could be judged; `skipped`: days without enough history or that were partial."""

    first: date | None
    last: date | None
    days: int
    skipped: int
    rates: tuple[RuleRate, ...]
    alerts: tuple[Alert, ...]
    injected: tuple[Injected, ...]

    @property
    def per_week(self) -> float:
        return sum(r.per_week for r in self.rates)


def backtest(
    runs: Sequence[StoredRun], specs: AlertSpecs, *, inject: Sequence[tuple[Dimension, float]] = ()
) -> Backtest:
    """Judge every day by the days before it only. `inject`: dimensions and shares of a day's customers to simulate."""
    daily = Daily(read_ledger(runs))
    words = words_by_day(daily) if any(r.metric is Metric.WORD for r in specs.rules) else None
    return backtest_of(daily, words, specs, inject=inject)


def backtest_of(
    daily: Daily, words: Words | None, specs: AlertSpecs, *, inject: Sequence[tuple[Dimension, float]] = ()
) -> Backtest:
    """As `backtest`, of figures that are read already."""
    judged = [j for j in _judged(daily, words, specs) if j.tested]
    alerts = tuple(a for j in judged for a in j.alerts)
    weeks = max(len(judged) / _WEEK, 1e-9)
    calls, days = Counter(a.rule for a in alerts), Counter(r for j in judged for r in {a.rule for a in j.alerts})
    rates = tuple(
        RuleRate(
            rule=r.id,
            title=r.title,
            alerts=calls[r.id],
            days=days[r.id],
            per_week=calls[r.id] / weeks if judged else 0.0,
        )
        for r in specs.rules
    )
    return Backtest(
        first=judged[0].day if judged else None,
        last=judged[-1].day if judged else None,
        days=len(judged),
        skipped=len(daily.ledger.days) - len(judged),
        rates=rates,
        alerts=alerts,
        injected=tuple(_inject(daily, [j.day for j in judged], specs, d, share) for d, share in inject),
    )


def _judged(daily: Daily, words: Words | None, specs: AlertSpecs) -> Iterator[Judged]:
    for day in daily.ledger.days:
        if len(daily.before(day, specs.window_days)) >= specs.min_days:
            yield judge(daily, words, day, specs)


def _inject(daily: Daily, days: Sequence[date], specs: AlertSpecs, dimension: Dimension, share: float) -> Injected:
    """Words are left out: who is added says nothing."""
    counting = replace(specs, rules=tuple(r for r in specs.rules if r.metric is not Metric.WORD))
    counts = daily.counts((dimension,))
    largest = np.argsort(-counts.volume.sum(0), kind="stable")[:_LARGEST]
    trials = seen = first = 0
    for day in days:
        at = daily.ledger.days.index(day)
        more = max(round(share * float(daily.totals[at])), 1)
        for value in largest.tolist():
            added = Added(dimensions=(dimension,), value=counts.values[value], customers=more)
            found = judge(daily, None, day, counting, added).alerts
            mine = [a.dimensions == (dimension,) and a.values == added.value for a in found]
            trials += 1
            seen += any(mine)
            first += bool(mine) and mine[0]
    return Injected(dimension=dimension, share=share, trials=trials, seen=seen, first=first)
