"""Control charts of a month's days and of batches: limits worked by hand, rows on one side."""

from __future__ import annotations

import math
from datetime import date, timedelta

import pytest

from qc.reporting.control import Measure, overdispersion, rate_limits, variation
from qc.reporting.estimates import Mean, Rate
from qc.reporting.month.daily import measures
from qc.reporting.summaries import Summary

FIRST = date(2026, 11, 1)


def passing(counts: list[int], n: int = 100) -> Measure:
    """The chart of pass rates of days with `counts` out of `n`."""
    nothing, nobody = Mean(value=None, sd=None, n=0), Rate(count=0, n=0)
    days = {
        FIRST + timedelta(days=i): Summary(
            key="",
            conversations=n,
            score=nothing,
            passing=Rate(count=count, n=n),
            auto_fails=0,
            violations=0,
            merits=0,
            risks=0,
            undecided=0,
            unsettled=0,
            negative=nobody,
            soothed=nobody,
            duration_ms=0,
            voice_ms=0,
            silence=None,
            pace=None,
        )
        for i, count in enumerate(counts)
    }
    found, _ = measures(days, {})
    return found


def test_limits_are_three_standard_errors_where_days_differ_by_chance_alone() -> None:
    rates = [Rate(count=50, n=100)] * 8
    assert overdispersion(rates, 0.5) == 1.0
    half = 3 * math.sqrt(0.25 / 400)
    assert rate_limits(rates, [400]) == [(pytest.approx(0.5 - half), pytest.approx(0.5 + half))]


def test_seven_rates_and_rates_that_leave_no_room_for_chance_have_no_limits() -> None:
    assert rate_limits([Rate(count=50, n=100)] * 7, [100]) == [(None, None)]
    assert rate_limits([Rate(count=0, n=100)] * 8, [100, 100]) == [(None, None)] * 2


def test_what_is_rare_has_no_coefficient_of_variation() -> None:
    assert variation([0.8, 0.9], 1.0) == pytest.approx(math.sqrt(0.005) / 0.85)
    assert variation([0.01, 0.09], 1.0) is None
    assert variation([0.8], 1.0) is None


def test_nine_days_on_one_side_are_told() -> None:
    told = "".join(passing([60] * 9 + [40] * 9).findings)
    assert "11-01 到 11-09 连续 9 天在平均的同一侧" in told


def test_a_day_on_the_centre_ends_a_row() -> None:
    below = [*[40] * 5, 50, *[40] * 4]  # ten days not above the centre of 50 %, but never nine below it
    assert "同一侧" not in "".join(passing([*[60] * 5, *below, *[60] * 4]).findings)
