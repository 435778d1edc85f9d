"""A flow is true when it is broken."""

from __future__ import annotations

import pytest

PIECES = "a: {{keyword: 甲}}\nb: {{keyword: 乙}}\nc: {{keyword: 丙}}\nd: {{keyword: 丁}}\np: {{flow: {}}}"
ABC = "{steps: [a, b, c]}"
OPTIONAL = "{steps: [a, {piece: b, optional: true, title: 说明}, c]}"
BRANCH = "{steps: [a, {any: [b, d], title: 核验}, c]}"
NEAR = "{steps: [a, b, c], max_gap: 1}"
TABLE = [
    (ABC, ["A 甲", "C 乙", "A 丙"], "miss", []),
    (ABC, ["A 甲乙丙"], "miss", []),
    (ABC, ["A 甲", "C 嗯", "A 乙", "C 嗯", "A 丙"], "miss", []),
    (ABC, ["A 甲", "A 丙"], "hit", [(1, "缺少步骤“b”")]),
    (ABC, ["C 喂", "A 乙", "A 丙"], "hit", [(1, "缺少步骤“a”")]),
    (ABC, ["C 喂", "A 甲"], "hit", [(2, "缺少步骤“b”"), (2, "缺少步骤“c”")]),
    (ABC, ["C 喂"], "hit", [(1, "缺少步骤“a”"), (1, "缺少步骤“b”"), (1, "缺少步骤“c”")]),
    (ABC, ["A 乙", "A 甲", "A 丙"], "hit", [(1, "步骤“b”的次序不对")]),
    (ABC, ["A 甲", "A 丙", "A 乙"], "hit", [(2, "步骤“c”的次序不对")]),
    (ABC, ["A 乙", "A 甲", "A 乙", "A 丙"], "miss", []),  # said once more, in its place
    (ABC, ["A 丙", "A 甲"], "hit", [(1, "步骤“c”的次序不对"), (2, "缺少步骤“b”")]),
    (ABC, [], "miss", []),
    ("{steps: [a, b, c], ordered: false}", ["A 丙", "A 甲", "A 乙"], "miss", []),
    ("{steps: [a, b, c], ordered: false}", ["A 丙", "A 甲"], "hit", [(2, "缺少步骤“b”")]),
    (OPTIONAL, ["A 甲", "A 丙"], "miss", []),
    (OPTIONAL, ["A 甲", "A 乙", "A 丙"], "miss", []),
    (OPTIONAL, ["A 甲", "A 丙", "A 乙"], "hit", [(2, "步骤“c”的次序不对")]),
    # the one step whose absence would leave the others in order
    ("{steps: [a, b, c, d]}", ["A 甲", "A 丙", "A 丁", "A 乙"], "hit", [(4, "步骤“b”的次序不对")]),
    ("{steps: [a, b, c, d]}", ["A 丁", "A 甲", "A 乙", "A 丙"], "hit", [(1, "步骤“d”的次序不对")]),
    ("{steps: [a, b, c, d]}", ["A 丁", "A 丙", "A 乙", "A 甲"], "hit", [(3, "步骤“b”的次序不对")]),
    (OPTIONAL, ["A 乙", "A 甲", "A 丙"], "hit", [(1, "步骤“说明”的次序不对")]),
    (BRANCH, ["A 甲", "A 丁", "A 丙"], "miss", []),
    (BRANCH, ["A 甲", "A 丙"], "hit", [(1, "缺少步骤“核验”")]),
    (BRANCH, ["A 丁", "A 甲", "A 乙", "A 丙"], "miss", []),
    (BRANCH, ["A 丁乙", "A 甲", "A 丙"], "hit", [(1, "步骤“核验”的次序不对")]),
    (NEAR, ["A 甲", "A 乙", "A 丙"], "miss", []),
    (NEAR, ["A 甲", "A 嗯", "A 乙", "A 丙"], "hit", [(3, "步骤“b”离前一步超过 1 轮")]),
    (NEAR, ["A 甲", "A 嗯", "A 甲", "A 乙", "A 丙"], "miss", []),  # reckoned from the nearest
    (NEAR, ["A 甲", "A 乙", "A 乙", "A 丙"], "hit", [(4, "步骤“c”离前一步超过 1 轮")]),
    ("{steps: [a, {piece: b, optional: true}, c], max_gap: 1}", ["A 甲", "A 乙", "A 丙"], "miss", []),
    (
        "{steps: [a, {piece: b, optional: true}, c], max_gap: 1}",
        ["A 甲", "A 嗯", "A 丙"],
        "hit",
        [(3, "步骤“c”离前一步超过 1 轮")],
    ),
]


