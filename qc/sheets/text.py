"""Text made safe for spreadsheets. What customers say ends up in files that people open by a double click."""

from __future__ import annotations

from qc.domain.language import say
from qc.domain.printable import printable

LIMIT = 32_767
"""UTF-16 units in one cell of Excel; a longer text makes the file a broken one."""
FORMULA_STARTS = frozenset("=+-@\t\r\n＝＋－＠")
"""What a spreadsheet may take for the beginning of a formula, full-width forms too (OWASP, CSV Injection)."""


def cell_text(text: str) -> str:
    """`text` as a cell may hold it: printable, and not longer than Excel allows; a mark says where it was cut."""
    text = printable(text)
    if len(text) <= LIMIT // 2 or _units(text) <= LIMIT:
        return text
    mark = say("…（单元格放不下，已截断）")
    return _first_units(text, LIMIT - _units(mark)) + mark


def neutral(text: str) -> str:
    """`text` for a CSV cell: an apostrophe goes before what would be a formula (OWASP, CSV Injection)."""
    return "'" + text if text[:1] in FORMULA_STARTS and text else text


def sheet_name(name: str, taken: frozenset[str]) -> str:
    """`name` as Excel allows one: at most 31 units, none of []:*?/\\, no apostrophe at an end, not in `taken` (names in
    lower case)."""
    plain = "".join("-" if c in "[]:*?/\\" else c for c in printable(name)).strip("' ") or "Sheet"
    if plain.lower() == "history":  # Excel keeps that name for itself
        plain += "_"
    shown, number = _first_units(plain, 31), 1
    while shown.lower() in taken:
        number += 1
        tail = f" ({number})"
        shown = _first_units(plain, 31 - len(tail)) + tail
    return shown


def _units(text: str) -> int:
    return len(text) + sum(c > "\uffff" for c in text)


def _first_units(text: str, units: int) -> str:
    while _units(text) > units:
        text = text[: units - _units(text)]
    return text
