from __future__ import annotations

import pytest

PIECES = "a: {{keyword: 甲}}\nb: {{keyword: 乙}}\nc: {{keyword: 丙}}\np: {{sequence: {}}}"
TABLE = [
    ("{steps: [a, b]}", ["A 甲", "C 乙"], "hit", ["甲", "乙"]),
    ("{steps: [a, b]}", ["A 甲乙"], "hit", ["甲", "乙"]),  # in one turn, one behind the other
    ("{steps: [a, b]}", ["A 乙甲"], "miss", []),
    ("{steps: [a, b]}", ["C 乙", "A 甲"], "miss", []),
    ("{steps: [a, b]}", ["A 甲"], "miss", []),
    ("{steps: [a, b, c]}", ["A 甲", "C 丙", "A 乙", "C 丙"], "hit", ["甲", "乙", "丙"]),
    ("{steps: [a, b, c]}", ["A 甲", "C 丙", "A 乙"], "miss", []),
    ("{steps: [a, a]}", ["A 甲", "C 甲"], "hit", ["甲", "甲"]),  # the same piece twice
    ("{steps: [a, a]}", ["A 甲"], "miss", []),
    ("{steps: [a, b], max_gap: 1}", ["A 甲", "C 乙"], "hit", ["甲", "乙"]),
    ("{steps: [a, b], max_gap: 1}", ["A 甲", "C 嗯", "A 乙"], "miss", []),
    # the nearest 甲 counts, and a chain is found although the first 乙 leads nowhere
    ("{steps: [a, b], max_gap: 1}", ["A 甲", "C 嗯", "A 甲", "C 乙"], "hit", ["甲", "乙"]),
    ("{steps: [a, b, c], max_gap: 2}", ["A 甲", "C 乙", "A 乙", "C 嗯", "A 丙"], "hit", ["甲", "乙", "丙"]),
    ("{steps: [a, b]}", ["A 甲 ~0.1", "C 乙 ~0.9"], "undecided", ["甲", "乙"]),
    ("{steps: [a, b]}", ["A 甲 ~0.9", "C 乙 ~0.1", "A 乙 ~0.9"], "hit", ["甲", "乙"]),
    ("{steps: [a, b]}", [], "miss", []),
]


@pytest.mark.parametrize(("sequence", "lines", "verdict", "texts"), TABLE)
def test_table(judged, sequence, lines, verdict, texts):
    result = judged(PIECES.format(sequence), lines)
    assert (result.verdict, result.texts) == (verdict, texts)


def test_every_first_step_counts_and_each_row_says_its_step(judged):
    twice = PIECES.format("{steps: [a, b]}, count: {min: 2}")
    assert judged(twice, ["A 甲", "C 乙", "A 乙"]).verdict == "miss"
    result = judged(twice, ["A 甲", "A 甲", "C 乙"])
    assert result.verdict == "hit"
    assert [hit.note for hit in judged(PIECES.format("{steps: [a, b]}"), ["A 甲乙"]).hits] == ["第 1 步 a", "第 2 步 b"]


def test_steps_outside_the_frame_do_not_count(judged):
    framed = PIECES.format("{steps: [a, b]}, range: '1..2'")
    assert judged(framed, ["A 甲", "C 嗯", "A 乙"]).verdict == "miss"
    assert judged(framed, ["A 甲", "C 乙"]).verdict == "hit"


def test_a_step_that_is_not_true_is_not_done(judged):
    find = "a: {keyword: 甲, count: {min: 2}}\nb: {keyword: 乙}\np: {sequence: {steps: [a, b]}}"
    assert judged(find, ["A 甲", "C 乙"]).verdict == "miss"
    assert judged(find, ["A 甲甲", "C 乙"]).verdict == "hit"


@pytest.mark.parametrize(
    ("lines", "verdict"),
    [(["A 乙", "C 甲"], "undecided"), (["A 甲", "C 嗯"], "miss"), (["A 甲", "C 乙 @1-2"], "undecided")],
)
def test_a_step_that_cannot_be_decided(judged, lines, verdict):
    """`slow` may be anywhere; what is known of the others must not contradict the course."""
    find = "a: {keyword: 甲}\nb: {keyword: 乙}\nslow: {silence: {min_s: 3}}\np: {sequence: {steps: [slow, b]}}"
    result = judged(find, lines)
    assert result.verdict == verdict
    if verdict == "undecided":
        assert result.finding.reason == "片段 slow 不能确定：会话没有时间信息"
