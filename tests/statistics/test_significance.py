"""Tests of shares, many tests at once, and intervals of a share."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qc.statistics.intervals import effective_size, wilson
from qc.statistics.significance import benjamini_hochberg, fisher


def test_fisher() -> None:
    assert fisher(3, 1, 1, 3) == pytest.approx(0.4857142857)  # the lady tasting tea, two-sided
    assert fisher(0, 5, 0, 5) == pytest.approx(1.0)


def test_wilson_and_effective_size() -> None:
    assert wilson(0.0, 20)[0] == 0.0 and wilson(0.0, 20)[1] == pytest.approx(0.1611, abs=1e-4)
    assert effective_size(np.array([2.0, 2.0])) == 2 and effective_size(np.array([3.0, 1.0])) == pytest.approx(1.6)
    assert effective_size(np.zeros(0)) == 0.0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_q_values(p: list[float]) -> None:
    q = benjamini_hochberg(np.array(p))
    assert np.all(q >= np.array(p) - 1e-12)
    assert np.all((q >= 0) & (q <= 1))
    order = np.argsort(p, kind="stable")
    assert np.all(np.diff(q[order]) >= -1e-12)
    if len(p) == 1:
        assert np.isclose(q[0], p[0])


def test_q_values_of_four_tests() -> None:
    assert benjamini_hochberg(np.array([0.01, 0.04, 0.03, 0.005])).tolist() == pytest.approx([0.02, 0.04, 0.04, 0.02])
