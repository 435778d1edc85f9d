"""Tables with a header: CSV (any of , ; tab), XLSX and Parquet, read row by row."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from qc.ingest.text_file import Line, detect_encoding, lines

CSV_SUFFIXES = frozenset({".csv", ".tsv"})
XLSX_SUFFIXES = frozenset({".xlsx", ".xlsm"})
_MAX_RECORD_LINES = 500
_HEADER_ROWS = 10
_DELIMITERS = ",;\t"


class GridError(Exception):
    """The table cannot be read at all; the message is Chinese."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row under the header. `line` is where it starts in the file (XLSX: the row number), from 1.

    `fault`: None, or why the row cannot be used: `encoding`, `too_large`, `open_quote` (a quotation mark that is
    never closed).
    """

    line: int
    cells: tuple[object, ...]
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """A header and its rows. `rows()` starts over at each call. Raises GridError and OSError while reading."""

    headers: tuple[str, ...]
    rows: Callable[[], Iterator[Row]]


def read_grid(
    file: Path, is_header: Callable[[Sequence[str]], bool], *, encoding: str | None = None, sheet: str | None = None
) -> Grid:
    """The table in `file`. The header is the first of the first ten rows for which `is_header` is true (exports put
    a title above it), else the first row with any text. Raises GridError and OSError.
    """
    suffix = file.suffix.lower()
    if suffix in XLSX_SUFFIXES:
        from qc.ingest.workbook import sheet_rows

        def rows() -> Iterator[Row]:
            return sheet_rows(file, sheet)

    elif suffix == ".parquet":
        from qc.ingest.parquet import parquet_rows

        def rows() -> Iterator[Row]:
            return parquet_rows(file)

    else:
        known = encoding or detect_encoding(file)

        def rows() -> Iterator[Row]:
            return _csv_rows(file, known)

    top: list[Row] = []
    for row in rows():
        top.append(row)
        if len(top) >= _HEADER_ROWS:
            break
    filled = [row for row in top if any(_text(c) for c in row.cells)]
    header = next((row for row in filled if is_header([_text(c) for c in row.cells])), None)
    if header is None and not filled:
        raise GridError("没有内容")
    header = header or filled[0]

    def below() -> Iterator[Row]:
        return (r for r in rows() if r.line > header.line and (r.fault or any(_text(c) for c in r.cells)))

    return Grid(tuple(_text(c) for c in header.cells), below)


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip("\ufeff \t\r\n\x00")


def _csv_rows(file: Path, encoding: str) -> Iterator[Row]:
    source = lines(file, encoding)
    head = deque(line for _, line in zip(range(5), source, strict=False))
    if head and head[0].text.strip("\ufeff\r\n").lower().startswith("sep="):  # a directive of Excel's, not data
        head.popleft()
    first = next((line.text for line in head if any(d in line.text for d in _DELIMITERS)), "")
    return _records(chain(head, source), max(_DELIMITERS, key=first.count))


def _records(source: Iterator[Line], delimiter: str) -> Iterator[Row]:
    """Records of a CSV. A quotation mark that is never closed would swallow the rest of the file: the line it stands
    on becomes a faulty row and reading goes on with the next line.
    """
    csv.field_size_limit(max(csv.field_size_limit(), 2**31 - 1))
    pending: deque[Line] = deque()
    while True:
        line = pending.popleft() if pending else next(source, None)
        if line is None:
            return
        if '"' not in line.text:  # most lines: nothing for a CSV reader to do
            yield Row(line.number, tuple(line.text.rstrip("\r\n").split(delimiter)), line.fault)
            continue
        pending.appendleft(line)
        used: list[Line] = []
        cut = False

        def feed(used: list[Line] = used) -> Iterator[str]:
            nonlocal cut
            while len(used) < _MAX_RECORD_LINES:
                line = pending.popleft() if pending else next(source, None)
                if line is None:
                    break
                used.append(line)
                yield line.text.replace("\x00", " ")
            cut = bool(used)  # asked for more in the middle of a record

        try:
            cells = next(csv.reader(feed(), delimiter=delimiter))
        except csv.Error:
            cells, cut = [], True
        first = used[0]
        fault = next((line.fault for line in used if line.fault), None)
        if cut and len(used) > 1:
            pending.extendleft(reversed(used[1:]))
            yield Row(first.number, (first.text,), "open_quote")
        elif fault:
            yield Row(first.number, tuple(cells), fault)
        else:
            yield Row(first.number, tuple(cells), "open_quote" if cut else None)
