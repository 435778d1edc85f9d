"""Day by day: conversations, mean score, pass rate and auto-fails on control charts.

The charts are those of a batch (`qc.reporting.trend`), with one difference: no day is singled out here, so that all
days of the period make the limits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from qc.domain.language import say
from qc.opinion.wording import weekday
from qc.reporting import charts
from qc.reporting.courses import Reading, course
from qc.reporting.estimates import Rate
from qc.reporting.formatting import number, percent
from qc.reporting.month.period import Period
from qc.reporting.summaries import Summary
from qc.reporting.trend import ONE_SIDED, Measure, overdispersion, variation
from qc.statistics.individuals import ENOUGH, usual

_WIDTH = 1180.0
_MANY = 10_000
"""From so many conversations a day on the chart counts in thousands."""
_Limits = Sequence[tuple[float | None, float | None]]


def volume(days: Mapping[date, Summary]) -> charts.Columns:
    """Conversations per day, those that passed at the foot; a day without any is a gap."""
    series = [(say("合格"), "ink-main"), (say("不合格"), "mood-negative"), (say("没有评分"), "mood-neutral")]
    scale = 1000.0 if max(s.conversations for s in days.values()) >= _MANY else 1.0
    data = []
    for day in Period(first=min(days), last=max(days)).days:
        s = days.get(day)
        parts = (s.passing.count, s.passing.n - s.passing.count, s.conversations - s.passing.n) if s else (0, 0, 0)
        data.append(charts.Datum(label=_label(day), values=tuple(n / scale for n in parts), short=f"{day.day}"))
    total = sum(s.conversations for s in days.values())
    return charts.columns(
        title=say("每天的会话"),
        summary=say("{days} 天共 {n} 个", days=len(days), n=f"{total:,}"),
        data=data,
        series=series,
        unit=say("千个") if scale > 1 else say("个"),
        width=_WIDTH,
        height=200.0,
    )


def measures(days: Mapping[date, Summary], notes: Mapping[date, str]) -> tuple[Measure, ...]:
    """The control charts of the days that have scores. `notes`: what changed before a day."""
    scored = {day: s for day, s in days.items() if s.passing.n}
    if not scored:
        return ()
    means = {day: s.score.value for day, s in scored.items() if s.score.value is not None}
    found = []
    if means:
        values = list(means.values())
        drawn = usual(values)
        limits = (max(0.0, drawn[0]), min(100.0, drawn[1])) if drawn else (None, None)
        sizes = [scored[day].score.n for day in means]
        centre = sum(values) / len(values)
        readings = _readings(means, sizes, [limits] * len(values), notes)
        found.append(_measure(say("平均分"), say("分"), readings, number, centre, 100.0))
    passing = [s.passing for s in scored.values()]
    fails = [Rate(count=s.auto_fails, n=s.passing.n) for s in scored.values()]
    for title, rates in ((say("合格率"), passing), (say("一票否决率"), fails)):
        centre = sum(r.count for r in rates) / sum(r.n for r in rates)
        shares = {day: rate.value or 0.0 for day, rate in zip(scored, rates, strict=True)}
        readings = _readings(shares, [r.n for r in rates], _limits(rates, centre), notes)
        found.append(_measure(title, "%", readings, percent, centre, 1.0))
    return tuple(found)


def _limits(rates: Sequence[Rate], centre: float) -> _Limits:
    if len(rates) < ENOUGH or not 0 < centre < 1:
        return [(None, None)] * len(rates)
    wide = 3 * overdispersion(rates, centre)
    halves = [wide * math.sqrt(centre * (1 - centre) / r.n) for r in rates]
    return [(max(0.0, centre - half), min(1.0, centre + half)) for half in halves]


def _readings(
    values: Mapping[date, float], sizes: Sequence[int], limits: _Limits, notes: Mapping[date, str]
) -> list[Reading]:
    return [
        Reading(label=_label(day), short=f"{day:%m-%d}", value=v, n=n, low=low, high=high, note=notes.get(day, ""))
        for (day, v), n, (low, high) in zip(values.items(), sizes, limits, strict=True)
    ]


def _label(day: date) -> str:
    return say("{date} {weekday}", date=day.isoformat(), weekday=weekday(day))


def _measure(
    title: str, unit: str, readings: Sequence[Reading], form: Callable[[float], str], centre: float, ceiling: float
) -> Measure:
    told = _words(readings, form, centre)
    chart = course(
        title=title,
        summary=told[0],
        unit=unit,
        readings=readings,
        form=form,
        centre=centre if readings[0].low is not None else None,
        floor=0.0,
        ceiling=ceiling,
        width=_WIDTH,
    )
    return Measure(
        chart=chart,
        variation=variation([g.value for g in readings], ceiling),
        findings=tuple(told),
        alarm=any(g.side for g in readings),
    )


def _words(readings: Sequence[Reading], form: Callable[[float], str], centre: float) -> list[str]:
    low, high = (end(readings, key=lambda g: g.value) for end in (min, max))
    span = {"low": form(low.value), "low_day": low.short, "high": form(high.value), "high_day": high.short}
    told = [say("每天在 {low}（{low_day}）与 {high}（{high_day}）之间，平均 {mean}。", mean=form(centre), **span)]
    if readings[0].low is None:
        return [*told, say("满 {least} 天、每天不全一样，才画控制限。", least=ENOUGH)]
    outside = [g for g in readings if g.side]
    if outside:
        days = say("、").join(g.short for g in outside)
        told.append(say("控制限外 {n} 天：{days}。平常到不了那里，应当找出原因。", n=len(outside), days=days))
    else:
        told.append(say("都在控制限之内，是平常的波动。"))
    if (row := _longest_row([g.value for g in readings], centre)) is not None:
        first, last = readings[row[0]].short, readings[row[1]].short
        n = row[1] - row[0] + 1
        told.append(say("{first} 到 {last} 连续 {n} 天在平均的同一侧：水平多半变了。", first=first, last=last, n=n))
    return told


def _longest_row(values: Sequence[float], centre: float) -> tuple[int, int] | None:
    """The first and last of the longest row of days on one side of the centre, if it is no chance."""
    best, begin = (0, -1), 0
    for i, value in enumerate(values):
        if i and (value > centre) != (values[i - 1] > centre):
            begin = i
        if i - begin > best[1] - best[0]:
            best = (begin, i)
    return best if best[1] - best[0] + 1 >= ONE_SIDED else None
