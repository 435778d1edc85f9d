"""CSV for spreadsheets and databases (RFC 4180)."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from qc.domain.printable import printable
from qc.sheets.text import neutral

ENCODINGS = ("utf-8", "gb18030")


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]], encoding: str = "utf-8") -> None:
    """Write `rows` under `header` to `path`. UTF-8 begins with a byte order mark: without it Excel takes the file for
    GBK; gb18030 is for older programs that know nothing else. Text that a spreadsheet would take for a formula has an
    apostrophe before it; numbers stay numbers. Times as 2026-11-20 09:03:11, true and false, None is empty."""
    name = "utf-8-sig" if encoding == "utf-8" else encoding
    with path.open("w", encoding=name, newline="") as file:
        out = csv.writer(file)
        out.writerow(header)
        out.writerows([_shown(value) for value in row] for row in rows)


def _shown(value: object) -> object:
    if isinstance(value, str):
        return neutral(printable(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return value
