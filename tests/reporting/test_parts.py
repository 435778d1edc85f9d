"""Intervals, file names, cutting of evidence, times."""

from __future__ import annotations

import re
from itertools import pairwise

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.reporting import formatting
from qc.reporting.charts import Datum, columns, round_up, stacked, wrapped
from qc.reporting.conversation import conversation_page
from qc.reporting.dialogue import Mark, Piece, cut
from qc.reporting.estimates import Mean, Rate
from qc.reporting.pagenames import page_names
from qc.reporting.records import read_records
from qc.storage.read import StoredRun
from tests.reporting.conftest import Talk


def test_wilson_matches_a_published_example() -> None:
    rate = Rate(count=81, n=263)  # Newcombe 1998, table I
    assert (rate.low, rate.high) == (pytest.approx(0.2553, abs=1e-4), pytest.approx(0.3662, abs=1e-4))
    assert Rate(count=0, n=0).value is None and Rate(count=0, n=0).low is None


@given(st.integers(1, 10_000), st.data())
def test_wilson_holds_the_share(n: int, data: st.DataObject) -> None:
    rate = Rate(count=data.draw(st.integers(0, n)), n=n)
    assert 0 <= rate.low <= rate.value + 1e-12 and rate.value - 1e-12 <= rate.high <= 1


def test_mean_interval() -> None:
    mean = Mean(value=80.0, sd=10.0, n=10)
    assert mean.half == pytest.approx(7.1535, abs=1e-3)  # t(9) = 2.262
    assert Mean(value=80.0, sd=10.0, n=400).half == pytest.approx(0.98, abs=0.01)
    assert Mean(value=100.0, sd=0.0, n=4).low is None  # four equal values do not make a certainty
    assert Mean(value=98.0, sd=10.0, n=5).high == 100.0


@given(st.sets(st.text(max_size=120), max_size=20))
def test_page_names_are_safe_and_unique(ids: set[str]) -> None:
    names = page_names(ids)
    assert set(names) == ids
    assert len({n.casefold() for n in names.values()}) == len(ids)
    assert all(re.fullmatch(r"[0-9A-Za-z_~][0-9A-Za-z._~-]*\.html", n) and len(n) < 110 for n in names.values())


def test_page_names_keep_plain_ids() -> None:
    assert page_names(["A001", "2026-11-20.7"]) == {"A001": "A001.html", "2026-11-20.7": "2026-11-20.7.html"}
    for name in page_names(["con", "AUX.txt", "com1.录音", "nul"]).values():
        assert name.partition(".")[0].lower() not in ("con", "aux", "com1", "nul")


@given(st.text(max_size=60), st.data())
def test_cut_loses_no_character_and_marks_exactly_the_spans(text: str, data: st.DataObject) -> None:
    spans = []
    for number in range(1, data.draw(st.integers(0, 5)) + 1 if text else 0):
        start = data.draw(st.integers(0, len(text) - 1))
        end = data.draw(st.integers(start + 1, len(text)))
        spans.append((start, end, Mark(number=number, ink="ev-low", rank=3)))
    pieces = cut(text, spans)
    assert "".join(p.text for p in pieces) == text
    at = 0
    for piece in pieces:
        for offset in range(at, at + len(piece.text)):
            assert set(piece.judgements) == {m.number for a, b, m in spans if a <= offset < b}
        at += len(piece.text)
    for piece, following in pairwise([*pieces, Piece(text="")]):
        assert set(piece.closing) == set(piece.judgements) - set(following.judgements)


def test_overlapping_evidence_takes_the_gravest_ink() -> None:
    low, high = Mark(number=2, ink="ev-low", rank=3), Mark(number=1, ink="ev-critical", rank=0)
    pieces = cut("保证稳赚不赔", [(0, 4, low), (2, 6, high)])
    assert [(p.text, p.judgements, p.closing, p.ink) for p in pieces] == [
        ("保证", (2,), (), "ev-low"),
        ("稳赚", (1, 2), (2,), "ev-critical"),
        ("不赔", (1,), (1,), "ev-critical"),
    ]


def test_long_turns_fold_where_there_is_no_evidence() -> None:
    text = "啊" * 5000 + "保本" + "嗯" * 5000
    pieces = cut(text, [(5000, 5002, Mark(number=1, ink="ev-high", rank=1))])
    assert sum(len(p.text) + p.skipped + len(p.rest) for p in pieces) == len(text)
    assert [p.text for p in pieces if p.judgements] == ["保本"]
    assert sum(len(p.text) + len(p.rest) for p in pieces) < 1000


def test_silence_overlap_and_curve(sample: StoredRun) -> None:
    page = conversation_page(read_records(sample, ["A004"])["A004"])
    assert [b.silence_ms for b in page.dialogue] == [None, 21_300, None]
    assert page.panorama is not None and page.panorama.timed
    assert [c.role for c in page.panorama.curves] == ["customer", "agent"]
    assert [g.span.length_ms for g in page.panorama.silences] == [21_300]
    chat = conversation_page(read_records(sample, ["D001"])["D001"])
    assert chat.panorama is not None and not chat.panorama.silences  # a pause in a chat is somebody typing


