"""The chart of individuals, by hand."""

from __future__ import annotations

import pytest

from qc.statistics.individuals import ENOUGH, sigma, usual


def test_limits_follow_from_the_moving_range() -> None:
    values = [10.0, 12.0, 11.0, 14.0, 13.0, 13.0, 15.0, 12.0]  # moves 2 1 3 1 0 2 3, mean 12/7
    assert sigma(values) == pytest.approx(12 / 7 / 1.128)
    assert usual(values) == pytest.approx((12.5 - 2.66 * 12 / 7, 12.5 + 2.66 * 12 / 7), rel=1e-3)


def test_a_slow_drift_does_not_widen_them() -> None:
    assert sigma([float(i) for i in range(100)]) == pytest.approx(1 / 1.128)


def test_few_values_and_values_that_never_moved_have_none() -> None:
    assert usual([1.0, 2.0] * (ENOUGH // 2))
    assert usual([1.0, 2.0] * (ENOUGH // 2 - 1)) is None and usual([3.0] * 20) is None
