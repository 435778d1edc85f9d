from __future__ import annotations

import pytest

PIECES = (
    "q: {{keyword: 电价, speaker: customer}}\ngood: {{keyword: 五毛, speaker: agent}}\n"
    "bad: {{keyword: 六毛, speaker: agent}}\np: {{answer_after_question: {}}}"
)
BOTH = "{question: q, accepted: good, wrong: bad}"
GOOD = "{question: q, accepted: [good]}"
BAD = "{question: q, wrong: [bad], turns: 2}"
UNANSWERED, WRONG = "第 1 轮的问题没有按要求回答", "第 1 轮的问题答错了"
TABLE = [
    (BOTH, ["C 电价", "A 五毛"], "miss", []),
    (BOTH, ["C 电价", "A 六毛"], "hit", [(2, "六毛", WRONG)]),
    (BOTH, ["C 电价", "A 五毛，哦不，六毛"], "hit", [(2, "六毛", WRONG)]),
    (BOTH, ["C 电价", "A 不清楚"], "hit", [(2, "不清楚", UNANSWERED)]),
    (BOTH, ["C 电价", "C 喂", "A 不清楚"], "hit", [(3, "不清楚", UNANSWERED)]),
    (BOTH, ["A 五毛", "C 电价", "A 不清楚"], "hit", [(3, "不清楚", "第 2 轮的问题没有按要求回答")]),
    (BOTH, ["C 您好", "A 六毛"], "miss", []),  # nobody asked
    (BOTH, ["A 您好", "C 电价"], "miss", []),  # nobody answered
    (GOOD, ["C 电价", "A 六毛"], "hit", [(2, "六毛", UNANSWERED)]),
    (GOOD, ["C 电价", "A 嗯", "C 啊", "A 五毛"], "miss", []),
    (GOOD, ["C 电价", "A 嗯", "C 啊", "A 哦", "A 五毛"], "hit", [(2, "嗯", UNANSWERED)]),  # too late
    (BAD, ["C 电价", "A 不清楚"], "miss", []),
    (BAD, ["C 电价", "A 嗯", "A 六毛"], "hit", [(3, "六毛", WRONG)]),
    (BAD, ["C 电价", "A 嗯", "A 好", "A 六毛"], "miss", []),
    (GOOD, ["C 电价 ~0.9", "A 五毛 ~0.1"], "undecided", [(2, "五毛", UNANSWERED)]),
    (BOTH, ["C 电价 ~0.9", "A 五毛 ~0.1"], "undecided", []),  # the wrong answer may have been given just as well
    (BOTH, ["C 电价 ~0.9", "A 六毛 ~0.1", "A 五毛 ~0.9"], "undecided", [(2, "六毛", WRONG)]),
    (BOTH, ["C 电价 ~0.1", "A 六毛 ~0.9", "C 嗯 ~0.9"], "undecided", [(2, "六毛", WRONG)]),
    (BOTH, ["C 电价", "U 不清楚", "A 嗯", "A 好", "A 好"], "hit", [(2, "不清楚", UNANSWERED)]),
    (BOTH, ["C 电价", "U 五毛"], "undecided", [(2, "五毛", UNANSWERED)]),
    (BOTH, [], "miss", []),
]


@pytest.mark.parametrize(("answer", "lines", "verdict", "hits"), TABLE)
def test_table(judged, answer, lines, verdict, hits):
    result = judged(PIECES.format(answer), lines)
    assert (result.verdict, [(h.turn, h.text, h.note) for h in result.hits]) == (verdict, hits)


def test_each_question_counts(judged):
    twice = PIECES.format(BOTH + ", count: {min: 2}")
    assert judged(twice, ["C 电价", "A 六毛", "C 嗯", "C 嗯", "C 电价", "A 六毛"]).verdict == "hit"
    assert judged(twice, ["C 电价", "A 六毛，六毛"]).verdict == "miss"


def test_an_answer_that_cannot_be_decided(judged):
    find = "q: {keyword: 电价}\nslow: {silence: {min_s: 3}}\np: {answer_after_question: {question: q, accepted: slow}}"
    result = judged(find, ["C 电价", "A 嗯"])
    assert (result.verdict, result.finding.reason) == ("undecided", "片段 slow 不能确定：会话没有时间信息")
    assert judged(find, ["C 您好", "A 嗯"]).verdict == "miss"