def test_score_sheet_adds_up(sample: StoredRun) -> None:
    ids = sample.table("conversations", ["conversation_id"])["conversation_id"].to_pylist()
    for record in read_records(sample, ids).values():
        for sheet in conversation_page(record).sheets:
            sums = sheet.arithmetic
            assert sums is not None and sheet.undecided == sum(i.status == "undecided" for i in record.items)
            assert sums.earned + sums.credited == pytest.approx(sheet.score.raw_score, abs=0.01)
            assert sums.lost == sum(s.part.lost for s in sheet.sections if s.part)


def test_overlapping_words_of_a_rule_are_one_piece_of_evidence(builder) -> None:
    build = builder("overlap")
    build.add(
        Talk("X", turns=(("agent", "这不归我们管您找快递去。再说吧"),), found={"service.shirking": (1, "不归我们管")})
    )
    (hit,) = build.rows["hits"]
    for start, end in ((1, 4), (3, 9), (5, 10), (12, 14)):
        build.rows["hits"].append(hit | {"char_start": start, "char_end": end})
    (judgement,) = conversation_page(read_records(build.write(), ["X"])["X"]).judgements
    assert [e.quote.hit for e in judgement.evidence if e.quote] == ["不归我们管您找快递", "再说"]
    assert judgement.more == 0


def test_a_run_of_an_earlier_version_still_reads(builder) -> None:
    build = builder("old")
    build.add(Talk("X", found={"service.greeting": (1, "您好")}))
    run = build.write()
    for path in run.part_files("item_scores"):
        pq.write_table(pq.read_table(path).drop_columns(["section_points", "effect", "auto_fail"]), path)
    (sheet,) = conversation_page(read_records(run, ["X"])["X"]).sheets
    assert sheet.arithmetic is None and sheet.sections[0].part is None


@given(st.text(alphabet="答应退款时限，、（）abc 1", max_size=40), st.floats(1, 20))
def test_wrapping_loses_nothing_and_keeps_to_the_width(text: str, width: float) -> None:
    lines = wrapped(text, width)
    assert "".join(lines) == text and not any(line[0] in "，、）" for line in lines[1:])
    for line in lines:
        body = line.rstrip("，、）")
        assert len(body) <= 1 or sum(1.0 if ord(c) > 0x2E7F else 0.6 for c in body) <= width + 1e-6


def test_names_wrap_whole() -> None:
    titles = ["答应退款时告知到账时限并说明由谁负责跟进", "静音"]
    chart = columns(
        title="t",
        summary="s",
        data=[Datum(label=t, values=(1.0,)) for t in titles],
        series=[("a", "x")],
        unit="分",
        width=200.0,
    )
    assert "".join(n.text for n in chart.names) == "".join(titles)
    assert all(n.y < chart.height for n in chart.names) and len(chart.names) > 3


def test_charts_fit_their_frame() -> None:
    data = [Datum(label=str(i), values=(float(i), 2.0)) for i in range(12)]
    chart = columns(title="t", summary="s", data=data, series=[("a", "x"), ("b", "y")], unit="个")
    assert all(
        b.x >= 0 and b.x + b.width <= chart.width and b.y >= 0 and b.y + b.height <= chart.base + 0.02
        for b in chart.boxes
    )
    assert stacked("t", [("a", "x", 1), ("b", "y", 3)]).slices[-1].width == 75.0
    assert [round_up(v) for v in (0, 0.3, 7, 11, 401)] == [1.0, 0.4, 8.0, 20.0, 500.0]


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (formatting.duration(3_725_000), "1 小时 02 分"),
        (formatting.duration(65_400), "1 分 05 秒"),
        (formatting.duration(None), "—"),
        (formatting.clock(3_725_000), "1:02:05"),
        (formatting.points(-5.0), "−5"),
        (formatting.points(2.5), "+2.5"),
        (formatting.points(-0.0), "0"),
        (formatting.amount(1234.5), "1,234.5"),
        (formatting.measure(21.34, "s"), "21.3 秒"),
        (formatting.percent(0.8125), "81.3%"),
        (formatting.number(89.55), "89.6"),
        (formatting.number(93.25), "93.3"),
        (formatting.number(79.45), "79.5"),
        (formatting.number((89.6 + 89.5) / 2), "89.6"),
        (formatting.number(1234567.25), "1,234,567.3"),
        (formatting.number(-2.25), "-2.3"),
        (formatting.amount(100.0, 0), "100"),
        (formatting.points(0.25, 1), "+0.3"),
        (formatting.label("unheard_of", "channel"), "unheard_of"),
    ],
)
def test_formatting(shown: str, expected: str) -> None:
    assert shown == expected
