"""Excel sheets as rows. The only module that knows openpyxl."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from qc.ingest.grid import GridError, Row

_MAX_BYTES = 512 * 2**20
"""All parts of a workbook unpacked; some are read whole, and a few kilobytes of zip can hold gigabytes."""
_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"})


def sheet_rows(file: Path, sheet: str | None) -> Iterator[Row]:
    """Rows of the named sheet, else of the first visible one; formulas give their last computed value.

    Raises GridError when the file is no workbook or has no such sheet, OSError when it cannot be read.
    """
    import warnings
    import zipfile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    # openpyxl lets errors of zip, XML and its own parts through, of many kinds
    broken = (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, TypeError, SyntaxError, AttributeError)
    try:
        with zipfile.ZipFile(file) as parts:
            if sum(part.file_size for part in parts.infolist()) > _MAX_BYTES:
                raise GridError("工作簿解压后超过 512 MiB；请拆成几个，或存成 CSV")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and extensions it does not know; we only want values
            book = load_workbook(file, read_only=True, data_only=True)
    except broken as error:
        raise GridError("不是可读的 Excel 工作簿（.xlsx）；旧的 .xls 请另存为 .xlsx 或 CSV") from error
    try:
        names = [w.title for w in book.worksheets]
        if sheet is not None and sheet not in names:
            raise GridError(f"没有工作表“{sheet}”，有：{'、'.join(names)}")
        visible = [w for w in book.worksheets if w.sheet_state == "visible"] or book.worksheets
        if not visible:
            raise GridError("工作簿里没有工作表")
        page = book[sheet] if sheet is not None else visible[0]
        page.reset_dimensions()  # some exporters declare a wrong size
        for number, cells in enumerate(page.iter_rows(values_only=True), 1):
            yield Row(number, tuple(None if c in _ERRORS else c for c in cells))
    except broken as error:
        raise GridError("工作簿已损坏，读到一半中断") from error
    finally:
        book.close()
