"""The workbook of a run opens, holds what the report says, and is safe."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from openpyxl import Workbook, load_workbook

from qc.commands import cli
from qc.domain.language import speaking
from qc.errors import UsageError
from qc.export.workbook import export_workbook
from qc.paths import packaged
from qc.reporting.batch import Batch
from qc.reporting.edition import Edition
from qc.storage.read import StoredRun

NAMES = [
    *("概览", "会话", "评分项", "判定与证据", "坐席", "班组", "扣分排列", "舆情话题", "投诉与升级", "绩效指标"),
    *("负面清单", "典型案例", "复核", "失败"),
]
CHINESE = re.compile(r"[\u3400-\u9fff]")
MADE = datetime(2026, 11, 21, 1, 8)


def made(path: Path, *runs: StoredRun) -> Workbook:
    export_workbook([Edition(batch=Batch(run)) for run in runs], path, created=MADE)
    with zipfile.ZipFile(path) as parts:
        for name in parts.namelist():
            ElementTree.fromstring(parts.read(name))
    return load_workbook(path)


@pytest.fixture(scope="module")
def book(sample: StoredRun, tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    return made(tmp_path_factory.mktemp("xlsx") / "x.xlsx", sample)


def rows(book: Workbook, name: str) -> list[dict]:
    header, *body = book[name].iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in body]


def test_sheets_and_rows(book: Workbook, sample: StoredRun) -> None:
    assert [n for n in NAMES if n in book.sheetnames] == NAMES
    assert len(rows(book, "会话")) == sample.table("conversations").num_rows
    assert len(rows(book, "失败")) == sample.table("failures").num_rows == 2
    found = sample.table("findings").to_pylist()
    assert {(r["会话编号"], r["规则编号"]) for r in rows(book, "判定与证据")} == {
        (shown(f["conversation_id"]), f["rule_id"]) for f in found if f["verdict"] != "miss"
    }
    lost = [r for r in rows(book, "评分项") if r["结果"] == "扣分"]
    items = [i for i in sample.table("item_scores").to_pylist() if i["status"] == "deducted"]
    assert len(lost) == len(items) and sum(r["分数变化"] for r in lost) == sum(i["points"] for i in items)


def shown(text: str) -> str:
    from qc.domain.printable import printable

    return printable(text)


def test_cases_name_nobody(book: Workbook, sample: StoredRun) -> None:
    names = {n for c in sample.table("conversations").to_pylist() for n in (c["agent_name"], c["agent_id"]) if n}
    cases = rows(book, "典型案例")
    assert cases and not [n for n in names if any(n in r["对话"] or n == r["称作"] for r in cases)]
    listed = rows(book, "负面清单")
    assert {r["会话编号"] for r in rows(book, "投诉与升级")} <= {r["会话编号"] for r in listed}
    assert {shown(r["会话编号"]) for r in rows(book, "会话") if r["一票否决"] == "是"} <= {
        r["会话编号"] for r in listed
    }


def test_evidence_is_quoted(book: Workbook) -> None:
    row = next(
        r for r in rows(book, "判定与证据") if r["规则编号"] == "customer.escalation" and r["会话编号"] == "A003"
    )
    assert "【12398】" in row["原话"] and row["谁说的"] == "客户" and row["话轮"] == 2 and row["判定"] == "命中"
    silence = next(
        r for r in rows(book, "判定与证据") if r["规则编号"] == "service.long_silence" and r["会话编号"] == "A004"
    )
    assert silence["原话"] is None and silence["测量值"] == 21.3
    unsure = next(r for r in rows(book, "判定与证据") if r["判定"] == "无法判定")
    assert unsure["说明"] == "单声道录音，无法判断谁先开口"
    assert all(
        len(r["原话"] or "") < 200 for r in rows(book, "判定与证据")
    )  # turns of 10,000 characters are quoted too


def test_nothing_runs(book: Workbook) -> None:
    cells = [c for sheet in book for row in sheet.iter_rows() for c in row if c.value is not None]
    assert not [c for c in cells if c.data_type == "f" or c.hyperlink]
    texts = [c.value for c in cells if isinstance(c.value, str)]
    assert not [t for t in texts if "\u202e" in t or "\x00" in t]
    assert any("<script>" in t for t in texts)


def test_headers_explain(book: Workbook) -> None:
    header = {c.value: c.comment.text if c.comment else "" for c in book["会话"][1]}
    assert header["时长"] == "时长，毫秒" and "复核过的是终审得分" in header["得分"]
    assert book["会话"].freeze_panes == "B2" and book["会话"].auto_filter.ref


def test_several_runs_stand_together(sample: StoredRun, builder, tmp_path: Path) -> None:
    empty = builder("empty").write(run_id="r-empty", name="空的一晚")
    book = made(tmp_path / "x.xlsx", empty, sample)
    assert [c.value for c in book["会话"][1]][:3] == ["批次编号", "批次名称", "会话编号"]
    assert {r["批次编号"] for r in rows(book, "会话")} == {sample.lineage.run_id}
    first = [r for r in rows(book, "概览") if r["批次名称"] == "空的一晚"]
    assert next(r for r in first if r["内容"] == "会话")["数值"] == 0
    assert next(r for r in first if r["内容"] == "平均分")["数值"] is None


@pytest.mark.slow
def test_the_same_run_gives_the_same_bytes(sample: StoredRun, tmp_path: Path) -> None:
    made(tmp_path / "a.xlsx", sample), made(tmp_path / "b.xlsx", sample)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


class Heard(Mapping[str, str]):
    """A catalogue that remembers what it had no word for."""

    def __init__(self) -> None:
        files = sorted((packaged("reports") / "lang/en").glob("*.json"))
        self.words = {k: v for f in files for k, v in json.loads(f.read_text(encoding="utf-8")).items()}
        self.missing: set[str] = set()

    def __getitem__(self, text: str) -> str:
        if text not in self.words:
            self.missing.add(text)
        return self.words[text]

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)

    def __len__(self) -> int:
        return len(self.words)


def test_the_workbook_speaks_english(sample: StoredRun, tmp_path: Path) -> None:
    heard = Heard()
    with speaking(heard):
        book = made(tmp_path / "x.xlsx", sample)
    assert not {text for text in heard.missing if CHINESE.search(text)}
    assert book.sheetnames[:4] == ["Overview", heard["会话"], heard["评分项"], "Findings and evidence"]
    assert "Indicators" in book.sheetnames
    assert book[heard["会话"]]["A1"].value == "Conversation id"  # one of them, not several
    headers = [c.value for sheet in book for c in sheet[1]]
    notes = [c.comment.text for sheet in book for c in sheet[1] if c.comment]
    assert not [t for t in (*headers, *notes) if CHINESE.search(t)]


@pytest.mark.slow
def test_the_command(sample: StoredRun, builder, tmp_path: Path) -> None:
    run = CliRunner().invoke
    done = run(cli, ["export", "xlsx", str(sample.path), "-o", str(tmp_path / "x.xlsx")])
    assert done.exit_code == 0, done.output
    assert load_workbook(tmp_path / "x.xlsx").properties.title == "智能质检报表"
    kept = builder("kept").write(personal_data="kept", run_id="k1")
    done = run(cli, ["export", "xlsx", str(kept.path), "-o", str(tmp_path / "k.xlsx")])
    assert isinstance(done.exception, UsageError) and "没有脱敏" in done.exception.message
    assert run(cli, ["export", "xlsx", str(kept.path), "--keep-personal-data"]).exit_code == 0
    told = {r["内容"]: r["数值"] for r in rows(load_workbook(kept.path / "workbook.xlsx"), "概览")}
    assert told["个人信息"].startswith("未脱敏")
    done = run(cli, ["export", "xlsx", str(kept.path), str(sample.path)])
    assert isinstance(done.exception, UsageError) and "--out" in done.exception.message
