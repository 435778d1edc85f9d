"""Pages → a workbook (XLSX). The only module that knows XlsxWriter.

Row by row to the disk (constant_memory): a sheet of a million rows takes no more memory than one of ten. Every cell is
typed; text is never a formula, a link or a number, and stays text when somebody edits the cell.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any

from qc.domain.language import say
from qc.errors import display_width
from qc.sheets.pages import As, Column, Kind, Page
from qc.sheets.text import FORMULA_STARTS, cell_text, sheet_name

MAX_ROWS = 1_048_576
_DAY_MS = 86_400_000
_EARLIEST = date(1900, 3, 1)
"""Before it Excel counts a day that never was."""
_EXACT = 2**53
_LONGEST_LINK = 255
_LOOKED_AT = 200
_NARROWEST, _WIDEST = 6, 48
_FORMATS = {
    Kind.WHOLE: "#,##0",
    Kind.NUMBER: "#,##0.##",
    Kind.PERCENT: "0.0%",
    Kind.DURATION: "[h]:mm:ss",
    Kind.MOMENT: "yyyy-mm-dd hh:mm:ss",
    Kind.DAY: "yyyy-mm-dd",
}
_FIXED_WIDTH = {Kind.MOMENT: 20, Kind.DAY: 12, Kind.DURATION: 10}


def write_workbook(path: Path, pages: Sequence[Page], *, created: datetime, title: str) -> None:
    """Write `pages` to `path`. A page of more rows than Excel has goes on in further sheets of its name.

    The same pages give the same bytes: `created` is all it says of time.
    """
    import xlsxwriter

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_format_properties": {"font_name": "等线", "font_size": 11},
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": cell_text(title), "created": created, "author": "qc"})
        book.use_zip64()
        styles = _Styles(book)
        taken: frozenset[str] = frozenset()
        for page in pages:
            rest: Iterator[Sequence[object]] | None = iter(page.rows)
            while rest is not None:
                name = sheet_name(page.name, taken)
                taken |= {name.lower()}
                rest = _Sheet(book.add_worksheet(name), page, styles).write(rest)


class _Styles:
    """The formats of one workbook, made when first used."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[Kind | None, bool, bool, bool], Any] = {}

    def header(self) -> Any:
        return self._get((None, False, False, False), bold=True, text_wrap=True, bg_color="#E4E9EE", bottom=1)

    def cell(self, kind: Kind, *, wrap: bool, entry: bool, literal: bool) -> Any:
        looks: dict[str, object] = {"valign": "top"}
        if kind in _FORMATS:
            looks["num_format"] = _FORMATS[kind]
        if wrap:
            looks["text_wrap"] = True
        if entry:
            looks |= {"bg_color": "#FFF7DC", "border": 1, "border_color": "#C9B458", "locked": False}
        if literal:
            looks["quote_prefix"] = True  # else editing the cell would make a formula of it
        return self._get((kind, wrap, entry, literal), **looks)

    def _get(self, key: tuple[Kind | None, bool, bool, bool], **looks: object) -> Any:
        if key not in self._made:
            self._made[key] = self._book.add_format(looks)
        return self._made[key]


