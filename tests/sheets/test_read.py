"""Workbooks that came back."""

from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from qc.sheets.pages import Column, Kind, Page
from qc.sheets.read import SheetError, SheetRow, read_sheet
from qc.sheets.write import write_workbook


def saved(path: Path, *rows) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_what_was_written_is_read(tmp_path: Path) -> None:
    columns = Column(title="会话编号"), Column(title="人工判定", entry=True), Column(title="时间", kind=Kind.MOMENT)
    rows = [["A1", "命中", datetime(2026, 11, 20, 9)], [None, "  ", None], ["=1", None, None]]
    write_workbook(
        tmp_path / "x.xlsx",
        [Page(name="复核", columns=columns, rows=rows)],
        created=datetime(2026, 11, 21),
        title="复核",
    )
    assert read_sheet(tmp_path / "x.xlsx", ["人工判定", "会话编号"], "复核") == [
        SheetRow(2, {"人工判定": "命中", "会话编号": "A1"}),
        SheetRow(4, {"人工判定": None, "会话编号": "=1"}),
    ]


def test_a_title_above_the_header_and_columns_moved(tmp_path: Path) -> None:
    file = saved(tmp_path / "x.xlsx", ["十一月复核"], [None, " 结论 ", "编号"], [1, "对", "A1"], ["x", None, None])
    assert read_sheet(file, ["编号", "结论"]) == [SheetRow(3, {"编号": "A1", "结论": "对"})]


def test_missing_columns_are_named(tmp_path: Path) -> None:
    file = saved(tmp_path / "x.xlsx", ["编号", "说明"], ["A1", "x"])
    with pytest.raises(SheetError, match="第 1 行表头里没有这些列：结论、时间"):
        read_sheet(file, ["编号", "结论", "时间"])
    with pytest.raises(SheetError, match="没有工作表“复核”，有：Sheet"):
        read_sheet(file, ["编号"], "复核")
    with pytest.raises(SheetError, match="空"):
        read_sheet(saved(tmp_path / "y.xlsx"), ["编号"])


def test_formulas_are_not_computed(tmp_path: Path) -> None:
    file = saved(tmp_path / "x.xlsx", ["编号", "结论"], ["A1", "=1+1"], ["A2", "#REF!"])
    assert [r.cells["结论"] for r in read_sheet(file, ["编号", "结论"])] == [None, None]


def test_hostile_files_are_refused(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(saved(tmp_path / "x.xlsx", ["编号"]), "r") as good, zipfile.ZipFile(bomb, "w") as bad:
        for name in good.namelist():
            bad.writestr(name, good.read(name))
        bad.writestr("xl/media/x", b"0" * 3 * 2**20, zipfile.ZIP_DEFLATED)
    assert bomb.stat().st_size < 2**16
    with pytest.raises(SheetError, match="解压后超过 2 MiB"):
        read_sheet(bomb, ["编号"], limit=2 * 2**20)
    (tmp_path / "no.xlsx").write_bytes(b"PK\x03\x04 not a zip")
    with pytest.raises(SheetError, match="不是可读的 Excel"):
        read_sheet(tmp_path / "no.xlsx", ["编号"])


def test_entities_that_grow_are_refused(tmp_path: Path) -> None:
    lol = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaaaaaaaaaaaa">' + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 20}">' for a, b in zip("abcdefg", "bcdefgh", strict=True)
    )
    sheet = lol + ']><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    sheet += '<row r="1"><c r="A1" t="inlineStr"><is><t>&h;</t></is></c></row></sheetData></worksheet>'
    file = tmp_path / "x.xlsx"
    with zipfile.ZipFile(saved(tmp_path / "good.xlsx", ["编号"])) as good, zipfile.ZipFile(file, "w") as bad:
        for name in good.namelist():
            bad.writestr(name, sheet if name == "xl/worksheets/sheet1.xml" else good.read(name))
    with pytest.raises(SheetError):
        read_sheet(file, ["编号"])
