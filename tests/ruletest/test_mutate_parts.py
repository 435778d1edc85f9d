"""What is changed in a rule to make a mutant: expressions, sentences, parameters."""

from __future__ import annotations

import pytest

from qc.domain import operators as op
from qc.domain import sentence
from qc.domain.conversation import Role
from qc.domain.rule import Anchor, AnchorRelation, Which
from qc.ruletest.mutate_regex import without_alternatives
from qc.ruletest.mutate_sentence import changed
from qc.ruletest.mutate_value import shifts
from qc.text.regex import compile_pattern

ALTERNATIVES = [
    ("甲|乙|丙", ["乙|丙", "甲|丙", "甲|乙"]),
    ("(甲|乙)丙", ["(乙)丙", "(甲)丙"]),
    ("(?:甲|乙)", ["(?:乙)", "(?:甲)"]),  # one group in whole: its alternatives are the expression's
    ("(?i:a|b)c", ["(?i:b)c", "(?i:a)c"]),
    ("(甲|乙)?丙", []),  # an optional group
    ("(甲|乙)*丙|丁", ["丁", "(甲|乙)*丙"]),
    ("(甲|乙){0,3}丙", []),
    ("(甲|乙){1,3}丙", ["(乙){1,3}丙", "(甲){1,3}丙"]),
    ("[甲|乙]", []),
    ("[]|]甲|乙", ["乙", "[]|]甲"]),
    ("[^]|]甲|乙", ["乙", "[^]|]甲"]),
    ("[[:alpha:]|]甲|乙", ["乙", "[[:alpha:]|]甲"]),
    (r"甲\|乙|丙", ["丙", r"甲\|乙"]),
    (r"\Q甲|乙\E|丙", ["丙", r"\Q甲|乙\E"]),
    (r"[\]|]甲|乙", ["乙", r"[\]|]甲"]),
    ("((甲|乙)丙|丁)戊", ["(丁)戊", "((甲|乙)丙)戊"]),  # groups directly in the expression only
    ("甲", []),
    ("", []),
]


@pytest.mark.parametrize(("pattern", "wanted"), ALTERNATIVES)
def test_each_alternative_is_left_out_once(pattern: str, wanted: list[str]) -> None:
    dropped = list(without_alternatives(pattern))
    assert [d.pattern for d in dropped] == wanted
    for one in dropped:
        compile_pattern(one.pattern, by_turn=True)


def test_alternatives_of_the_whole_are_told_from_those_of_groups() -> None:
    assert [(d.alternative, d.whole) for d in without_alternatives("(甲|乙)丙|丁")] == [
        ("(甲|乙)丙", True),
        ("丁", True),
        ("甲", False),
        ("乙", False),
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a", []),
        ("not a", ["a"]),
        ("a and b", ["a or b", "b", "a"]),
        ("a or b", ["a and b", "b", "a"]),
        ("a and not b", ["a or not b", "not b", "a", "a and b"]),
        ("2 of (a, b, c)", ["1 of (a, b, c)", "3 of (a, b, c)", "2 of (b, c)", "2 of (a, c)", "2 of (a, b)"]),
        (
            "a and (b or c)",
            ["a or (b or c)", "b or c", "a", "a and (b and c)", "a and c", "a and b"],
        ),
    ],
)
def test_sentences_change_in_one_place(text: str, wanted: list[str]) -> None:
    assert [sentence.show(other) for other, _ in changed(sentence.parse(text))] == wanted


def told(owner: object) -> list[str]:
    return [shift.what for shift in shifts(owner)]


def test_numbers_move_by_a_quarter_and_stay_possible() -> None:
    assert told(op.Silence(min_s=8.0)) == ["把 min_s 从 8 改成 10", "把 min_s 从 8 改成 6"]
    assert told(op.TurnCount(min=1)) == ["把 min 从 1 改成 2"]
    assert told(op.RoleIs(turn=-1, role=(Role.AGENT,))) == ["把 turn 从 -1 改成 -2"]
    assert told(op.TurnCount(max=0)) == ["把 max 从 0 改成 1"]
    assert told(op.Topic(any=("a.b",), min_share=0.4)) == [
        "把 min_share 从 0.4 改成 0.5",
        "把 min_share 从 0.4 改成 0.3",
    ]


def test_what_was_not_written_is_left_alone() -> None:
    assert told(op.Interrupt()) == []
    assert told(op.Interrupt(min_overlap_s=2.0)) == ["把 min_overlap_s 从 2 改成 3", "把 min_overlap_s 从 2 改成 1"]


def test_choices_go_back_to_their_default_and_lists_lose_an_element() -> None:
    assert told(op.Keyword(words=op.Words(), mode=op.Mode.ALL)) == ["把 mode 从 all 改成 any"]
    assert told(op.EntitySpan(types=("mobile", "email"), valid_only=True)) == [
        "从 type 里去掉“mobile”",
        "从 type 里去掉“email”",
        "去掉 valid_only",
    ]
    anchor = Anchor(relation=AnchorRelation.AFTER, piece="p", turns=3, which=Which.FIRST)
    assert told(anchor)[-1] == "把 which 从 first 改成 any"


def test_steps_are_called_what_people_call_them() -> None:
    steps = (op.Step(pieces=("greet",), title="问候"), op.Step(pieces=("card", "phone"), title="核验"))
    said = [shift.what for shift in shifts(op.Flow(steps=steps))]
    assert said == ["从 steps 里去掉“问候”", "从 steps 里去掉“核验”", "从 any 里去掉“card”", "从 any 里去掉“phone”"]


def test_the_missing_case_lies_between_the_values() -> None:
    assert [shift.case for shift in shifts(op.Silence(min_s=8.0))] == [
        "刚好落在 8 与 10 之间",
        "刚好落在 6 与 8 之间",
    ]
