"""Coefficients of agreement against published worked examples, and intervals that hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest

from qc.review.agreement import MISSING, agreement, cohen, fleiss, gwet

NOT = 0
KRIPPENDORFF = [
    *((1, 1, NOT, 1), (2, 2, 3, 2), (3, 3, 3, 3), (3, 3, 3, 3), (2, 2, 2, 2), (1, 2, 3, 4), (4, 4, 4, 4), (1, 1, 2, 1)),
    *((2, 2, 2, 2), (NOT, 5, 5, 5), (NOT, NOT, 1, 1), (NOT, NOT, 3, NOT)),
]
"""Twelve subjects, four raters, 0: did not rate; `cac.raw4raters` in Gwet's R package irrCAC."""
ABSTRACTORS = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]
"""Two abstractors on 100 patients; `cont3x3abstractors` of the same package."""


def test_kappa_of_published_tables() -> None:
    psychiatrists = cohen([[75, 1, 4], [5, 4, 1], [0, 0, 10]])  # Fleiss, Levin & Paik, Statistical Methods, ch. 18
    assert psychiatrists is not None and psychiatrists.error is not None
    assert (round(psychiatrists.value, 2), round(psychiatrists.error, 3)) == (0.68, 0.088)
    diagnoses = cohen(200 * np.array([[0.53, 0.05, 0.02], [0.11, 0.14, 0.05], [0.01, 0.06, 0.03]]))
    assert diagnoses is not None and diagnoses.error is not None  # Fleiss, Cohen & Everitt 1969
    assert (round(diagnoses.value, 3), round(diagnoses.error, 4)) == (0.429, 0.0537)
    abstractors = cohen(ABSTRACTORS)
    assert abstractors is not None and abstractors.error == pytest.approx(0.05891, abs=5e-4)
    assert abstractors.value == pytest.approx(0.7964094, abs=1e-6)


def test_several_raters_some_missing_as_in_irrcac() -> None:
    ratings = np.array(KRIPPENDORFF) - 1
    assert (ratings == MISSING).sum() == 7
    ac1, kappa = gwet(ratings, 5), fleiss(ratings, 5)
    assert ac1 is not None and ac1.error is not None and kappa is not None and kappa.error is not None
    assert (round(ac1.value, 5), round(ac1.error, 5)) == (0.77544, 0.14295)
    assert (round(kappa.value, 5), round(kappa.error, 5)) == (0.76117, 0.15302)


def test_high_agreement_and_low_kappa() -> None:
    """Gwet 2008: 118 of 125 alike, κ below zero, AC1 as high as it should be."""
    first = np.array([True] * 123 + [False] * 2)
    second = np.array([True] * 118 + [False] * 5 + [True] * 2)
    told = agreement(first, second)
    assert (told.both, told.first, told.second, told.neither) == (118, 5, 2, 0)
    assert told.kappa is not None and round(told.kappa.value, 4) == -0.0234
    assert told.ac1 is not None and round(told.ac1.value, 4) == 0.9408
    assert told.positive == pytest.approx(2 * 118 / (2 * 118 + 7)) and told.negative == 0.0
    assert told.prevalence == pytest.approx(243 / 250)


def test_edges_say_nothing_rather_than_something_wrong() -> None:
    nothing = agreement(np.zeros(0, bool), np.zeros(0, bool))
    assert (nothing.n, nothing.observed, nothing.kappa, nothing.ac1, nothing.positive) == (0, None, None, None, None)
    same = agreement(np.zeros(30, bool), np.zeros(30, bool))
    assert same.kappa is None and same.ac1 is not None and same.ac1.value == 1.0 and same.negative == 1.0
    one = agreement(np.array([True]), np.array([False]))
    assert one.ac1 is not None and one.ac1.error is None and one.ac1.low is None
    alone = np.array([[0, MISSING], [MISSING, 1]])
    assert gwet(alone, 2) is None and fleiss(alone, 2) is None
    assert cohen([[0, 0], [0, 0]]) is None


@pytest.mark.slow
@pytest.mark.parametrize("prevalence", [0.5, 0.1])
def test_intervals_cover_the_truth_as_often_as_they_say(prevalence: float) -> None:
    """Raters who see the truth with sensitivity 0.85 and specificity 0.95, 300 subjects: the interval holds the value
    of a million subjects in 95 % of trials, within chance and what an asymptotic variance is off by."""
    rng = np.random.default_rng(7)

    def rated(n: int) -> tuple[np.ndarray, np.ndarray]:
        true = rng.random(n) < prevalence
        return tuple(np.where(true, rng.random(n) < 0.85, rng.random(n) > 0.95) for _ in "ab")  # type: ignore[return-value]

    population = agreement(*rated(1_000_000))
    held = {"kappa": 0, "ac1": 0}
    for _ in range(1000):
        sample = agreement(*rated(300))
        for name in held:
            estimate, truth = getattr(sample, name), getattr(population, name)
            held[name] += estimate.low <= truth.value <= estimate.high
    assert all(925 <= count <= 970 for count in held.values()), held
