"""《复核》: its commands run, in the order of the page; its tables say what the code does."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from qc.commands import cli
from qc.review.risk import SIGNS
from tests.review.centre import Centre, chats, judge, write_workspace

PAGE = Path(__file__).resolve().parents[2] / "docs" / "review.zh-CN.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_weights_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| (.+?) \| (\d) \|$", TEXT, re.MULTILINE)
    assert [weight for _, weight in rows] == [f"{sign.weight:g}" for sign in SIGNS]
    for (told, _), sign in zip(rows, SIGNS, strict=True):
        assert told.startswith(sign.title[:5])


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)", TEXT):
        assert (PAGE.parent / target).exists(), target


@pytest.mark.slow
def test_the_week_can_be_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_workspace(tmp_path / "质检")
    centre = Centre(home=tmp_path / "质检", path=judge(tmp_path / "质检", "r1", chats(tmp_path / "质检" / "chats")))
    monkeypatch.chdir(centre.home)
    typed, accuracy = 0, ""
    for line in (line for block in BLOCKS.findall(TEXT) for line in block.splitlines()):
        command, _, remark = line.partition("  #")
        words = shlex.split(command.replace("runs/RUN", "runs/r1").replace("A002", "C00").replace("1029", "100"))
        if "王主管.json" in words:
            centre.file("王主管.json", centre.review("C01", "service.promise", "miss"), reviewer="王主管")
            book = openpyxl.load_workbook("复核.xlsx")
            sheet = book["复核"]
            column = next(cell.column for cell in sheet[1] if cell.value == "人工判定")
            sheet.cell(2, column).value = "同意"
            book.save("复核.xlsx")
        done = CliRunner().invoke(cli, words[1:])
        assert done.exit_code == (1 if "退出码 1" in remark else 0), f"{line}\n{done.output}\n{done.exception}"
        typed += 1
        accuracy += done.output if "accuracy" in words else ""
    assert typed == 12
    told = re.search(r"^```text\n(\d 人复核了.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    assert told is not None
    heads = [line.split()[0] for line in told[1].split("\n\n")[1].splitlines()]
    assert heads == ["智能质检准确率", "精确率", "召回率", "人机一致", "没有判定"]
    for head in heads[:-1]:  # the last is told where there is any
        assert f"\n{head}  " in accuracy, head
        assert f"\n| {head} | " in TEXT, head
    assert len(list(Path("tests/cases").iterdir())) == 2
    assert centre.final()["C00", "service.greeting"] == "miss"
    assert Path("runs/r1/report/conversations/C00.html").is_file()
