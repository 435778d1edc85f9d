from __future__ import annotations

import pytest

TABLE = [
    ("{turn: 1, role: agent}", ["A 您好", "C 你好"], "hit", [1]),
    ("{turn: 1, role: agent}", ["C 喂", "A 您好"], "miss", []),
    ("{turn: 1, role: [agent, bot]}", ["B 您好"], "hit", [1]),
    ("{turn: -1, role: customer}", ["A 再见", "C 再见"], "hit", [2]),
    ("{turn: -1, role: customer}", ["C 再见", "A 再见"], "miss", []),
    ("{turn: -2, role: customer}", ["C 再见", "A 再见"], "hit", [1]),
    ("{turn: 3, role: agent}", ["A 一", "A 二"], "miss", []),
    ("{turn: 1, role: agent}", ["U 喂"], "undecided", [1]),
    ("{turn: 2, role: agent}", ["U 喂", "A 您好"], "hit", [2]),
    ("{turn: 1, role: agent}", [], "miss", []),
    # nobody may have spoken in the first turn
    ("{turn: 1, role: agent}", ["C 谢谢观看 ~0", "A 您好"], "undecided", [2]),
    ("{turn: 1, role: agent}", ["A 谢谢观看 ~0", "A 您好"], "hit", [2]),
    ("{turn: 1, role: bot}", ["A 谢谢观看 ~0", "A 您好"], "miss", []),
    ("{turn: 1, role: agent}", ["A 谢谢观看 ~0"], "undecided", [1]),
    ("{turn: -1, role: agent}", ["A 再见", "C 谢谢观看 ~0"], "undecided", [1]),
]


@pytest.mark.parametrize(("role_is", "lines", "verdict", "turns"), TABLE)
def test_table(judged, role_is, lines, verdict, turns):
    result = judged(f"p: {{role_is: {role_is}}}", lines)
    assert (result.verdict, result.turns) == (verdict, turns)


def test_what_was_heard_badly_was_still_said_by_somebody(judged):
    assert judged("p: {role_is: {turn: 1, role: agent}}", ["A 您好 ~0.1"]).verdict == "hit"