@pytest.mark.parametrize(("flow", "lines", "verdict", "notes"), TABLE)
def test_table(judged, flow, lines, verdict, notes):
    result = judged(PIECES.format(flow), lines)
    assert result.verdict == verdict
    assert [(hit.turn, hit.note) for hit in result.hits] == notes


UNCERTAIN = [
    (ABC, ["A 甲 ~0.9", "C 乙 ~0.1", "A 丙 ~0.9"], "undecided", [(2, "步骤“b”不能确定")]),
    (ABC, ["A 甲 ~0.9", "C 乙 ~0.1", "A 嗯 ~0.9"], "hit", [(2, "缺少步骤“c”")]),  # missing whatever turn 2 was
    (ABC, ["A 乙 ~0.1", "C 甲 ~0.9", "A 丙 ~0.9"], "hit", [(1, "步骤“b”的次序不对")]),  # out of order or not there
    (ABC, ["A 甲 ~0.9", "C 乙 ~0.1", "A 乙 ~0.9", "A 丙 ~0.9"], "miss", []),
    (OPTIONAL, ["A 甲 ~0.9", "A 乙 ~0.1", "A 丙 ~0.9"], "miss", []),  # kept, said or not
    (OPTIONAL, ["A 乙 ~0.1", "A 甲 ~0.9", "A 丙 ~0.9"], "undecided", [(1, "步骤“说明”不能确定")]),
    (BRANCH, ["A 甲 ~0.9", "A 丁 ~0.1", "A 丙 ~0.9"], "undecided", [(2, "步骤“核验”不能确定")]),
    (BRANCH, ["A 甲 ~0.9", "A 丁 ~0.1", "A 乙 ~0.9", "A 丙 ~0.9"], "miss", []),
    (
        "{steps: [a, {piece: b, optional: true}, c], max_gap: 1}",
        ["A 甲 ~0.9", "A 乙 ~0.1", "A 丙 ~0.9"],
        "undecided",  # 丙 is near enough only when 乙 was said
        [(2, "步骤“b”不能确定")],
    ),
]


@pytest.mark.parametrize(("flow", "lines", "verdict", "notes"), UNCERTAIN)
def test_uncertain_places(judged, flow, lines, verdict, notes):
    result = judged(PIECES.format(flow), lines)
    assert result.verdict == verdict
    assert [(hit.turn, hit.note) for hit in result.hits] == notes


def test_a_step_that_cannot_be_decided(judged):
    find = "a: {keyword: 甲}\nslow: {silence: {min_s: 3}}\nc: {keyword: 丙}\np: {flow: {steps: [a, slow, c]}}"
    result = judged(find, ["A 甲", "C 丙"])
    assert result.verdict == "undecided"
    assert result.finding.reason == "步骤“slow”不能确定：会话没有时间信息"
    assert judged(find, ["A 甲", "C 嗯"]).verdict == "hit"  # 丙 is missing anyway
    assert judged(find, ["A 丙", "C 甲"]).verdict == "hit"
    assert judged(find, ["A 甲 @0-1", "C 丙 @5-6"]).verdict == "miss"


def test_the_message_names_the_steps(judged):
    flow = PIECES.format("{steps: [a, {piece: b, title: 核验身份}, {piece: c, title: 确认}]}")
    result = judged(flow, ["A 甲"], message="缺 {step}")
    assert result.finding.message == "缺 核验身份、确认"


def test_only_what_lies_in_the_frame_counts(judged):
    flow = PIECES.format("{steps: [a, b]}, range: '1..2'")
    assert judged(flow, ["A 甲", "C 嗯", "A 乙"]).verdict == "hit"
    assert judged(flow, ["A 甲", "C 乙", "A 嗯"]).verdict == "miss"
