"""A day of public opinion: its figures, what is known of the days before, its alerts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from qc.domain.alert import Alert, AlertSpecs, Dimension, Metric
from qc.domain.language import say
from qc.opinion.bursts import Bursts, words_by_day
from qc.opinion.daily import Daily, DayFacts, missing_days
from qc.opinion.dedupe import last_day
from qc.opinion.judge import Judged, judge
from qc.opinion.ledger import Ledger, read_ledger
from qc.opinion.surge import Untested
from qc.storage.read import StoredRun

SHOWN = tuple(d for d in Dimension)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One value of a dimension on the day: customers, those negative, those with a risk signal. `expected`: customers
    to be expected; None where that was not tested."""

    value: str
    title: str
    customers: int
    negative: int
    risk: int
    expected: float | None
    usual: float | None
    """Negative customers to be expected among these; None where that was not tested."""
    p: float | None = None
    """How likely so many customers are by chance; None where that was not tested."""
    q: float | None = None
    """The same after the correction for everything tested that day."""
    mood_q: float | None = None
    """As `q`, of so many negative ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayReport:
    """`days`: the day (last) and those before it in the window, `negative` of each; `notes` are sentences for the
    reader. `masked`: all `runs` left personal data out."""

    day: date
    runs: tuple[str, ...]
    masked: bool
    days: tuple[DayFacts, ...]
    negative: tuple[int, ...]
    missing: tuple[date, ...]
    figures: dict[Dimension, tuple[Figure, ...]]
    alerts: tuple[Alert, ...]
    tested: int
    untested: tuple[Untested, ...]
    words: Bursts | str
    notes: tuple[str, ...]


def report_day(runs: Sequence[StoredRun], day: date | None, specs: AlertSpecs) -> DayReport | None:
    """The report of `day`, or of the last day with conversations; None where there is no conversation of it. The order
    of `runs` does not matter."""
    daily = Daily(read_ledger(runs))
    if day is None and daily.ledger.days:
        day = _last(daily.ledger)
    if day is None or daily.index(day) is None:
        return None
    return report_of(daily, judge(daily, words_by_day(daily), day, specs), specs)


def _last(ledger: Ledger) -> date | None:
    of_runs = ((run, np.unique(ledger.day[ledger.run == i])) for i, run in enumerate(ledger.runs))
    lasts = (last_day(run, (ledger.days[at] for at in days.tolist())) for run, days in of_runs)
    return max((day for day in lasts if day is not None), default=None)


def report_of(daily: Daily, judged: Judged, specs: AlertSpecs) -> DayReport:
    """The report of a judged day, which must hold conversations."""
    day, ledger = judged.day, daily.ledger
    at = ledger.days.index(day)
    past = daily.before(day, specs.window_days)
    shown = [*past.tolist(), at]
    of_day = [ledger.runs[int(r)].lineage for r in np.unique(ledger.run[ledger.day == at])]
    first = ledger.days[shown[0]]
    return DayReport(
        day=day,
        runs=tuple(lineage.run_id for lineage in of_day),
        masked=all(lineage.personal_data == "masked" for lineage in of_day),
        days=tuple(daily.facts[i] for i in shown),
        negative=tuple(int(daily.counts((Dimension.TOTAL,)).negative[i, 0]) for i in shown),
        missing=missing_days(ledger.days, first, day),
        figures={d: _figures(daily, judged, at, d) for d in SHOWN},
        alerts=judged.alerts,
        tested=judged.tested,
        untested=judged.untested,
        words=judged.words,
        notes=_notes(daily, judged, at, past.tolist(), specs),
    )


def _figures(daily: Daily, judged: Judged, at: int, dimension: Dimension) -> tuple[Figure, ...]:
    counts = daily.counts((dimension,))
    tests = {t.metric: t for t in judged.families if t.dimensions == (dimension,)}
    volume, mood = tests.get(Metric.VOLUME), tests.get(Metric.NEGATIVE)
    out = [
        Figure(
            value=counts.values[i][0],
            title=counts.titles[i],
            customers=int(counts.volume[at, i]),
            negative=int(counts.negative[at, i]),
            risk=int(counts.risk[at, i]),
            expected=float(volume.prediction.mean[i]) if volume is not None and volume.tested[i] else None,
            usual=float(mood.prediction.mean[i]) if mood is not None and mood.tested[i] else None,
            p=float(volume.p[i]) if volume is not None and volume.tested[i] else None,
            q=float(volume.q[i]) if volume is not None and volume.tested[i] else None,
            mood_q=float(mood.q[i]) if mood is not None and mood.tested[i] else None,
        )
        for i in range(len(counts.values))
    ]
    kept = [f for f in out if f.customers or (f.expected or 0) >= 1]
    return tuple(sorted(kept, key=lambda f: (-f.customers, f.value)))


def _notes(daily: Daily, judged: Judged, at: int, past: list[int], specs: AlertSpecs) -> tuple[str, ...]:
    ledger, facts = daily.ledger, daily.facts[at]
    mine = ledger.day == at
    notes = []
    nameless = int((~ledger.named[mine]).sum())
    if nameless:
        notes.append(
            say(
                "{count} / {all} 个会话没有客户编号，或号码打了星号、认不出是同一位，各算一位客户；"
                "其余按客户去重，同一客户当天同一项只算一次。",
                count=f"{nameless:,}",
                all=f"{int(mine.sum()):,}",
            )
        )
    if undated := int((~ledger.dated[mine]).sum()):
        notes.append(say("{count} 个会话没有开始时间，按批次开始的日期计。", count=f"{undated:,}"))
    if facts.partial and facts.hours is not None:
        hours = {"seen": facts.hours, "usual": facts.usual_hours}
        notes.append(say("当天数据不全（{seen} / {usual} 个时段有会话）：总量和各时段不检验，占比仍检验。", **hours))
    elif facts.partial:
        notes.append(say("当天数据不全：总量和各时段不检验，占比仍检验。"))
    partial = sum(daily.facts[i].partial for i in past)
    if partial:
        notes.append(say("历史中有 {count} 天数据不全，不参加总量和时段的比较。", count=partial))
    window = [ledger.days[i] for i in past]
    if window and (gone := missing_days(ledger.days, window[0], judged.day)):
        listed = ", ".join(d.isoformat() for d in gone[:5]) + ("…" if len(gone) > 5 else "")
        notes.append(say("历史中缺 {count} 天：{days}。", count=len(gone), days=listed))
    if len(past) < specs.min_days:
        short = {"days": len(past), "least": specs.min_days}
        notes.append(say("历史只有 {days} 天，不足 {least} 天，不作预警，只列数字。", **short))
    elif len(frozenset[str]().union(*(daily.lists[i] for i in (*past, at)))) > 1:
        notes.append(
            say(
                "这段时间里词表、话题、意向或投诉的写法改过，前后的数字未必可比；"
                "用 qc inspect 把旧批次按现在的词表重判，即可消除。"
            )
        )
    if isinstance(judged.words, str) and any(r.metric is Metric.WORD for r in specs.rules):
        notes.append(say("没有检验突增的词：{reason}。", reason=judged.words))
    return tuple(notes)
