"""Excel sheets as rows of a grid."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from qc.ingest.grid import GridError, Row
from qc.sheets.read import MAX_BYTES, SheetError
from qc.sheets.read import sheet_rows as read_rows

_MAX_BYTES = MAX_BYTES


def sheet_rows(file: Path, sheet: str | None) -> Iterator[Row]:
    """Rows of the named sheet, else of the first visible one; formulas give their last computed value.

    Raises GridError when the file is no workbook or has no such sheet, OSError when it cannot be read.
    """
    try:
        for number, cells in enumerate(read_rows(file, sheet, _MAX_BYTES), 1):
            yield Row(number, cells)
    except SheetError as error:
        raise GridError(str(error)) from error
