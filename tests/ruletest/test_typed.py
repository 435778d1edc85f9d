from __future__ import annotations

import pytest

from qc.domain.conversation import Role
from qc.errors import SpecError
from qc.ruletest.typed import typed_dialogue


def test_lines_and_slashes():
    turns = typed_dialogue("\ufeff坐席：您好。\n\n# 说明\n客户: 我要报修 / 客服：好的\n机器人：请说\n系统：已接入", "t")
    assert [(turn.role, turn.text) for turn in turns] == [
        (Role.AGENT, "您好。"),
        (Role.CUSTOMER, "我要报修"),
        (Role.AGENT, "好的"),
        (Role.BOT, "请说"),
        (Role.SYSTEM, "已接入"),
    ]
    assert all(turn.start_ms is None for turn in turns)


def test_a_slash_within_a_sentence_stays():
    [turn] = typed_dialogue("坐席：1/2 的电费 / 先交", "t")
    assert turn.text == "1/2 的电费 / 先交"


def test_times():
    [first, second] = typed_dialogue("[0-2.5] 坐席：您好\n[12–15秒] 客户：在吗", "t")
    assert [(t.start_ms, t.end_ms) for t in (first, second)] == [(0, 2500), (12000, 15000)]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "一句对话也没有"),
        ("坐席：好\n没有冒号", 2, "看不出是谁说的"),
        ("经理：好", 1, "没有角色“经理”"),
        ("[5-3] 坐席：好", 1, "结束早于开始"),
        ("[1.2.3-4] 坐席：好", 1, "时间不是数字"),
    ],
)
def test_problems(text, line, message):
    with pytest.raises(SpecError) as raised:
        typed_dialogue(text, "talk.txt")
    [problem] = raised.value.problems
    assert (problem.path, problem.line) == ("talk.txt", line)
    assert message in problem.message
    assert problem.hint


def test_every_bad_line_is_told_at_once():
    with pytest.raises(SpecError) as raised:
        typed_dialogue("甲\n坐席：好\n乙", "t")
    assert [problem.line for problem in raised.value.problems] == [1, 3]
