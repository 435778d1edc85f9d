"""The Hive layout: what a partition's folder is called.

TABLE/date=2026-11-20/project=保险/… is read as two columns by Spark, DuckDB, Polars, pandas and pyarrow. What may not
stand in a folder's name is written %XX as Hive does, and only that: Hive and Spark read %XX as one character, so that
Chinese text, escaped byte by byte, would come back as something else.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

UNKNOWN = "__HIVE_DEFAULT_PARTITION__"
"""What Hive writes where the value is not known; readers show it as NULL."""
_ESCAPED = {*map(chr, range(32)), *"\"#%'*/:=?\\\x7f{[]^"}
"""FileUtils.charToEscape of Apache Hive, and NUL, which no file system takes."""
_LONGEST = 200
"""Bytes of a folder's name (file systems allow 255); a longer value is cut and ends in its digest."""


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    """A business day and a project, None where not known."""

    date: date | None
    project: str | None

    @property
    def folder(self) -> str:
        """date=…/project=…"""
        day = UNKNOWN if self.date is None else self.date.isoformat()
        return f"date={day}/project={escaped(self.project)}"


def escaped(value: str | None) -> str:
    """A value as it stands in a folder's name; nothing and the empty text are the unknown partition, as in Hive."""
    if not value:
        return UNKNOWN
    text = "".join(f"%{ord(c):02X}" if c in _ESCAPED else c for c in value)
    if len(text.encode()) <= _LONGEST:
        return text
    kept = text.encode()[: _LONGEST - 9].decode("utf-8", "ignore").rstrip("%")
    return f"{kept}~{hashlib.sha256(value.encode()).hexdigest()[:8]}"
