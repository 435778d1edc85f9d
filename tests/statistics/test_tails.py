"""Own tail probabilities beside scipy's."""

from __future__ import annotations

import numpy as np
import pytest

from qc.statistics.tails import beta_binomial_tail, chi_square_tail, log_gamma, negative_binomial_tail

stats = pytest.importorskip("scipy.stats")
special = pytest.importorskip("scipy.special")
RNG = np.random.default_rng(3)


def test_log_gamma() -> None:
    x = np.exp(RNG.uniform(-8, 14, 500))
    assert np.allclose(log_gamma(x), special.gammaln(x), rtol=1e-12, atol=1e-12)


def test_negative_binomial_keeps_its_digits_far_out() -> None:
    k, mean = RNG.integers(0, 300, 300), np.exp(RNG.uniform(-3, 5, 300))
    size = np.exp(RNG.uniform(-1, 8, 300))
    theirs = stats.nbinom.sf(k - 1, size, size / (size + mean))
    sure = theirs > 1e-200
    assert np.allclose(negative_binomial_tail(k, mean, size)[sure], theirs[sure], rtol=1e-8)


def test_beta_binomial() -> None:
    for _ in range(60):
        k = int(RNG.integers(0, 60))
        n, a, b = k + int(RNG.integers(0, 500)), float(np.exp(RNG.uniform(-1, 6))), float(np.exp(RNG.uniform(-1, 8)))
        theirs = float(np.sum(stats.betabinom.pmf(np.arange(k, n + 1), n, a, b)))
        assert float(beta_binomial_tail(k, n, a, b)) == pytest.approx(theirs, rel=1e-7, abs=1e-12)


def test_without_season_and_scatter_it_is_fishers_exact_test() -> None:
    for before, of, k, n in ((3, 200, 4, 20), (0, 50, 2, 10), (40, 1000, 5, 100), (0, 28000, 3, 1000)):
        fisher = stats.hypergeom.sf(k - 1, of + n, before + k, n)
        assert float(beta_binomial_tail(k, n, before + 1, of - before)) == pytest.approx(fisher, rel=1e-7)


def test_borders_and_shape() -> None:
    assert beta_binomial_tail([[0], [5], [6]], 5, 2.0, 3.0).shape == (3, 1)
    assert float(beta_binomial_tail(0, 5, 2.0, 3.0)) == 1.0
    assert float(beta_binomial_tail(6, 5, 2.0, 3.0)) == 0.0
    assert float(negative_binomial_tail(0, 1.0, 1.0)) == 1.0
    assert np.allclose(chi_square_tail([0.0, 3.841459, 17.0]), stats.chi2.sf([0.0, 3.841459, 17.0], 1))
