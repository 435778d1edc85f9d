"""P-values under the null, season, old surges, corrections."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from qc.opinion.baseline import predict
from qc.statistics.tails import Floats, beta_binomial_tail


def _null(days: int, scatter: float, season: float, seed: int, series: int = 60, repeats: int = 40) -> Floats:
    """P-values of ordinary days: shares with a weekday factor and gamma scatter."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(repeats):
        share = rng.dirichlet(np.full(series, 0.8))
        weekdays = np.arange(days + 1) % 7
        factor = np.exp(season * rng.normal(size=(7, series)))[weekdays]
        wobble = rng.gamma(1 / scatter, scatter, (days + 1, series)) if scatter else 1.0
        k = rng.poisson(share * factor * wobble * 1500).astype(float)
        n = np.repeat(k.sum(1)[:, None], series, 1)
        p = predict(k[:-1], n[:-1], weekdays[:-1], n[-1], int(weekdays[-1]), bounded=True)
        found.append(p.tail(k[-1]))
    return np.concatenate(found)


def test_p_values_are_uniform_under_the_null_or_a_little_large() -> None:
    for scatter, season in ((0.0, 0.0), (0.01, 0.1), (0.04, 0.1)):
        p = _null(28, scatter, season, 5)
        for level in (0.5, 0.1, 0.05, 0.01):
            share = float(np.mean(p <= level))
            noise = 4 * np.sqrt(level * (1 - level) / len(p))
            assert share <= level * 1.15 + noise
            assert share >= level * 0.45 - noise


def test_a_week_is_enough_to_be_honest() -> None:
    assert np.mean(_null(7, 0.01, 0.0, 6) <= 0.01) <= 0.013


def test_no_scatter_no_season_is_the_exact_test() -> None:
    k = np.array([[1.0], [0], [2], [1], [0], [1], [0]])
    n = np.full((7, 1), 200.0)
    found = predict(k, n, np.arange(7), np.array([200.0]), 0, bounded=True)
    assert found.alpha[0] == 0
    assert np.isclose(found.tail(np.array([5.0]))[0], beta_binomial_tail(5, 200, 6, 1395))


def test_a_busy_day_is_no_surge_of_a_share() -> None:
    k, n = np.full((14, 1), 30.0), np.full((14, 1), 2000.0)
    found = predict(k, n, np.arange(14) % 7, np.array([6000.0]), 0, bounded=True)
    assert found.tail(np.array([92.0]))[0] > 0.2


def test_the_weekday_is_expected() -> None:
    weekdays = np.arange(42) % 7
    k = np.where(weekdays == 0, 90.0, 30.0)[:, None] + np.random.default_rng(1).integers(-4, 5, (42, 1))
    n = np.full((42, 1), 2000.0)
    monday = predict(k, n, weekdays, np.array([2000.0]), 0, bounded=True)
    tuesday = predict(k, n, weekdays, np.array([2000.0]), 1, bounded=True)
    assert monday.seasonal
    assert 80 < monday.mean[0] < 95
    assert 27 < tuesday.mean[0] < 38


def test_last_weeks_surge_does_not_hide_this_weeks() -> None:
    k = np.random.default_rng(2).poisson(20, (28, 1)).astype(float)
    n = np.full((28, 1), 2000.0)
    args = (np.arange(28) % 7, np.array([2000.0]), 0)
    before = predict(k, n, *args, bounded=True)
    k[20] = 300
    after = predict(k, n, *args, bounded=True)
    assert after.mean[0] < before.mean[0] * 1.25
    assert after.tail(np.array([60.0]))[0] < 0.01


def test_what_is_usual_and_what_is_not() -> None:
    k, n = np.full((28, 2), 20.0), np.full((28, 2), 2000.0)
    found = predict(k, n, np.arange(28) % 7, np.full(2, 2000.0), 0, bounded=True)
    high = found.usual_high(1)
    assert found.tail(np.array([0.0, high + 1.0]))[1] <= 0.05 < found.tail(np.array([0.0, float(high)]))[1]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_hostile_counts_give_probabilities(seed: int) -> None:
    rng = np.random.default_rng(seed)
    days = int(rng.integers(5, 30))
    n = rng.integers(0, 5, (days, 3)).astype(float) * rng.choice([0, 1, 1000])
    k = np.floor(n * rng.random((days, 3)))
    today = rng.integers(0, 3, 3).astype(float)
    with np.errstate(invalid="raise", divide="raise"):
        found = predict(k, n, np.arange(days) % 7, today, 0, bounded=True).tail(today)
        whole = predict(k, np.ones_like(k), np.arange(days) % 7, np.ones(3), 0, bounded=False).tail(k[-1])
    assert np.all((found >= 0) & (found <= 1))
    assert np.all((whole >= 0) & (whole <= 1))
