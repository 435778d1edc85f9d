"""The review sheet: written, filled in, read back."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from qc.pipeline.review import import_reviews, read_returned, write_review_sheet
from qc.review.opinions import ReviewError
from tests.review.centre import BOSS, Centre

NAMES = ["会话编号", "规则编号", "机器判定", "人工判定", "漏判的规则", "说明", "复核人"]


class Sheet:
    """A sheet in somebody's hands."""

    def __init__(self, centre: Centre, *ids: str) -> None:
        self.path = centre.home / "复核.xlsx"
        write_review_sheet(centre.path, ids, self.path, BOSS)
        self.book = openpyxl.load_workbook(self.path)
        self.page = self.book["复核"]
        self.columns = {cell.value: cell.column for cell in self.page[1]}

    def fill(self, conversation: str, rule: str | None, **values: str) -> None:
        for row in range(2, self.page.max_row + 1):
            found = [self.page.cell(row, self.columns[n]).value for n in ("会话编号", "规则编号")]
            if found == [conversation, rule]:
                for name, value in values.items():
                    self.page.cell(row, self.columns[name]).value = value
                return
        raise AssertionError(f"no row for {conversation} {rule}")

    def save(self) -> Path:
        self.book.save(self.path)
        return self.path


def test_only_what_people_fill_in_can_be_changed(centre: Centre) -> None:
    sheet = Sheet(centre, "C00", "C01", "C02")
    page = sheet.page
    assert page.protection.sheet
    assert page.cell(2, sheet.columns["人工判定"]).protection.locked is False
    assert page.cell(2, sheet.columns["机器判定"]).protection.locked is True
    (choice,) = page.data_validations.dataValidation
    assert "未命中（达标）" in choice.formula1
    rows = [[page.cell(r, sheet.columns[n]).value for n in NAMES[:3]] for r in range(2, page.max_row + 1)]
    assert rows == [
        ["C00", None, None],
        ["C00", "service.greeting", "命中"],
        ["C01", None, None],
        ["C01", "service.promise", "命中"],
        ["C02", None, None],
    ]
    link = page.cell(2, sheet.columns["会话页"]).hyperlink.target.replace("\\", "/")
    assert link == "runs/r1/report/conversations/C00.html"


def test_what_was_filled_in_comes_back(centre: Centre) -> None:
    sheet = Sheet(centre, "C00", "C01", "C02", "C03")
    boss = {"复核人": "王主管"}
    sheet.fill("C00", None, 人工判定="同意", **boss)
    sheet.fill("C00", "service.greeting", 人工判定="未命中（达标）", 说明="说了，回电13812345678", **boss)
    sheet.fill("C01", "service.promise", 人工判定="同意", **boss)
    sheet.fill("C02", None, 漏判的规则="过度承诺；service.greeting", **boss)
    done = centre.enter(sheet.save())
    assert (done.added, done.left_out) == (5, ())
    final = centre.final()
    assert final["C00", "service.greeting"] == "miss" and final["C00", "service.promise"] == "miss"
    assert final["C01", "service.promise"] == "hit"
    assert final["C02", "service.promise"] == final["C02", "service.greeting"] == "hit"
    assert not any(c == "C03" for c, _ in final), "left empty: not looked at"
    rows = centre.run.table("reviews").to_pylist()
    assert {r["origin"] for r in rows} == {"sheet"} and "13812345678" not in str(rows)


def test_a_sheet_goes_on_being_filled_in(centre: Centre) -> None:
    sheet = Sheet(centre, "C00", "C01")
    sheet.fill("C00", "service.greeting", 人工判定="未命中", 复核人="王主管")
    centre.enter(sheet.save())
    sheet.fill("C01", "service.promise", 人工判定="未命中", 复核人="王主管")
    done = centre.enter(sheet.save())
    assert (done.added, done.repeated) == (1, 1)


def test_everything_wrong_is_told_with_its_row(centre: Centre) -> None:
    sheet = Sheet(centre, "C00", "C01", "C02")
    sheet.fill("C00", "service.greeting", 人工判定="大概吧", 复核人="王主管")
    sheet.fill("C01", "service.promise", 人工判定="同意")
    sheet.fill("C01", None, 人工判定="达标", 复核人="王主管")
    sheet.fill("C02", None, 漏判的规则="没这条", 复核人="王主管")
    with pytest.raises(ReviewError) as error:
        centre.enter(sheet.save())
    told = error.value.render()
    for expected in (
        "第 3 行：人工判定“大概吧”看不懂",
        "第 5 行：没有写复核人；整张表同一人复核的，加 --reviewer 姓名",
        "第 4 行：“整个会话”",
        "没有叫“没这条”",
    ):
        assert expected in told
    returned = read_returned([sheet.path], BOSS, "李班长")
    done = import_reviews(centre.path, returned, centre.cards, BOSS, partial=True)
    assert done.added == 1
    assert [r["reviewer"] for r in centre.run.table("reviews").to_pylist()] == ["李班长"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 nothing", b"<html></script>"])
def test_what_is_no_sheet_is_refused(centre: Centre, content: bytes) -> None:
    path = centre.home / "a.xlsx"
    path.write_bytes(content)
    with pytest.raises(ReviewError, match="1 处问题"):
        centre.enter(path)


def test_another_workbook_is_refused(centre: Centre) -> None:
    path = centre.home / "a.xlsx"
    openpyxl.Workbook().save(path)
    with pytest.raises(ReviewError) as error:
        centre.enter(path)
    assert "没有工作表“复核”" in error.value.render()
