"""Alert rules applied to a day: tests → alerts, the gravest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pyarrow as pa

from qc.domain.alert import Alert, AlertLevel, AlertRule, AlertSpecs, Dimension, Metric, Step
from qc.domain.language import say
from qc.opinion import wording
from qc.opinion.bursts import Burst, Bursts, Words, bursts
from qc.opinion.daily import Daily
from qc.opinion.ledger import Bools
from qc.opinion.surge import Added, Tested, Untested, families, surges

_EXAMPLES = 5
_MOST = 0.6
"""An alert is part of a graver one that holds at least this share of its customers."""
_WORDS = 10
"""Words per rule and day: what bursts brings its neighbours along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What came of a day. `tested`: series; `words`: the bursts, or why there are none."""

    day: date
    alerts: tuple[Alert, ...]
    families: tuple[Tested, ...]
    untested: tuple[Untested, ...]
    words: Bursts | str

    @property
    def tested(self) -> int:
        return sum(int(t.tested.sum()) for t in self.families)


def judge(daily: Daily, words: Words | None, day: date, specs: AlertSpecs, added: Added | None = None) -> Judged:
    """Test everything the rules ask for on `day` and apply the rules. Without `words` no word is looked at; `added`
    simulates a surge."""
    wanted = families((r.metric, r.dimensions) for r in specs.rules)
    window, least = specs.window_days, specs.min_days
    found, untested = surges(daily, day, wanted, window_days=window, min_days=least, added=added)
    burst = bursts(daily, words, day, window_days=window, min_days=least) if words is not None else say("没有检验")
    tested = sum(int(t.tested.sum()) for t in found)
    alerts: list[tuple[Alert, Bools | None]] = []
    for rule in specs.rules:
        if rule.metric is Metric.WORD:
            if isinstance(burst, Bursts):
                alerts += [(a, None) for a in _word_alerts(rule, burst, day, specs)]
        else:
            own = next((t for t in found if (t.metric, t.dimensions) == (rule.metric, rule.dimensions)), None)
            if own is not None:
                alerts += _alerts(daily, rule, own, day, specs, tested)
    ordered = sorted(alerts, key=lambda pair: _gravity(pair[0]))
    return Judged(day=day, alerts=_nested(daily, ordered), families=found, untested=untested, words=burst)


def _gravity(alert: Alert) -> tuple[int, float, float, float, str]:
    return -alert.level.rank, alert.q_value, alert.p_value, alert.expected - alert.observed, alert.id


def level_of(steps: Sequence[Step], observed: int, expected: float, q: float) -> AlertLevel | None:
    """The gravest step reached."""
    reached = [
        s.level
        for s in steps
        if q <= s.significance and observed >= s.min_count and observed >= expected * (1 + s.min_increase)
    ]
    return max(reached, key=lambda level: level.rank, default=None)


def _alerts(
    daily: Daily, rule: AlertRule, tested: Tested, day: date, specs: AlertSpecs, total: int
) -> list[tuple[Alert, Bools | None]]:
    most = max(s.significance for s in rule.steps)
    out: list[tuple[Alert, Bools | None]] = []
    for i in np.flatnonzero(tested.tested & (tested.q <= most)).tolist():
        observed, expected = int(tested.observed[i]), float(tested.prediction.mean[i])
        level = level_of(rule.steps, observed, expected, float(tested.q[i]))
        if level is None:
            continue
        prediction = tested.prediction
        of = int(prediction.of[i]) if np.isfinite(prediction.of[i]) else None
        test = wording.NEGATIVE_BINOMIAL if of is None else wording.BETA_BINOMIAL
        fresh = expected < 1 and tested.observed[i] > 0 and bool(prediction.relative_variance[i] >= 1)
        increase = None if fresh else observed / expected - 1
        high = prediction.usual_high(i)
        members = _rows(daily, day, tested, i)
        subject = wording.subject(rule.metric, rule.dimensions, tested.titles[i])
        alert = _alert(rule, level, specs, day, tested.values[i], subject)
        explanation = wording.counted(
            metric=rule.metric,
            day=day,
            observed=observed,
            of=of,
            expected=expected,
            usual_high=high,
            increase=increase,
            p=float(tested.p[i]),
            q=float(tested.q[i]),
            tested=total,
            days=prediction.days,
            seasonal=prediction.seasonal,
            test=test,
        )
        filled = replace(
            alert,
            observed=observed,
            of=of,
            expected=expected,
            usual_high=high,
            increase=increase,
            test=test,
            p_value=float(tested.p[i]),
            q_value=float(tested.q[i]),
            baseline_days=prediction.days,
            same_weekdays=prediction.same,
            seasonal=prediction.seasonal,
            dispersion=float(prediction.alpha[i]),
            explanation=explanation,
            examples=_examples(daily, members),
        )
        out.append((filled, members))
    return out


def _word_alerts(rule: AlertRule, found: Bursts, day: date, specs: AlertSpecs) -> Iterable[Alert]:
    shown = 0
    for burst in found.found:
        level = level_of(rule.steps, burst.observed, burst.expected, burst.q)
        if level is None or shown == _WORDS:
            continue
        shown += 1
        yield _word_alert(rule, burst, found, level, day, specs)


def _word_alert(rule: AlertRule, burst: Burst, found: Bursts, level: AlertLevel, day: date, specs: AlertSpecs) -> Alert:
    increase = burst.observed / burst.expected - 1 if burst.expected > 0 else None
    alert = _alert(rule, level, specs, day, (burst.term,), wording.word_subject(burst.term))
    return replace(
        alert,
        observed=burst.observed,
        of=burst.of,
        expected=burst.expected,
        increase=increase,
        test=wording.LIKELIHOOD_RATIO,
        p_value=burst.p,
        q_value=burst.q,
        baseline_days=found.days,
        log_likelihood_ratio=burst.ratio,
        explanation=wording.word(
            day=day,
            observed=burst.observed,
            of=burst.of,
            expected=burst.expected,
            increase=increase,
            ratio=burst.ratio,
            limit=found.limit,
            q=burst.q,
            days=found.days,
        ),
    )


def _alert(
    rule: AlertRule, level: AlertLevel, specs: AlertSpecs, day: date, values: tuple[str, ...], name: str
) -> Alert:
    """The alert with what the rule and its level say; its numbers are filled in by the caller."""
    meaning = specs.meaning(level)
    quiet = specs.quiet_hours
    return Alert(
        id=":".join((day.isoformat(), rule.id, *(v for v in values if v))),
        rule=rule.id,
        title=rule.title,
        level=level,
        metric=rule.metric,
        dimensions=rule.dimensions,
        values=values,
        name=name,
        day=day,
        observed=0,
        of=None,
        expected=0.0,
        usual_high=None,
        increase=None,
        test="",
        p_value=1.0,
        q_value=1.0,
        baseline_days=0,
        same_weekdays=0,
        seasonal=False,
        dispersion=0.0,
        log_likelihood_ratio=None,
        explanation="",
        examples=(),
        who=meaning.who,
        within_minutes=meaning.within_minutes,
        held=quiet is not None and level.rank < quiet.above.rank,
    )


def _rows(daily: Daily, day: date, tested: Tested, i: int) -> Bools:
    """The conversations of the day that were counted, as a mask over the ledger."""
    ledger = daily.ledger
    members = daily.members(tested.dimensions)
    rows = members.row[members.value == i]
    mask = np.zeros(len(ledger.ids), bool)
    mask[rows] = True
    mask &= ledger.day == daily.index(day)
    if tested.metric is Metric.NEGATIVE:
        mask &= ledger.negative
    elif tested.metric is Metric.RISK:
        mask &= ledger.risk
    return mask


def _examples(daily: Daily, members: Bools) -> tuple[str, ...]:
    """Conversations to read first: the most negative, one per customer."""
    ledger = daily.ledger
    rows = np.flatnonzero(members)
    levels = ledger.level[rows]
    chosen: dict[int, str] = {}
    for level in np.flatnonzero(np.bincount(levels))[::-1]:  # all names of one level at most are looked at in order
        here = rows[levels == level]
        for name, row in sorted(zip(ledger.ids.take(pa.array(here)).to_pylist(), here.tolist(), strict=True)):
            chosen.setdefault(int(ledger.customer[row]), name)
            if len(chosen) == _EXAMPLES:
                return tuple(chosen.values())
    return tuple(chosen.values())


def _nested(daily: Daily, alerts: Sequence[tuple[Alert, Bools | None]]) -> tuple[Alert, ...]:
    """Alerts most of whose customers belong to one before them say so; one of everybody takes nobody in."""
    customers = daily.ledger.customer
    heads: list[tuple[str, set[int]]] = []
    out = []
    for alert, members in alerts:
        own = set(customers[members].tolist()) if members is not None else set()
        inside = next((i for i, whole in heads if own and len(own & whole) >= _MOST * len(own)), None)
        out.append(replace(alert, part_of=inside))
        if own and inside is None and alert.dimensions != (Dimension.TOTAL,):
            heads.append((alert.id, own))
    return tuple(out)
