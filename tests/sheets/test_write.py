"""Workbooks open, say what was meant, and never run anything."""

from __future__ import annotations

import re
import zipfile
from datetime import date, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
from openpyxl import load_workbook
from openpyxl.utils.escape import unescape

from qc.sheets import write
from qc.sheets.pages import As, Column, Kind, Page
from qc.sheets.text import LIMIT, cell_text, neutral, sheet_name
from qc.sheets.write import write_workbook

MADE = datetime(2026, 11, 21, 1, 8)
HOSTILE = (
    '=HYPERLINK("http://x","y")',
    "=cmd|'/c calc'!A0",
    "+86 571",
    "-1+1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "＝1+1",
    "<r><t>raw</t></r>",
    "<r>&bad</r>",
    "</script><script>alert(1)</script>",
    "a\x00b\x07c\x1f",
    "\u202eabc\u2066",
    "\ufffe\uffff",
    "_x0041_",
    "😀" * 3,
    "http://example.com",
    "0012345678901234567890",
    " 两头有空格 ",
    "行一\n行二",
)


def written(path: Path, *pages: Page):
    write_workbook(path, pages, created=MADE, title="试")
    for name in zipfile.ZipFile(path).namelist():
        if name.endswith((".xml", ".rels", ".vml")):
            ElementTree.fromstring(zipfile.ZipFile(path).read(name))
    return load_workbook(path)


def page(rows, *columns: Column, name: str = "页") -> Page:
    return Page(name=name, columns=columns or (Column(title="文"),), rows=rows)


def test_hostile_text_is_text(tmp_path: Path) -> None:
    book = written(tmp_path / "x.xlsx", page([[text] for text in HOSTILE]))
    cells = [row[0] for row in book["页"].iter_rows(min_row=2)]
    assert {c.data_type for c in cells} <= {"s", "inlineStr"}
    shown = [unescape(c.value) for c in cells]
    assert shown[:5] == list(HOSTILE[:5])
    assert shown[8].strip() == HOSTILE[8] and shown[9].strip() == HOSTILE[9]
    assert shown[11] == "a�b�c�" and shown[12] == "�abc�" and shown[13] == "��"
    assert shown[14:18] == list(HOSTILE[14:18])
    assert [c.quotePrefix for c in cells[:8]] == [True] * 8 and not cells[10].quotePrefix
    sheet = zipfile.ZipFile(tmp_path / "x.xlsx").read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet and "hyperlink" not in sheet


def test_values_have_their_type(tmp_path: Path) -> None:
    kinds = [Kind.WHOLE, Kind.NUMBER, Kind.PERCENT, Kind.DURATION, Kind.MOMENT, Kind.DAY, Kind.FLAG, Kind.TEXT]
    columns = tuple(Column(title=k.value, kind=k) for k in kinds)
    day = datetime(2026, 11, 20, 9, 3, 11)
    rows = [
        [3, 89.55, 0.813, 185_000, day, day.date(), True, "a"],
        [None] * 8,
        [2**60, float("nan"), As("无", Kind.TEXT), As(0.5, Kind.PERCENT), date(1899, 1, 1), date(1, 1, 1), False, ""],
    ]
    sheet = written(tmp_path / "x.xlsx", page(rows, *columns))["页"]
    first = [c.value for c in sheet[2]]
    assert first[:3] == [3, 89.55, 0.813] and first[4:] == [day, datetime(2026, 11, 20), "是", "a"]
    assert first[3].total_seconds() == 185
    assert [c.number_format for c in sheet[2]][2:6] == ["0.0%", "[h]:mm:ss", "yyyy-mm-dd hh:mm:ss", "yyyy-mm-dd"]
    assert all(c.value is None for c in sheet[3])
    assert [c.value for c in sheet[4]] == [str(2**60), None, "无", 0.5, "1899-01-01", "0001-01-01", "否", None]
    assert sheet.freeze_panes == "B2" and sheet.auto_filter.ref == "A1:H4"


def test_long_text_is_cut_where_excel_would_break(tmp_path: Path) -> None:
    long = "字" * 40_000, "😀" * 20_000, "x" * LIMIT
    sheet = written(tmp_path / "x.xlsx", page([[t] for t in long]))["页"]
    shown = [row[0].value for row in sheet.iter_rows(min_row=2)]
    assert [len(t.encode("utf-16-le")) // 2 <= LIMIT for t in shown] == [True] * 3
    assert shown[0].endswith("…（单元格放不下，已截断）") and shown[1].startswith("😀") and shown[2] == long[2]
    assert cell_text("短") == "短"


def test_a_page_of_more_rows_goes_on_in_the_next_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "MAX_ROWS", 4)
    book = written(tmp_path / "x.xlsx", page(([i] for i in range(7)), Column(title="n", kind=Kind.WHOLE)))
    assert book.sheetnames == ["页", "页 (2)", "页 (3)"]
    assert [[r[0].value for r in s.iter_rows(min_row=2)] for s in book] == [[0, 1, 2], [3, 4, 5], [6]]
    assert all(s["A1"].value == "n" for s in book)
    full = written(tmp_path / "y.xlsx", page(([i] for i in range(3)), Column(title="n", kind=Kind.WHOLE)))
    assert full.sheetnames == ["页"]


def test_headers_explain_and_entries_are_offered(tmp_path: Path) -> None:
    columns = Column(title="得分", note="满分 100"), Column(title="人工判定", entry=True, choices=("命中", "未命中"))
    book = written(tmp_path / "x.xlsx", page([["=1", None], ["b", "命中"]], *columns), page([], name="空"))
    sheet = book["页"]
    assert sheet["A1"].comment.text == "满分 100" and sheet["B1"].comment is None
    (choice,) = sheet.data_validations.dataValidation
    assert choice.formula1 == '"命中,未命中"' and str(choice.sqref) == "B2:B3"
    assert sheet["B2"].fill.fgColor.rgb == "FFFFF7DC"
    assert [c.value for c in book["空"][1]] == ["文"]


def test_the_same_pages_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        written(tmp_path / name, page([["甲"]]))
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    assert b"2026-11-21T01:08:00Z" in zipfile.ZipFile(tmp_path / "a.xlsx").read("docProps/core.xml")


def test_names_of_sheets() -> None:
    assert sheet_name("a/b:c?", frozenset()) == "a-b-c-"
    assert sheet_name("'引'", frozenset()) == "引" and sheet_name(" ", frozenset()) == "Sheet"
    assert sheet_name("字" * 40, frozenset()) == "字" * 31
    assert sheet_name("字" * 40, frozenset({"字" * 31})) == "字" * 27 + " (2)"
    assert sheet_name("History", frozenset()) == "History_"
    assert len(sheet_name("😀" * 20, frozenset()).encode("utf-16-le")) <= 62


def test_formulas_in_csv_get_an_apostrophe() -> None:
    assert [neutral(t)[0] for t in HOSTILE[:8]] == ["'"] * 8
    assert neutral("") == "" and neutral("a=1") == "a=1" and re.fullmatch(r"'\+86.*", neutral("+86"))
