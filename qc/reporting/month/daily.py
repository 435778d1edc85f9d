"""Day by day: conversations, mean score, pass rate and auto-fails on control charts.

No day is singled out, so that all days of the period make the limits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import groupby

from qc.domain.language import say
from qc.opinion.wording import weekday
from qc.reporting import charts
from qc.reporting.control import (
    ONE_SIDED,
    Limits,
    Measure,
    Scale,
    measure,
    of_rates,
    of_scores,
    pooled,
    rate_limits,
    score_limits,
)
from qc.reporting.courses import Reading
from qc.reporting.estimates import Rate
from qc.reporting.month.period import Period
from qc.reporting.summaries import Summary
from qc.statistics.individuals import ENOUGH

_WIDTH = 1180.0
_MANY = 10_000
"""From so many conversations a day on the chart counts in thousands."""


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
    found = []
    means = {day: s.score.value for day, s in scored.items() if s.score.value is not None}
    if means:
        values = list(means.values())
        limits = [score_limits(values)] * len(values)
        readings = _readings(means, [scored[day].score.n for day in means], limits, notes)
        found.append(_measured(of_scores(), readings, sum(values) / len(values)))
    passing = [s.passing for s in scored.values()]
    fails = [Rate(count=s.auto_fails, n=s.passing.n) for s in scored.values()]
    for title, rates in ((say("合格率"), passing), (say("一票否决率"), fails)):
        shares = {day: rate.value or 0.0 for day, rate in zip(scored, rates, strict=True)}
        sizes = [rate.n for rate in rates]
        readings = _readings(shares, sizes, rate_limits(rates, sizes), notes)
        found.append(_measured(of_rates(title), readings, pooled(rates)))
    return tuple(found)


def _measured(scale: Scale, readings: Sequence[Reading], centre: float) -> Measure:
    told = _words(readings, scale.form, centre)
    return measure(scale, readings, centre, told, alarm=any(g.side for g in readings), width=_WIDTH)


def _readings(
    values: Mapping[date, float], sizes: Sequence[int], limits: Sequence[Limits], notes: Mapping[date, str]
) -> list[Reading]:
    return [
        Reading(label=_label(day), short=f"{day:%m-%d}", value=v, n=n, low=low, high=high, note=notes.get(day, ""))
        for (day, v), n, (low, high) in zip(values.items(), sizes, limits, strict=True)
    ]


def _label(day: date) -> str:
    return say("{date} {weekday}", date=day.isoformat(), weekday=weekday(day))


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
    """The first and last of the longest row of days on one side of the centre, if it is no chance; a day on the centre
    itself ends a row."""
    best, begin = (0, -1), 0
    for side, row in groupby((value > centre) - (value < centre) for value in values):
        end = begin + len(list(row))
        if side and end - begin > best[1] - best[0] + 1:
            best = (begin, end - 1)
        begin = end
    return best if best[1] - best[0] + 1 >= ONE_SIDED else None
