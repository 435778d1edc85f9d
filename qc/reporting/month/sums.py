"""Sums of a period as the figures people read: summaries of groups, and series of days."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from qc.domain.language import say
from qc.reporting.estimates import Mean, Rate
from qc.reporting.labels import BLANK
from qc.reporting.month.extract import ADDED
from qc.reporting.summaries import SUMS, Summary, summary

Floats = NDArray[np.float64]
_STILL = 1e-9
"""A smaller variance is rounding."""


def by(figures: pa.Table, key: str) -> tuple[Summary, ...]:
    """A summary of each value of a column of the extract `figures`, largest first; nulls are 未填写."""
    column = pc.fill_null(pc.cast(figures[key], pa.string()), say(BLANK))
    table = figures.select(list(ADDED)).append_column("key", column)
    rows = table.group_by("key", use_threads=False).aggregate([(name, "sum") for name in ADDED]).to_pylist()
    return tuple(sorted((_summary(row) for row in rows), key=lambda s: (-s.conversations, s.key)))


def whole(figures: pa.Table, key: str = "") -> Summary:
    """One summary of all rows."""
    row = figures.select(list(ADDED)).group_by([], use_threads=False).aggregate([(name, "sum") for name in ADDED])
    return _summary(row.to_pylist()[0] | {"key": key or say("全部")})


def of_days(figures: pa.Table, first: date, last: date) -> pa.Table:
    """The rows of some days."""
    inside = pc.and_(
        pc.greater_equal(figures["day"], pa.scalar(first, pa.date32())),
        pc.less_equal(figures["day"], pa.scalar(last, pa.date32())),
    )
    return figures.filter(inside)


def series(table: pa.Table, columns: Sequence[str], days: Sequence[date]) -> Mapping[str, Floats]:
    """Columns added up by day, in the order of `days`; days without a row are 0."""
    rows = table.group_by("day", use_threads=False).aggregate([(name, "sum") for name in columns]).to_pylist()
    at = {day: i for i, day in enumerate(days)}
    found = {name: np.zeros(len(days)) for name in columns}
    for row in rows:
        for name in columns:
            found[name][at[row["day"]]] = row[f"{name}_sum"] or 0
    return found


def mean_of_lost(n: int, lost: float | None, squares: float | None) -> Mean:
    """The mean score of `n` conversations that lost so much of 100 points together."""
    if not n or lost is None or squares is None:
        return Mean(value=None, sd=None, n=0)
    variance = (squares - lost**2 / n) / (n - 1) if n > 1 else None
    sd = None if variance is None else math.sqrt(variance) if variance > _STILL else 0.0
    return Mean(value=100.0 - lost / n, sd=sd, n=n)


def rate_of(count: float, n: float) -> Rate:
    """Of sums, which are whole."""
    return Rate(count=int(count), n=int(n))


def _summary(row: Mapping[str, Any]) -> Summary:
    scored, paced = int(row["scored_sum"] or 0), int(row["paced_sum"] or 0)
    score = mean_of_lost(scored, row["lost_sum"], row["lost2_sum"])
    pace = row["pace_sum"] / paced if paced else None
    given = {f"{name}_sum": row[f"{name}_sum"] for name in SUMS}
    return summary(given | {"key": row["key"], "score_mean": score.value, "score_stddev": score.sd, "pace_mean": pace})
