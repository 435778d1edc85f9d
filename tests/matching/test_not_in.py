from __future__ import annotations

import pytest

TABLE = [
    ("{term: 信用, unless_part_of: 信用卡}", "我的信用好吗", ["信用"]),
    ("{term: 信用, unless_part_of: 信用卡}", "我的信用卡呢", []),
    ("{term: 信用, unless_part_of: 信用卡}", "信用卡影响信用", ["信用"]),
    ("{term: 信用, unless_part_of: [信用卡, 个人信用]}", "个人信用和信用卡", []),
    ("{term: 信用, unless_part_of: 讲信用}", "不讲信用", []),  # in front of it, too
    ("{term: [信用, 信用分], unless_part_of: 信用卡}", "信用分", ["信用分"]),  # the longest term, once
    ("{term: 停电, unless_part_of: [不停电, 停电话]}", "停电，不停电作业，停电话机", ["停电"]),
    ("{term: 用卡, unless_part_of: 信用卡}", "信用卡套，用卡安全", ["用卡"]),
    ("{term: 保本, unless_part_of: 保本金}", "保 本金，保本", ["保本"]),  # a pause in the longer word
    ("{term: 24小时, unless_part_of: 24小时内}", "二十四小时内，二十四小时", ["二十四小时"]),
    ("{term: 工号, unless_part_of: 工号牌, robust: pinyin}", "公号牌，公号1025", ["公号"]),
    ("{term: 工号, unless_part_of: 工号牌}", "公号1025", []),
    ("{term: 信用, unless_part_of: {lexicon: lex}}", "信用社，信用", ["信用"]),
    ("{term: app, unless_part_of: app store}", "App Store里的APP", ["APP"]),
]


@pytest.mark.parametrize(("operator", "said", "texts"), TABLE)
def test_table(judged, operator, said, texts):
    from qc.domain.rule import Word

    result = judged(f"p: {{not_in: {operator}}}", f"C {said}", words=[Word(text="信用社")])
    assert (result.verdict, result.texts) == ("hit" if texts else "miss", texts)


def test_frames(judged):
    operator = "not_in: {term: 信用, unless_part_of: 信用卡}"
    assert judged(f"p: {{{operator}, joined: true}}", ["C 信用", "C 卡"]).verdict == "miss"
    assert judged(f"p: {{{operator}, speaker: agent}}", ["C 信用"]).verdict == "miss"
    assert judged(f"p: {{{operator}, count: {{min: 2}}}}", ["C 信用，信用卡，信用"]).verdict == "hit"
    [hit] = judged("p: {not_in: {term: 工号, unless_part_of: 工号牌, robust: pinyin}}", "C 公号").hits
    assert hit.note == "疑似同音：公号→工号"
