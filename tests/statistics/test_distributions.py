"""Own distributions beside scipy's."""

from __future__ import annotations

import numpy as np
import pytest

from qc.statistics.distributions import range_quantile, student_quantile, student_tail

stats = pytest.importorskip("scipy.stats")


@pytest.mark.parametrize("df", [1, 2, 29, 58, 5000])
def test_student(df: int) -> None:
    t = np.array([0.0, 0.01, 0.7, 2.0, 6.0])
    assert student_tail(t, df) == pytest.approx(2 * stats.t.sf(t, df), rel=1e-9)
    for level in (0.5, 0.95, 0.998):
        assert student_quantile(level, df) == pytest.approx(stats.t.ppf((1 + level) / 2, df), rel=1e-9)


@pytest.mark.parametrize(("groups", "df"), [(2, 10), (10, 30), (300, 20_000)])
def test_studentised_range(groups: int, df: int) -> None:
    assert range_quantile(0.95, groups, df) == pytest.approx(stats.studentized_range.ppf(0.95, groups, df), rel=1e-4)
