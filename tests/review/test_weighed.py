"""Agreement in a sample with unequal weights: as without weights where they are equal, and of the whole where not."""

from __future__ import annotations

import numpy as np
import pytest

from qc.review.agreement import agreement
from qc.review.weighed import weighed

FIRST = np.array([True] * 30 + [False] * 170 + [True] * 8 + [False] * 4)
SECOND = np.array([True] * 30 + [False] * 170 + [False] * 8 + [True] * 4)
ALONE = np.arange(len(FIRST))


def test_equal_weights_change_no_value_and_widen_for_what_was_not_met() -> None:
    plain, told = agreement(FIRST, SECOND), weighed(FIRST, SECOND, np.full(len(FIRST), 3.0), ALONE)
    assert (told.both, told.neither, told.first, told.second) == (30, 170, 8, 4)
    for name in ("observed", "prevalence", "positive", "negative"):
        assert getattr(told, name) == pytest.approx(getattr(plain, name))
    for one, other in ((plain.kappa, told.kappa), (plain.ac1, told.ac1)):
        assert one is not None and other is not None and one.error is not None and other.error is not None
        assert other.value == pytest.approx(one.value)
        assert one.error < other.error < 1.1 * one.error


def test_what_was_drawn_often_counts_for_as_little_as_it_stands_for() -> None:
    """Each hit was drawn ten times as often: as if every other verdict were there ten times."""
    weight = np.where(FIRST, 1.0, 10.0)
    many = np.repeat(np.arange(len(FIRST)), weight.astype(int))
    plain, told = agreement(FIRST[many], SECOND[many]), weighed(FIRST, SECOND, weight, ALONE)
    assert told.prevalence == pytest.approx(plain.prevalence) and told.positive == pytest.approx(plain.positive)
    assert told.kappa is not None and plain.kappa is not None
    assert told.kappa.value == pytest.approx(plain.kappa.value)
    assert told.prevalence is not None and told.prevalence < 0.05 < 0.15 < agreement(FIRST, SECOND).prevalence  # type: ignore[operator]


def test_verdicts_of_one_conversation_are_not_as_many() -> None:
    apart = weighed(FIRST, SECOND, np.ones(len(FIRST)), ALONE)
    together = weighed(FIRST, SECOND, np.ones(len(FIRST)), ALONE // 6)
    assert apart.ac1 is not None and together.ac1 is not None
    assert together.ac1.error > 1.3 * apart.ac1.error  # type: ignore[operator]


def test_a_handful_without_a_difference_proves_little() -> None:
    hits = np.array([True, False, False, False, False])
    told = weighed(hits, hits, np.ones(5), np.arange(5))
    assert told.ac1 is not None and told.kappa is not None and told.ac1.low is not None
    assert told.ac1.value == told.kappa.value == told.ac1.high == 1.0
    assert 0.4 < told.ac1.low < 0.9
    alone = weighed(hits[:1], hits[:1], np.ones(1), np.zeros(1, np.int64))
    assert alone.ac1 is not None and alone.ac1.low is None and alone.kappa is None


def test_edges_say_nothing_rather_than_something_wrong() -> None:
    none = weighed(np.zeros(0, bool), np.zeros(0, bool), np.zeros(0), np.zeros(0, np.int64))
    assert (none.n, none.observed, none.prevalence, none.kappa, none.ac1) == (0, None, None, None, None)
    never = weighed(np.zeros(9, bool), np.zeros(9, bool), np.ones(9), np.arange(9))
    assert never.kappa is None and never.positive is None and never.ac1 is not None and never.ac1.value == 1.0
    opposed = weighed(np.ones(9, bool), np.zeros(9, bool), np.ones(9), np.arange(9))
    assert opposed.kappa is not None and opposed.kappa.value == 0.0 and opposed.ac1 is not None
    assert opposed.ac1.value == -1.0
