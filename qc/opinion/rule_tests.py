"""The inline tests of alert rules: one series of daily counts each, through the statistics a run goes through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from qc.domain.alert import AlertLevel, AlertRule, AlertSpecs, AlertTest, Dimension, Metric
from qc.opinion.baseline import predict
from qc.opinion.bursts import of_counts
from qc.opinion.judge import level_of
from qc.opinion.wording import chance, count


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A test, the level it came to, and how (Chinese)."""

    test: AlertTest
    level: AlertLevel | None
    why: str

    @property
    def passed(self) -> bool:
        return self.level is self.test.expect


def run_alert_tests(specs: AlertSpecs) -> tuple[Outcome, ...]:
    """Run every test, in the order of the file."""
    rules = {r.id: r for r in specs.rules}
    return tuple(_run(test, rules[test.rule], specs) for test in specs.tests)


def untested_rules(specs: AlertSpecs) -> tuple[AlertRule, ...]:
    """Rules without a test."""
    named = {t.rule for t in specs.tests}
    return tuple(r for r in specs.rules if r.id not in named)


def _run(test: AlertTest, rule: AlertRule, specs: AlertSpecs) -> Outcome:
    days = [test.start + timedelta(days=i) for i in range(len(test.days))]
    past = slice(max(len(days) - 1 - specs.window_days, 0), len(days) - 1)
    if len(days[past]) < specs.min_days:
        why = f"历史只有 {len(days[past])} 天，不足 {specs.min_days} 天"
        return Outcome(test=test, level=None, why=why)
    observed = test.days[-1]
    k = np.array(test.days[past], np.float64)[:, None]
    if rule.metric is Metric.WORD:
        sizes = np.array(test.of[past], np.float64)
        today = np.array([observed], np.float64)
        found = of_counts(("",), k, sizes, today, float(test.of[-1]), among=test.among).found
        expected, q = (found[0].expected, found[0].q) if found else (float(k.mean()), 1.0)
    else:
        whole = rule.metric is Metric.VOLUME and rule.dimensions == (Dimension.TOTAL,)
        n = np.ones_like(k) if whole else np.array(test.of[past], np.float64)[:, None]
        size = np.ones(1) if whole else np.array([test.of[-1]], np.float64)
        prediction = predict(k, n, _weekdays(days[past]), size, days[-1].weekday(), bounded=not whole)
        expected = float(prediction.mean[0])
        q = min(float(prediction.tail(np.array([float(observed)]))[0]) * test.among, 1.0)
    level = level_of(rule.steps, observed, expected, q)
    return Outcome(test=test, level=level, why=f"预计 {count(expected)}，实际 {observed:,}，q：{chance(q)}")


def _weekdays(days: Sequence[date]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([d.weekday() for d in days], np.int64)
