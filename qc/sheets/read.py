"""Workbooks that come back from people, row by row. The only module that knows openpyxl."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from qc.sheets import bounds

MAX_BYTES = 512 * 2**20
"""All parts of a workbook unpacked; some are read whole, and a few kilobytes of zip can hold gigabytes."""
_MOST_COLUMNS = 512
"""Cells beyond are not read: a row of 40 bytes could say that it has sixteen thousand."""
_HEADER_ROWS = 10
_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"})


class SheetError(Exception):
    """The workbook cannot be used; the message is Chinese."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row under the header. `number`: as Excel counts, from 1; `cells`: column title → value, None when empty."""

    number: int
    cells: Mapping[str, object]


def read_sheet(file: Path, columns: Sequence[str], sheet: str | None = None, limit: int = MAX_BYTES) -> list[SheetRow]:
    """The rows under the first of the first ten rows that holds all `columns`; only those columns; rows in which they
    are all empty are left out. Formulas give the value they last had.

    Raises SheetError when the file is no workbook, unpacks to more than `limit` bytes, has no such sheet, or columns
    are missing (they are named); OSError when it cannot be read.
    """
    rows = sheet_rows(file, sheet, limit)
    top = list(islice(enumerate(rows, 1), _HEADER_ROWS))
    headers = [(number, [_title(cell) for cell in cells]) for number, cells in top]
    if not headers:
        raise SheetError("工作表是空的")
    number, header = min(headers, key=lambda h: sum(c not in h[1] for c in columns))
    missing = [c for c in columns if c not in header]
    if missing:
        raise SheetError(f"第 {number} 行表头里没有这些列：{'、'.join(missing)}")
    places = {column: header.index(column) for column in columns}
    found = []
    for row, cells in (*(pair for pair in top if pair[0] > number), *enumerate(rows, len(top) + 1)):
        values = {c: _value(cells[at]) if at < len(cells) else None for c, at in places.items()}
        if any(value is not None for value in values.values()):
            found.append(SheetRow(row, values))
    return found


def sheet_rows(file: Path, sheet: str | None, limit: int = MAX_BYTES) -> Iterator[tuple[object, ...]]:
    """The rows of the named sheet, else of the first visible one; formulas give their last computed value, errors are
    None. Raises SheetError and OSError as `read_sheet`."""
    import warnings

    from openpyxl import load_workbook

    # openpyxl lets errors of zip, compression, XML and its own parts through, of any kind
    try:
        with zipfile.ZipFile(file) as parts:
            bounds.check(parts, limit)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and extensions it does not know; we only want values
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
    except bounds.TooLargeError as error:
        raise SheetError(str(error)) from None
    except OSError:
        raise
    except Exception as error:
        raise SheetError("不是可读的 Excel 工作簿（.xlsx）；旧的 .xls 请另存为 .xlsx 或 CSV") from error
    try:
        names = [w.title for w in book.worksheets]
        if sheet is not None and sheet not in names:
            raise SheetError(f"没有工作表“{sheet}”，有：{'、'.join(names)}")
        visible = [w for w in book.worksheets if w.sheet_state == "visible"] or book.worksheets
        if not visible:
            raise SheetError("工作簿里没有工作表")
        page = book[sheet] if sheet is not None else visible[0]
        page.reset_dimensions()  # some exporters declare a wrong size
        for cells in page.iter_rows(values_only=True, max_col=_MOST_COLUMNS, max_row=bounds.MOST_ROWS):
            width = next((n for n in range(len(cells), 0, -1) if cells[n - 1] is not None), 0)
            yield tuple(None if c in _ERRORS else c for c in cells[:width])
    except (SheetError, OSError):
        raise
    except Exception as error:
        raise SheetError("工作簿已损坏，读到一半中断") from error
    finally:
        book.close()


def _title(cell: object) -> str:
    return str(cell).strip() if cell is not None else ""


def _value(cell: object) -> object:
    """Spaces around text are nobody's intention; a cell of nothing else is empty."""
    return (cell.strip() or None) if isinstance(cell, str) else cell
