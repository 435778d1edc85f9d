"""What transcription was not sure of or put right is shown where it stands, and counted for the batch."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.commands.transcript import render, select
from qc.paths import packaged
from qc.reporting.build import build_report
from qc.reporting.conversation import conversation_page
from qc.reporting.dialogue import cut
from qc.reporting.hearing import hearing
from qc.reporting.records import read_records
from qc.reporting.traces import Trace, traces
from qc.storage.read import StoredRun
from tests.reporting.conftest import HOSTILE, RunBuilder, Talk

SAID = "您好，保证收益零风险，嗯，退保1200元"
PHRASES = [  # 10 s of speech, 1 s of it unsure and 0.5 s invented
    {"start": 0, "end": 3, "start_ms": 0, "end_ms": 1000, "confidence": 0.9},
    {"start": 3, "end": 11, "start_ms": 1000, "end_ms": 2000, "confidence": 0.21},
    {"start": 11, "end": 20, "start_ms": 2000, "end_ms": 6000, "confidence": 0.8},
]
MARKS = [
    {"start": 11, "end": 12, "kind": "filler", "original": None},
    {"start": 13, "end": 15, "kind": "hot_word", "original": HOSTILE},
    {"start": 15, "end": 19, "kind": "number", "original": "一千二百"},
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> StoredRun:
    build = RunBuilder(tmp_path_factory.mktemp("heard") / "run")
    build.add(
        Talk(id="M1", project="保险", turns=(("agent", SAID), ("customer", "谢谢。")), found={
            "insurance.no_guarantee": (1, "收益零风险，嗯"),
        })
    )  # fmt: skip
    build.add(Talk(id="M2", project="保险"))
    build.add(Talk(id="C1", project="保险", channel="chat"))
    first, second = build.rows["turns"][:2]
    first |= {"phrases": PHRASES, "marks": MARKS, "end_ms": 6000}
    second |= {"confidence": 0.0, "start_ms": 6000, "end_ms": 6500}
    for turn in build.rows["turns"][2:4]:
        turn |= {"start_ms": 0, "end_ms": 1750, "confidence": 0.9}
    build.rows["conversations"][0] |= {"role_source": "swapped"}
    build.rows["conversations"][1] |= {"role_source": "unsure"}
    return build.write()


@pytest.fixture(scope="module")
def report(run: StoredRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("heard") / "report"
    build_report(run, out=out, template_dirs=[packaged("reports")])
    return out


def test_a_page_shows_what_was_heard_unsurely_and_what_was_put_right(report: Path) -> None:
    html = (report / "conversations" / "M1.html").read_text("utf-8")
    assert '<span class="heard-faint" title="听得不确切，置信度 21%">保证</span>' in html
    assert '<span class="heard-number" title="数字写法：转写原文“一千二百”">1200</span>' in html
    # evidence keeps its mark around what lies in it, and its number stands once, behind it
    faint = '<span class="heard-faint" title="听得不确切，置信度 21%">收益零风险，</span>'
    marked = re.compile(r' data-ms="\d+"').sub("", html)
    assert f'<mark class="ev-critical">{faint}</mark><mark' in marked
    assert (
        '<mark class="ev-critical"><span class="heard-filler" title="语气词">嗯</span></mark><a class="ref"' in marked
    )
    assert "声道接反了" in html
    assert "声道接反，已按开场白更正" in html
    assert "<script>alert" not in html
    assert "热词改正：转写原文“&lt;script&gt;alert" in html
    other = (report / "conversations" / "M2.html").read_text("utf-8")
    assert "没有把握" in other
    assert "heard-" not in other.split("<body")[1]
    chat = (report / "conversations" / "C1.html").read_text("utf-8")
    assert "<dt>角色</dt>" not in chat


def test_the_overview_counts_recordings_and_unsure_speech(run: StoredRun, report: Path) -> None:
    found = hearing(run, 0.35)
    assert found is not None
    assert [(r.source, r.recordings) for r in found.roles] == [("swapped", 1), ("unsure", 1)]
    assert found.recordings == 2
    # 6 s of the first turn in phrases, 0.5 s invented, twice 1.75 s, and a chat that takes no time
    assert found.unsure == pytest.approx(1.5 / 10)
    assert found.invented == pytest.approx(0.5 / 10)
    html = (report / "index.html").read_text("utf-8")
    assert "录音与转写" in html
    assert "15.0%" in html
    assert "说话人没有把握" in html


def test_a_run_without_recordings_has_no_such_section(tmp_path: Path) -> None:
    build = RunBuilder(tmp_path / "run")
    build.add(Talk(id="C1", channel="chat"))
    stored = build.write()
    assert hearing(stored, 0.35) is None
    build_report(stored, out=tmp_path / "report", template_dirs=[packaged("reports")])
    assert "录音与转写" not in (tmp_path / "report" / "index.html").read_text("utf-8")


def test_a_run_of_an_earlier_version_still_opens(tmp_path: Path) -> None:
    build = RunBuilder(tmp_path / "run")
    build.add(Talk(id="M1"))
    build.add(Talk(id="M2"))
    stored = build.write()
    for table, names in (("turns", ["phrases", "words", "marks", "energy_db"]), ("conversations", ["role_source"])):
        for path in stored.part_files(table):
            pq.write_table(pq.read_table(path).drop_columns(names), path)
    build_report(stored, out=tmp_path / "report", template_dirs=[packaged("reports")])
    assert "没有记录（旧版本）" in (tmp_path / "report" / "index.html").read_text("utf-8")
    assert "您好，请讲。" in render(select(stored, "M1"), terminal=True)


def test_the_floor_is_the_one_the_run_was_judged_by(run: StoredRun) -> None:
    record = read_records(run, ["M1"])["M1"]
    assert "faint" in conversation_page(record).traces
    assert "faint" not in conversation_page(record, 0.2).traces


def test_a_terminal_shows_them_and_a_file_stays_plain(run: StoredRun) -> None:
    stored = select(run, "M1")
    coloured, plain = render(stored, terminal=True), render(stored, terminal=False)
    assert "\x1b[4m保证" in coloured
    assert "\x1b[2m[一千二百]" in coloured
    assert "角色 声道接反，已按开场白更正" in plain
    dialogue = plain.splitlines()[-2]
    assert dialogue.endswith("您好，保证【收益零风险，嗯】，退保1200元")
    assert "\x1b[4m" not in plain
    assert "\u202e" not in coloured


_SPAN = st.tuples(st.integers(-3, 14), st.integers(-3, 14))


@given(st.text("甲乙丙", max_size=10), st.lists(_SPAN, max_size=5))
def test_cutting_at_traces_loses_no_character(text: str, spans: list[tuple[int, int]]) -> None:
    inside = [(a, b) for a, b in spans if 0 <= a < b <= len(text)]
    heard = [Trace(start=a, end=b, kind="faint", note="") for a, b in inside]
    pieces = cut(text, [], heard)
    assert "".join(p.text for p in pieces) == text
    at = 0
    for piece in pieces:
        for offset in range(at, at + len(piece.text)):
            assert len(piece.traces) == sum(a <= offset < b for a, b in inside)
        at += len(piece.text)


def test_spans_outside_of_the_text_are_left_out(run: StoredRun) -> None:
    (turn, _) = read_records(run, ["M1"])["M1"].turns
    assert [t.kind for t in traces(turn, 0.35)] == ["faint", "filler", "hot_word", "number"]
    assert traces(replace(turn, text="您好，"), 0.35) == []
