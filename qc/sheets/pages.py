"""What a spreadsheet is made of: pages with typed columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """How the values of a column are written. The value in Python: str; int; float; a share 0..1; milliseconds;
    datetime without zone; date; bool. None is an empty cell everywhere."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    """At most two decimals are shown, all are stored."""
    PERCENT = "percent"
    DURATION = "duration"
    """Stored as Excel's share of a day, shown as hours, minutes, seconds: sums and means come out right."""
    MOMENT = "moment"
    DAY = "day"
    FLAG = "flag"
    """是 or 否."""
    LINK = "link"
    """The path of a file beside the workbook, which a click opens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """`note`: what the header's comment says. `width`: in cells (a Chinese character takes two), None: by its first
    values. `wrap`: long text breaks into lines. `entry`: people fill it in; `choices`: what they may write."""

    title: str
    kind: Kind = Kind.TEXT
    note: str = ""
    width: int | None = None
    wrap: bool = False
    entry: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class As:
    """A value of another kind than its column."""

    value: object
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One sheet: a header row, then `rows` with a value (or `As`) per column. `rows` is gone through once."""

    name: str
    columns: tuple[Column, ...]
    rows: Iterable[Sequence[object]]
    frozen: int = 1
    """Columns that stay in sight."""
    locked: bool = False
    """Only columns of `entry` can be written in; no password, it is against slips."""
