"""`unless`: hits that another piece excuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from qc.domain.conversation import CallMeta
from qc.domain.rule import Validity
from qc.matching.judge import VERDICTS, judge
from qc.matching.signals import NO_SIGNALS
from qc.text.shard import Shard

RUDE = "p: {keyword: [烦, 快说], unless: %s}\nq: {keyword: [请稍等, 对不起], speaker: customer}"
SAME = "{piece: q, where: same_turn}"
TABLE = [
    # exception, dialogue, verdict, excused by, excused hits
    ("q", ["A 快说"], "hit", (), []),
    ("q", ["C 请稍等，烦死了"], "miss", ("q",), ["烦"]),
    ("q", ["C 请稍等", "A 快说"], "miss", ("q",), ["快说"]),
    (SAME, ["C 请稍等", "A 快说"], "hit", (), []),
    ("{piece: q, where: before}", ["C 请稍等", "A 快说"], "miss", ("q",), ["快说"]),
    ("{piece: q, where: before}", ["A 快说", "C 请稍等"], "hit", (), []),
    ("{piece: q, where: after}", ["A 快说", "C 请稍等"], "miss", ("q",), ["快说"]),
    ("{piece: q, where: before, turns: 1}", ["C 请稍等", "C 嗯", "A 快说"], "hit", (), []),
    ("{piece: q, where: around, turns: 1}", ["C 请稍等", "A 快说", "A 快说"], "hit", (), []),
    ("{piece: q, where: before, seconds: 5}", ["C 请稍等 @0-2", "A 快说 @4-5"], "miss", ("q",), ["快说"]),
    ("{piece: q, where: before, seconds: 5}", ["C 请稍等 @0-2", "A 快说 @9-10"], "hit", (), []),
    ("{piece: q, where: before, seconds: 5}", ["C 请稍等", "A 快说"], "undecided", (), []),
    ("{piece: q, where: before}", ["C 请稍等 ~0.1", "A 快说"], "undecided", (), []),
    ("{piece: q, where: before}", ["C 请稍等 ~0.1", "C 请稍等", "A 快说"], "miss", ("q",), ["快说"]),
    ("{piece: q, where: before}", ["U 请稍等", "A 快说"], "undecided", (), []),
    ("[q, {piece: q, where: before}]", ["C 请稍等", "A 快说"], "miss", ("q",), ["快说"]),
    (SAME, ["C 请稍等，烦死了", "A 快说"], "hit", (), []),
]


@pytest.mark.parametrize(("unless", "lines", "verdict", "by", "texts"), TABLE)
def test_table(judged, unless, lines, verdict, by, texts):
    result = judged(RUDE % unless, lines)
    assert result.verdict == verdict
    if verdict == "miss":
        assert (result.finding.excused, result.texts) == (by, texts)
    elif verdict == "hit":
        assert result.finding.excused == ()
        assert all(not hit.text.startswith("请") for hit in result.hits)
    else:
        assert "例外" in result.finding.reason


def test_what_was_no_hit_anyway_is_no_finding(judged):
    assert judged(RUDE % "q", ["C 请稍等"]).finding is None
    assert judged("a: {keyword: 甲}\n" + RUDE % "q", ["C 请稍等，烦死了"], when="p and a").finding is None


def test_a_measure_of_the_conversation_is_excused_by_an_exception_anywhere(judged):
    find = "p: {turn_count: {max: 2}, unless: q}\nq: {keyword: 挂了}"
    assert judged(find, ["A 您好", "C 好"]).verdict == "hit"
    result = judged(find, ["A 您好", "C 挂了"])
    assert (result.verdict, result.finding.excused, [hit.value for hit in result.hits]) == ("miss", ("q",), [2])
    assert judged(find, ["A 您好", "C 挂了 ~0.1"]).verdict == "undecided"


def test_an_absence_is_excused_by_an_exception_anywhere(judged):
    find = "p: {keyword: 您好, negate: true, unless: q}\nq: {keyword: 挂了}"
    assert judged(find, ["A 喂"]).verdict == "hit"
    result = judged(find, ["A 喂", "C 挂了"])
    assert (result.verdict, result.finding.excused, result.hits) == ("miss", ("q",), ())
    assert judged(find, ["A 您好", "C 挂了"]).finding is None


def test_an_exception_that_speaks_of_the_conversation_excuses_everywhere(judged):
    find = "p: {keyword: 烦, unless: q}\nq: {call_duration: {max_s: 9}}"
    assert judged(find, ["A 烦", "C 嗯"], meta=CallMeta(duration_ms=5_000)).finding.excused == ("q",)
    assert judged(find, ["A 烦"], meta=CallMeta(duration_ms=10_000)).verdict == "hit"
    assert judged(find, ["A 烦"]).verdict == "undecided"


def test_what_follows_an_excused_hit_is_excused_with_it(judged):
    find = "p: {keyword: 烦, unless: q}\nq: {keyword: 开玩笑}\nr: {keyword: 哼, after: {piece: p}}"
    assert judged(find, ["A 烦", "A 哼"], when="r").verdict == "hit"
    result = judged(find, ["A 烦，开玩笑", "A 哼"], when="r")
    assert (result.verdict, result.finding.excused, result.texts) == ("miss", ("q",), ["烦"])


def test_words_that_count_together_are_excused_together(judged):
    find = "p: {keyword: {all: [甲, 乙]}, joined: true, unless: {piece: q, where: same_turn}}\nq: {keyword: 例外}"
    result = judged(find, ["A 甲例外", "A 乙"])
    assert (result.verdict, result.texts) == ("miss", ["甲", "乙"])


NTH = [
    ("nth: 1", ["C 投诉", "A 甲", "C 投诉", "A 甲"], [2, 4]),
    ("nth: 2", ["C 投诉", "A 甲", "C 投诉", "A 甲"], [4]),
    ("nth: 3", ["C 投诉", "A 甲", "C 投诉", "A 甲"], []),
    ("nth: 2", ["C 投诉投诉", "A 甲", "C 投诉", "A 甲"], [2, 4]),
    ("which: first", ["C 投诉", "A 甲", "C 投诉", "A 甲"], [2, 4]),
]


@pytest.mark.parametrize(("which", "lines", "turns"), NTH)
def test_the_nth_hit(judged, which, lines, turns):
    assert judged(f"q: {{keyword: 投诉}}\np: {{keyword: 甲, after: {{piece: q, {which}}}}}", lines).turns == turns


@pytest.mark.parametrize(
    ("which", "lines", "verdict"),
    [
        ("nth: 2", ["C 投诉 ~0.1", "C 投诉", "A 甲"], "undecided"),  # it may be the first
        ("nth: 1", ["C 投诉", "C 投诉 ~0.1", "A 甲"], "hit"),
        ("which: first", ["C 投诉 ~0.1", "A 甲", "C 投诉"], "undecided"),
        ("which: last", ["C 投诉", "A 甲", "C 投诉 ~0.1"], "undecided"),
        ("which: last", ["C 投诉 ~0.1", "C 投诉", "A 甲"], "hit"),
        ("nth: 3", ["C 投诉 ~0.1", "C 投诉", "A 甲"], "miss"),
    ],
)
def test_which_one_it_is_may_be_uncertain(judged, which, lines, verdict):
    find = f"q: {{keyword: 投诉}}\np: {{keyword: 甲, speaker: agent, after: {{piece: q, {which}}}}}"
    assert judged(find, lines).verdict == verdict


@pytest.mark.parametrize(
    ("started", "first", "last", "verdict"),
    [
        ("2026-01-01T00:00:00", date(2026, 1, 1), None, "hit"),
        ("2025-12-31T23:59:59", date(2026, 1, 1), None, "not_applicable"),
        ("2026-06-30T23:59:59", None, date(2026, 6, 30), "hit"),
        ("2026-07-01T00:00:00", None, date(2026, 6, 30), "not_applicable"),
        (None, date(2026, 1, 1), date(2026, 1, 2), "hit"),
        ("昨天", date(2026, 1, 1), date(2026, 1, 2), "hit"),
    ],
)
def test_validity(judged, started, first, last, verdict):
    rule = replace(judged.rule("p: {keyword: 甲}"), valid=Validity(first=first, last=last))
    shard = Shard([judged.conversation("A 甲", meta=CallMeta(started_at=started))])
    assert VERDICTS[judge(judged.compiled([rule]), shard, NO_SIGNALS).verdicts[0, 0]] == verdict
