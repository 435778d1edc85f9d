"""Geometry of a line chart over time with control limits; the macro `course` in `reports/charts.html` only draws."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qc.domain.language import say
from qc.reporting.charts import Label, r

_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 16.0, 22.0, 44.0
_NAME = 44.0
"""Room a name on the axis needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A value with its control limits, None where there are none. `label` names it in the table, `short` on the axis;
    `mark`: something changed just before it, said in `note`."""

    label: str
    short: str
    value: float
    n: int
    low: float | None
    high: float | None
    note: str = ""

    @property
    def side(self) -> str:
        """`above` or `below` its limits, empty inside them."""
        if self.high is not None and self.value > self.high:
            return "above"
        return "below" if self.low is not None and self.value < self.low else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """A point: `shape` is circle, or diamond where it lies outside the limits. `text`: shown beside it."""

    x: float
    y: float
    shape: str
    text: str
    text_y: float
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Paths and labels of the chart. `upper` and `lower` are empty without limits, `centre` is then None."""

    title: str
    summary: str
    unit: str
    width: float
    height: float
    left: float
    right: float
    base: float
    line: str
    upper: str
    lower: str
    centre: float | None
    centre_text: str
    dots: tuple[Dot, ...]
    marks: tuple[Label, ...]
    """Where something changed: x, y, and what."""
    ticks: tuple[Label, ...]
    names: tuple[Label, ...]
    readings: tuple[Reading, ...]
    shown: tuple[tuple[str, str, str], ...]
    """Value, lower and upper limit of each reading, as people read them."""


def course(
    *,
    title: str,
    summary: str,
    unit: str,
    readings: Sequence[Reading],
    form: Callable[[float], str],
    centre: float | None = None,
    floor: float = -math.inf,
    ceiling: float = math.inf,
    width: float = 440.0,
    height: float = 200.0,
) -> Course:
    """Lay out one reading per step; `form` writes a value. The axis holds all values and limits, and stays within
    `floor` and `ceiling`."""
    low, high = _axis(readings, floor, ceiling)
    base, right = height - _BOTTOM, width - _RIGHT
    step = (right - _LEFT) / max(len(readings), 1)

    def x(i: float) -> float:
        return r(_LEFT + step * (i + 0.5))

    def y(value: float) -> float:
        return r(base - (value - low) / (high - low) * (base - _TOP))

    def limit(value: float | None) -> str:
        return "" if value is None else form(value)

    dots: list[Dot] = []
    for i, reading in enumerate(readings):
        told = say("{label}：{value}", label=reading.label, value=form(reading.value))
        last = i == len(readings) - 1
        at = y(reading.value)
        falling = bool(dots) and dots[-1].y < at and at + 18 < base  # then the line would run through a text above
        dots.append(
            Dot(
                x=x(i),
                y=at,
                shape="diamond" if reading.side else "circle",
                text=form(reading.value) if last or reading.side else "",
                text_y=r(at + 18 if falling or at - 9 <= 10 else at - 9),
                told="\n".join(part for part in (told, reading.note) if part),
            )
        )
    every = max(1, math.ceil(_NAME / step))
    last_index = len(readings) - 1
    return Course(
        title=title,
        summary=summary,
        unit=unit,
        width=width,
        height=height,
        left=_LEFT,
        right=right,
        base=base,
        line=" ".join(f"{d.x},{d.y}" for d in dots),
        upper=_steps(readings, "high", step, y),
        lower=_steps(readings, "low", step, y),
        centre=None if centre is None else y(centre),
        centre_text="" if centre is None else form(centre),
        dots=tuple(dots),
        marks=tuple(Label(x=x(i), y=r(base + 14), text=g.note) for i, g in enumerate(readings) if g.note),
        ticks=tuple(Label(x=right, y=y(v), text=form(v)) for v in (low, (low + high) / 2, high)),
        names=tuple(
            Label(x=x(i), y=r(base + 32), text=g.short) for i, g in enumerate(readings) if (last_index - i) % every == 0
        ),
        readings=tuple(readings),
        shown=tuple((form(g.value), limit(g.low), limit(g.high)) for g in readings),
    )


def _axis(readings: Sequence[Reading], floor: float, ceiling: float) -> tuple[float, float]:
    values = [v for g in readings for v in (g.value, g.low, g.high) if v is not None]
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = (high - low) * 0.12 or abs(high) * 0.05 or 1.0
    return max(floor, low - room), min(ceiling, high + room)


def _steps(readings: Sequence[Reading], end: str, step: float, y: Callable[[float], float]) -> str:
    """The limit as a stair: level under each reading, since it depends on how many conversations that had."""
    corners = []
    for i, reading in enumerate(readings):
        value = reading.low if end == "low" else reading.high
        if value is not None:
            left = _LEFT + step * i
            corners += [f"{r(left)},{y(value)}", f"{r(left + step)},{y(value)}"]
    return " ".join(corners)
