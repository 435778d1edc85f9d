"""Dates as people and systems write them, for comparing."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import NamedTuple

_DATE = re.compile(
    r"(\d{4})(?:[-/.](\d{1,2})[-/.](\d{1,2})|年(\d{1,2})月(\d{1,2})日?|(\d{2})(\d{2}))"
    r"(?:[T ]*(\d{1,2})[:时点](?:(\d{1,2})(?:[:分](\d{1,2})(?:\.\d+)?秒?|分)?)?)?"
)


class Moment(NamedTuple):
    """A date, and the time of day if it was written (`timed`); else `at` is its midnight."""

    at: datetime
    timed: bool


def read_date(text: str) -> Moment | None:
    """The date that is all of `text`, None when it is none.

    >>> read_date("2026年3月1日"), read_date("2026-02-30"), read_date("2026/3/1 9:05").at.minute
    (Moment(at=datetime.datetime(2026, 3, 1, 0, 0), timed=False), None, 5)
    """
    match = _DATE.fullmatch(unicodedata.normalize("NFKC", text[:40]).strip())
    if match is None:
        return None
    year, month, day, hour, minute, second = (
        match[1],
        match[2] or match[4] or match[6],
        match[3] or match[5] or match[7],
        match[8],
        match[9],
        match[10],
    )
    try:
        at = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
    except ValueError:
        return None
    return Moment(at, hour is not None)
