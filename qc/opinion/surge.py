"""Every series of a day tested against the days before it, and all of them corrected together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from qc.domain.alert import Dimension, Metric
from qc.domain.language import say
from qc.opinion.baseline import Prediction, predict
from qc.opinion.daily import Daily
from qc.opinion.ledger import Bools, Ints
from qc.statistics.significance import benjamini_hochberg
from qc.statistics.tails import Floats

Family = tuple[Metric, tuple[Dimension, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """The series of one metric and dimension on one day. `tested` marks those with a p-value; `q` is corrected over
    everything tested that day."""

    metric: Metric
    dimensions: tuple[Dimension, ...]
    values: tuple[tuple[str, ...], ...]
    titles: tuple[str, ...]
    observed: Floats
    prediction: Prediction
    tested: Bools
    p: Floats
    q: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Untested:
    """What could not be tested, and why."""

    metric: Metric
    dimensions: tuple[Dimension, ...]
    reason: str


def families(rules: Iterable[tuple[Metric, tuple[Dimension, ...]]]) -> tuple[Family, ...]:
    """What the rules need tested, each once, in a fixed order; words are tested apart."""
    return tuple(sorted({(m, d) for m, d in rules if m is not Metric.WORD}))


def surges(
    daily: Daily, day: date, wanted: Sequence[Family], *, window_days: int, min_days: int, added: Added | None = None
) -> tuple[tuple[Tested, ...], tuple[Untested, ...]]:
    """Test the series of `wanted` on `day`."""
    found: list[Tested] = []
    refused: list[Untested] = []
    for metric, dimensions in wanted:
        tested = _test(daily, day, metric, dimensions, window_days, min_days, added)
        if isinstance(tested, Untested):
            refused.append(tested)
        else:
            found.append(tested)
    return corrected(found), tuple(refused)


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """Customers added to one value on the day in question: a simulated surge."""

    dimensions: tuple[Dimension, ...]
    value: tuple[str, ...]
    customers: int


def _test(
    daily: Daily,
    day: date,
    metric: Metric,
    dimensions: tuple[Dimension, ...],
    window_days: int,
    min_days: int,
    added: Added | None,
) -> Tested | Untested:
    counts, at, past = daily.counts(dimensions), daily.index(day), daily.before(day, window_days)
    whole = dimensions == (Dimension.TOTAL,) and metric is Metric.VOLUME
    by_day = whole or Dimension.HOUR in dimensions  # figures that a day which was cut off falsifies
    if by_day:
        past = past[~daily.partial[past]]
    if at is None:
        return Untested(metric=metric, dimensions=dimensions, reason=say("当天没有会话"))
    if by_day and daily.partial[at]:
        return Untested(metric=metric, dimensions=dimensions, reason=say("当天数据不全，总量和各时段不检验"))
    if len(past) < min_days:
        reason = say("可比的历史只有 {days} 天，不足 {least} 天", days=len(past), least=min_days)
        return Untested(metric=metric, dimensions=dimensions, reason=reason)
    surge = np.zeros(len(counts.values))
    more = added.customers if added is not None else 0
    if added is not None and added.dimensions == dimensions:
        surge += [added.customers if v == added.value else 0 for v in counts.values]
    volume = counts.volume[at] + (more if whole else surge)
    if metric is Metric.VOLUME:
        observed, k = volume, counts.volume[past]
        n, today = _exposure(daily, past, at, k.shape[1], more) if not whole else (np.ones_like(k), np.ones(1))
    else:
        figures = counts.negative if metric is Metric.NEGATIVE else counts.risk
        observed, k = figures[at], figures[past]
        n, today = counts.volume[past], volume
    prediction = predict(k, n, daily.weekdays[past], today, int(daily.weekdays[at]), bounded=not whole)
    seen = (k.sum(0) > 0) | (observed > 0)
    usable = seen & (n.sum(0) > 0) if metric is not Metric.VOLUME else seen
    if not whole:
        usable &= (k.sum(0) < n.sum(0)) | (observed < today)  # a share that is always everything cannot rise
    usable &= ~_unfamiliar(daily, past, at, dimensions)
    p = np.where(usable, prediction.tail(observed), 1.0)
    return Tested(
        metric=metric,
        dimensions=dimensions,
        values=counts.values,
        titles=counts.titles,
        observed=observed,
        prediction=prediction,
        tested=usable,
        p=p,
        q=p,
    )


def _exposure(daily: Daily, past: Ints, at: int, width: int, more: int) -> tuple[Floats, Floats]:
    """All customers of the day: what a topic, a region, an hour is a share of."""
    return np.repeat(daily.totals[past][:, None], width, 1), np.full(width, daily.totals[at] + more)


def _unfamiliar(daily: Daily, past: Ints, at: int, dimensions: Sequence[Dimension]) -> Bools:
    """Values of topics and lists that no day knows which was judged with other lists than this one, while such days are
    half or more of those compared: they are new in the lists, perhaps not among customers."""
    volume = daily.counts(dimensions).volume
    foreign = past[[not daily.lists[at] & daily.lists[i] for i in past.tolist()]]
    judged = {Dimension.TOPIC, Dimension.INTENT, Dimension.COMPLAINT}
    if not judged & set(dimensions) or 2 * len(foreign) < max(len(past), 1):
        return np.zeros(volume.shape[1], bool)
    return np.asarray(volume[foreign].sum(0) == 0, bool)


def corrected(found: Sequence[Tested]) -> tuple[Tested, ...]:
    """The q-values over all series tested (Benjamini & Hochberg 1995)."""
    p = np.concatenate([t.p[t.tested] for t in found]) if found else np.zeros(0)
    q, out, start = benjamini_hochberg(p), [], 0
    for t in found:
        size = int(t.tested.sum())
        own = np.ones_like(t.p)
        own[t.tested] = q[start : start + size]
        start += size
        out.append(
            Tested(
                metric=t.metric,
                dimensions=t.dimensions,
                values=t.values,
                titles=t.titles,
                observed=t.observed,
                prediction=t.prediction,
                tested=t.tested,
                p=t.p,
                q=own,
            )
        )
    return tuple(out)
