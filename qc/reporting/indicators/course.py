"""How an indicator went over the runs: its usual range, its coefficient of variation, and a small curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from qc.reporting.charts import r
from qc.statistics.individuals import usual

_WIDTH, _HEIGHT, _EDGE = 110.0, 26.0, 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """`values` per run, oldest first, the last is this run's; None: not measured. `low`, `high`: the usual range by the
    runs before, None below ENOUGH of them and where those are all equal. `beyond`: above or below it. `points` of the
    curve, in pieces where a run has no value."""

    values: tuple[float | None, ...]
    mean: float
    variation: float | None
    low: float | None
    high: float | None
    pieces: tuple[tuple[tuple[float, float], ...], ...]
    width: float = _WIDTH
    height: float = _HEIGHT

    @property
    def beyond(self) -> str:
        """`above` or `below` the usual range, else empty."""
        now = self.values[-1]
        if now is None or self.low is None or self.high is None:
            return ""
        return "above" if now > self.high else "below" if now < self.low else ""


def course(values: Sequence[float | None]) -> Course | None:
    """The course of `values`; None where fewer than two runs have one, or this run has none.

    The usual range are the limits of a chart of individuals over the runs before this one. `variation` is the
    coefficient of variation, standard deviation over mean, of all runs.
    """
    known = [v for v in values if v is not None]
    before = [v for v in values[:-1] if v is not None]
    if not before or values[-1] is None:
        return None
    limits = usual(before)
    middle = fmean(known)
    return Course(
        values=tuple(values),
        mean=fmean(before),
        variation=stdev(known) / middle if len(known) > 2 and middle > 0 else None,
        low=max(0.0, limits[0]) if limits else None,
        high=limits[1] if limits else None,
        pieces=_curve(values),
    )


def _curve(values: Sequence[float | None]) -> tuple[tuple[tuple[float, float], ...], ...]:
    known = [v for v in values if v is not None]
    bottom, span = min(known), max(known) - min(known)
    step = (_WIDTH - 2 * _EDGE) / max(len(values) - 1, 1)
    pieces: list[list[tuple[float, float]]] = [[]]
    for i, value in enumerate(values):
        if value is None:
            pieces.append([])
            continue
        share = (value - bottom) / span if span else 0.5
        pieces[-1].append((r(_EDGE + step * i), r(_HEIGHT - _EDGE - share * (_HEIGHT - 2 * _EDGE))))
    return tuple(tuple(piece) for piece in pieces if piece)