class _Sheet:
    def __init__(self, sheet: Any, page: Page, styles: _Styles) -> None:
        self._sheet, self._page, self._styles = sheet, page, styles
        self._plain = [
            {kind: styles.cell(kind, wrap=c.wrap, entry=c.entry, literal=False) for kind in Kind} for c in page.columns
        ]

    def write(self, rows: Iterator[Sequence[object]]) -> Iterator[Sequence[object]] | None:
        """Write the header and as many of `rows` as fit; the others, None when there are none."""
        columns = self._page.columns
        first = list(islice(rows, _LOOKED_AT))
        for at, column in enumerate(columns):
            self._sheet.set_column(at, at, _width(column, [row[at] for row in first]))
        self._header()
        last, rows = 0, chain(first, rows)
        for row in islice(rows, MAX_ROWS - 1):
            last += 1
            for at, value in enumerate(row):
                self._cell(last, at, columns[at], value)
        self._finish(last)
        more = next(rows, None)
        return None if more is None else chain([more], rows)

    def _header(self) -> None:
        for at, column in enumerate(self._page.columns):
            self._sheet.write_string(0, at, cell_text(column.title), self._styles.header())
            if column.note:
                size = {"x_scale": 1.6, "y_scale": max(0.5, display_width(column.note) / 80)}
                self._sheet.write_comment(0, at, cell_text(column.note), {"author": "qc", **size})

    def _finish(self, last: int) -> None:
        sheet, columns = self._sheet, self._page.columns
        sheet.freeze_panes(1, self._page.frozen)
        if self._page.locked:
            allowed_still = ("autofilter", "sort", "format_columns", "format_rows", "format_cells")
            sheet.protect("", dict.fromkeys(allowed_still, True))
        if last:
            sheet.autofilter(0, 0, last, len(columns) - 1)
        for at, column in enumerate(columns):
            if column.choices and last:
                allowed = {"validate": "list", "source": list(column.choices), "ignore_blank": True}
                wrong = {"error_title": say("只能从列表里选"), "error_message": "、".join(column.choices)[:255]}
                sheet.data_validation(1, at, last, at, allowed | wrong)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)

    def _cell(self, row: int, at: int, column: Column, value: object) -> None:
        kind = column.kind
        if isinstance(value, As):
            kind, value = value.kind, value.value
        style = self._plain[at][kind]
        if value is None:
            if column.entry:
                self._sheet.write_blank(row, at, None, style)
        elif kind is Kind.FLAG:
            self._text(row, at, say("是") if value else say("否"), column)
        elif kind is Kind.LINK:
            self._link(row, at, str(value), column)
        elif kind is Kind.TEXT or isinstance(value, str):
            self._text(row, at, str(value), column)
        elif isinstance(value, date) and (value.date() if isinstance(value, datetime) else value) < _EARLIEST:
            self._text(row, at, value.isoformat(sep=" ") if isinstance(value, datetime) else str(value), column)
        elif isinstance(value, date):
            self._sheet.write_datetime(row, at, value, style)
        elif isinstance(value, int | float):
            self._number(row, at, value / _DAY_MS if kind is Kind.DURATION else value, column, style)
        else:
            self._text(row, at, str(value), column)

    def _number(self, row: int, at: int, value: float, column: Column, style: Any) -> None:
        if not math.isfinite(value):
            self._text(row, at, "", column)
        elif isinstance(value, int) and abs(value) > _EXACT:  # Excel would round it
            self._text(row, at, str(value), column)
        else:
            self._sheet.write_number(row, at, value, style)

    def _link(self, row: int, at: int, path: str, column: Column) -> None:
        """A file below or beside; what could lead elsewhere is shown as text."""
        if "://" in path or path.startswith(("/", "\\")) or len(path) > _LONGEST_LINK:
            self._text(row, at, path, column)
        else:
            address = f"external:{path}"
            self._sheet.write_url(row, at, address, string=cell_text(path.rpartition("/")[2]))

    def _text(self, row: int, at: int, text: str, column: Column) -> None:
        text = cell_text(text)
        if text.startswith("<r>") and text.endswith("</r>"):
            text += " "  # XlsxWriter would take it for markup of its own and write it as it is
        style = self._plain[at][Kind.TEXT]
        if text[:1] in FORMULA_STARTS and text:
            style = self._styles.cell(Kind.TEXT, wrap=column.wrap, entry=column.entry, literal=True)
        if text:
            self._sheet.write_string(row, at, text, style)
        elif column.entry:
            self._sheet.write_blank(row, at, None, style)


def _width(column: Column, values: Sequence[object]) -> int:
    """Wide enough for the header with its arrow and for nine of ten of the first values."""
    if column.width is not None:
        return column.width
    least = max(_NARROWEST, min(display_width(column.title), 16) + 4)
    if column.kind in _FIXED_WIDTH:
        return max(least, _FIXED_WIDTH[column.kind])
    sizes = sorted(display_width(_shown(value)) for value in values)
    usual = sizes[(len(sizes) - 1) * 9 // 10] if sizes else 0
    return min(max(least, usual + 2), _WIDEST)


def _shown(value: object) -> str:
    if isinstance(value, As):
        value = value.value
    if value is None or isinstance(value, bool):
        return ""
    return f"{value:,.2f}" if isinstance(value, float) else str(value)[: 2 * _WIDEST].split("\n", 1)[0]
