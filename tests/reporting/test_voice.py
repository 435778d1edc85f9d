"""How the voices of a call went, on its page."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from qc.paths import packaged
from qc.reporting.conversation import conversation_page
from qc.reporting.panorama import Panorama
from qc.reporting.records import EmotionRow, Record, read_records
from qc.reporting.render import Renderer, Site
from qc.reporting.voice import VoiceChart, voice_chart
from qc.storage.read import StoredRun


@pytest.fixture(scope="module")
def plain(sample: StoredRun) -> Record:
    return read_records(sample, ["A004"])["A004"]


@pytest.fixture(scope="module")
def record(plain: Record) -> Record:
    """A call whose customer becomes louder and higher, and whose agent was not measured in pitch."""

    def heard(row: EmotionRow) -> EmotionRow:
        change = {"loudness_change_db": float(row.turn), "speech_rate": 200.0 + row.turn, "pause_ms": 1500}
        if row.role == "customer":
            change |= {"pitch_change_st": -1.25, "arousal": -0.42}
        return replace(row, **change)  # type: ignore[arg-type]

    return replace(
        plain,
        turns=tuple(replace(t, energy_db=-30.0 + t.turn, pitch_hz=181.26, pitch_range_st=4.5) for t in plain.turns),
        emotions=tuple(map(heard, plain.emotions)),
    )


def chart(record: Record) -> tuple[VoiceChart, Panorama]:
    page = conversation_page(record)
    assert page.voice is not None
    assert page.panorama is not None
    return page.voice, page.panorama


def test_curves_stand_under_the_turns_of_the_panorama(record: Record) -> None:
    voice, panorama = chart(record)
    assert [s.title for s in voice.strips] == ["音量（分贝）", "音高（半音）", "语速（字/分钟）"]
    assert [[c.role for c in s.curves] for s in voice.strips] == [
        ["customer", "agent"],
        ["customer"],
        ["customer", "agent"],
    ]
    at = {s.turn: s.box.x + s.box.width / 2 for s in panorama.stays}
    for strip in voice.strips:
        for curve in strip.curves:
            assert [p.x for p in curve.points] == [pytest.approx(at[p.turn], abs=0.01) for p in curve.points]
            assert all(strip.top <= p.y <= strip.bottom for p in curve.points)
    loud = {p.turn: p.y for c in voice.strips[0].curves for p in c.points}
    assert loud[3] < loud[2] < loud[1] < voice.strips[0].zero  # louder is higher, and above where both began


def test_words_say_what_the_curves_show(record: Record) -> None:
    voice, _ = chart(record)
    assert voice.summary == (
        "客户音量比开场最高 +3.0 分贝（第 3 轮）；坐席音量比开场最高 +2.0 分贝（第 2 轮）；"
        "客户音高比开场最高 −1.3 半音（第 3 轮）；客户语速 203 字/分钟，第 3 轮最快；"
        "坐席语速 201–202 字/分钟，第 2 轮最快。"
    )


def test_the_page_calls_it_evidence(record: Record, sample: StoredRun) -> None:
    renderer = Renderer([packaged("reports")], Site(lineage=sample.lineage, names={}, single=True))
    html = renderer.render("conversation.html", page=conversation_page(record), before="", after="")
    (section,) = re.findall(r'<section id="voice">.*?</section>', html, re.S)
    assert "不是判定" in section
    assert section.count("<polyline") == 5
    assert re.search(r"<desc[^>]*>客户音量", section)
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr>(<td.*?)</tr>", section, re.S)]
    assert [row[3:] for row in cells] == [
        ["-29.0", "181", "4.5", "201", "1.5", ""],
        ["-28.0", "181", "4.5", "202", "1.5", ""],
        ["-27.0", "181", "4.5", "203", "1.5", "−0.42"],
    ]


def test_what_was_said_comes_before_points_and_curves(record: Record, sample: StoredRun) -> None:
    renderer = Renderer([packaged("reports")], Site(lineage=sample.lineage, names={}, single=True))
    html = renderer.render("conversation.html", page=conversation_page(record), before="", after="")
    order = re.findall(r'<section id="(judgements|dialogue|voice|sheet|facts)"', html)
    assert order == ["judgements", "dialogue", "voice", "sheet", "facts"]


def test_what_was_not_measured_is_not_shown(plain: Record, sample: StoredRun) -> None:
    assert conversation_page(plain).voice is None  # a run of an earlier version
    chat = read_records(sample, ["D001"])["D001"]
    assert conversation_page(chat).voice is None
    assert voice_chart(plain, None) is None


def test_one_turn_and_no_change_are_drawn(record: Record) -> None:
    still = replace(record, emotions=tuple(replace(e, loudness_change_db=0.0) for e in record.emotions[:1]))
    voice, _ = chart(still)
    (curve,) = voice.strips[0].curves
    assert [p.y for p in curve.points] == [voice.strips[0].zero]
    assert len(voice.lines) == len(record.turns)
