"""Geometry of the charts: data in, coordinates out. The Jinja macros in `reports/charts.html` only draw."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qc.domain.language import say
from qc.reporting import formatting
from qc.reporting.estimates import Mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Datum:
    """One category of a chart: its counts by series, in the order of the chart's series. `short`: its name on the
    axis, where there is little room; empty: the label."""

    label: str
    values: tuple[float, ...]
    short: str = ""

    @property
    def total(self) -> float:
        return sum(self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle with the class that gives it its ink."""

    x: float
    y: float
    width: float
    height: float
    ink: str
    told: str = ""
    """What it stands for, shown where the pointer rests on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Top:
    """The number of a column, over its head or inside it."""

    x: float
    y: float
    text: str
    inside: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Upright bars, stacked when there are several series, with an optional rising line on a 0..1 scale."""

    title: str
    summary: str
    series: tuple[tuple[str, str], ...]
    """(name, ink) of each series."""
    data: tuple[Datum, ...]
    unit: str
    width: float
    height: float
    base: float
    boxes: tuple[Box, ...]
    ticks: tuple[Label, ...]
    """Gridlines: y and the number there."""
    names: tuple[Label, ...]
    tops: tuple[Top, ...]
    line: tuple[Label, ...] = ()


_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 12.0, 20.0, 26.0
_HANGING = "、，。；：！？）”"
_EM, _LINE = 12.0, 15.0
"""Width of a Chinese character of a name, and the distance of its lines."""


def columns(
    *,
    title: str,
    summary: str,
    data: Sequence[Datum],
    series: Sequence[tuple[str, str]],
    unit: str,
    width: float = 420.0,
    height: float = 190.0,
    line: Sequence[float] = (),
) -> Columns:
    """Lay out a column chart. `line` holds one 0..1 value per column. The axis ends at the next round number above the
    tallest column. Names wrap under their column; the chart grows by their further lines."""
    base = height - _BOTTOM
    right = width - (40.0 if line else _RIGHT)
    step = (right - _LEFT) / max(len(data), 1)
    bar = min(step * 0.68, 44.0)
    scale = round_up(max((d.total for d in data), default=0.0))
    boxes, names, tops, points = [], [], [], []
    for i, datum in enumerate(data):
        middle = _LEFT + step * (i + 0.5)
        foot = base
        for value, (name, ink) in zip(datum.values, series, strict=True):
            tall = value / scale * (base - _TOP)
            foot -= tall
            if value:
                told = _told(datum.label, name if len(series) > 1 else "", value)
                boxes.append(Box(x=r(middle - bar / 2), y=r(foot), width=r(bar), height=r(tall), ink=ink, told=told))
        lines = [datum.short] if datum.short else wrapped(datum.label, (step - 6) / _EM)
        names += [Label(x=r(middle), y=r(base + 16 + k * _LINE), text=text) for k, text in enumerate(lines)]
        height = max(height, base + _BOTTOM + (len(lines) - 1) * _LINE)
        if datum.total:
            # Under a line the number goes inside the column where it fits: the line runs over the heads.
            inside = bool(line) and base - foot > 24
            tops.append(
                Top(x=r(middle), y=r(foot + 17 if inside else foot - 6), text=plain(datum.total), inside=inside)
            )
        if line:
            points.append(Label(x=r(middle), y=r(base - line[i] * (base - _TOP)), text=formatting.percent(line[i], 0)))
    whole = all(float(d.total).is_integer() for d in data)
    marks = (0.0, scale) if whole and scale % 2 else (0.0, scale / 2, scale)
    return Columns(
        title=title,
        summary=summary,
        series=tuple(series),
        data=tuple(data),
        unit=unit,
        width=width,
        height=height,
        base=base,
        boxes=tuple(boxes),
        ticks=tuple(Label(x=right, y=r(base - m / scale * (base - _TOP)), text=plain(m)) for m in marks),
        names=tuple(names),
        tops=tuple(tops) if step >= 22 else (),
        line=tuple(points),
    )


def _told(label: str, series: str, value: float) -> str:
    shown = formatting.amount(value, 1)
    if series:
        return say("{label}，{series}：{value}", label=label, series=series, value=shown)
    return say("{label}：{value}", label=label, value=shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A part of a stacked bar, on a scale of 0..100."""

    name: str
    ink: str
    count: int
    share: float
    x: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One horizontal bar cut into slices that fill it."""

    title: str
    total: int
    slices: tuple[Slice, ...]


def stacked(title: str, parts: Sequence[tuple[str, str, int]]) -> Bar:
    """`parts`: (name, ink, count). Empty parts keep their place in the table and take no width."""
    total = sum(n for _, _, n in parts)
    slices, x = [], 0.0
    for name, ink, count in parts:
        share = count / total if total else 0.0
        slices.append(Slice(name=name, ink=ink, count=count, share=share, x=r(x), width=r(share * 100)))
        x += share * 100
    return Bar(title=title, total=total, slices=tuple(slices))


@dataclass(frozen=True, slots=True, kw_only=True)
class Whisker:
    """A mean with its interval, beside the mean of all, in percent of the way from the axis' floor to 100 points.
    Empty interval: `low == high`."""

    low: float
    high: float
    middle: float
    reference: float
    mean: float
    mean_of_all: float


def whisker(mean: Mean, reference: float | None, floor: float) -> Whisker | None:
    """None when there is no mean to draw. `floor`: the score at the left end."""
    if mean.value is None or reference is None:
        return None
    low, high = (mean.value, mean.value) if mean.low is None or mean.high is None else (mean.low, mean.high)
    ends = [r((value - floor) / (100 - floor) * 100) for value in (low, high, mean.value, reference)]
    return Whisker(low=ends[0], high=ends[1], middle=ends[2], reference=ends[3], mean=mean.value, mean_of_all=reference)


def whisker_floor(means: Iterable[Mean]) -> float:
    """The ten below the lowest end of all intervals, so that whiskers use their width."""
    lows = [m.value if m.low is None else m.low for m in means if m.value is not None]
    return min(90.0, math.floor(min(lows, default=0.0) / 10) * 10.0)


def round_up(value: float) -> float:
    """The next number that reads well as the end of an axis: 1, 2, 4, 5, 6, 8 or 10 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return float(next(m * power for m in (1, 2, 4, 5, 6, 8, 10) if m * power >= value - 1e-9))


def wrapped(text: str, width: float) -> list[str]:
    """`text` in lines of about one length, of at most `width` Chinese characters; letters and digits take a little over
    half of one. A mark that may not begin a line hangs at the end of the one before."""
    ems = [1.0 if ord(char) > 0x2E7F else 0.6 for char in text]
    even = sum(ems) / max(1, math.ceil(sum(ems) / max(width, 1.0)))
    lines, taken = [""], 0.0
    for char, wide in zip(text, ems, strict=True):
        full = taken >= even - 1e-9 or taken + wide > width
        if full and lines[-1] and char not in _HANGING:
            lines.append("")
            taken = 0.0
        lines[-1] += char
        taken += wide
    return lines


def plain(value: float) -> str:
    """A number without needless decimals."""
    return formatting.amount(value, 1).replace(",", "")


def r(value: float) -> float:
    """Coordinates to a hundredth: the same bytes everywhere, and small files."""
    return round(float(value), 2) + 0.0
