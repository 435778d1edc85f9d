"""Lint of logic, shared patterns and scorecards: what is noted, and what is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from qc.ruletest.lint import lint
from qc.ruletest.lint_cards import lint_cards
from qc.specs.rules import load_rules
from qc.specs.scorecards import read_scorecards

RULE = """\
id: a.NAME
title: 甲
KIND
severity: low
find:
  p: P
  q: Q
when: WHEN
message: 甲
tests:
  - {name: 一, expect: hit, turns: [{agent: 甲}]}
  - {name: 二, expect: miss, turns: [{agent: 乙}]}
"""


def rule(p: str, q: str = "{keyword: 丁}", when: str = "p and q", *, name: str = "b", kind: str = "") -> str:
    text = RULE.replace("NAME", name).replace("P\n", f"{p}\n", 1).replace("Q\n", f"{q}\n", 1)
    return text.replace("WHEN", when).replace("KIND\n", f"{kind}\n" if kind else "")


def codes(root: Path) -> list[tuple[str, str, int, int]]:
    found = lint(load_rules([root]))
    assert all(p.hint for p in found)
    return [(p.code, Path(p.path).name, p.line, p.col) for p in found]


DEAD = [
    ("{keyword: 甲}", "{keyword: 甲}", "p and not q"),
    ("{keyword: [甲, 乙]}", "{keyword: [甲, 乙]}", "p or not q"),
    ("{keyword: 甲}", "{keyword: [甲, 乙]}", "p and not q"),
    ("{keyword: 甲}", "{keyword: 甲, negate: true}", "p and q"),
    ("{keyword: 甲, speaker: agent}", "{keyword: [甲, 乙], speaker: agent, negate: true}", "p and q"),
    ("{turn_count: {min: 9}}", "{turn_count: {min: 5}}", "p and not q"),
    ("{call_duration: {min_s: 60, max_s: 90}}", "{call_duration: {max_s: 100}}", "p and not q"),
    ("{silence: {min_s: 9}}", "{silence: {min_s: 9}}", "not (p or not q)"),
]


@pytest.mark.parametrize(("p", "q", "when"), DEAD)
def test_a_sentence_that_cannot_turn_out_both_ways_because_of_its_pieces(write, p, q, when):
    assert ("R116", "b.yml", 7, 7) in codes(write("a/b.yml", rule(p, q, when)))


@pytest.mark.parametrize(
    ("p", "q", "when"),
    [
        ("{keyword: 甲}", "{keyword: 乙}", "p and not q"),
        ("{keyword: 甲, speaker: agent}", "{keyword: 甲, speaker: customer}", "p and not q"),
        ("{keyword: [甲, 乙]}", "{keyword: 甲}", "p and not q"),
        ("{keyword: {all: [甲]}}", "{keyword: {all: [甲, 乙]}}", "p and not q"),
        ("{keyword: 甲, count: {max: 2}}", "{keyword: [甲, 乙], count: {max: 2}}", "p and not q"),
        ("{keyword: 甲, range: 1..2, on_empty: miss}", "{keyword: 甲, range: 1..3, on_empty: miss}", "p and not q"),
        ("{turn_count: {min: 5}}", "{turn_count: {min: 9}}", "p and not q"),
        # on an empty range both hold
        (
            "{keyword: 甲, range: 1..2, on_empty: hit}",
            "{keyword: 甲, range: 1..2, on_empty: hit, negate: true}",
            "p and q",
        ),
    ],
)
def test_sentences_that_can_turn_out_both_ways(write, p, q, when):
    assert not {code for code, *_ in codes(write("a/b.yml", rule(p, q, when)))} & {"R104", "R116"}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (("", "p and q"), ("", "p and q"), ("R114", "c.yml", 4, 1)),
        (("", "p and q"), ("kind: merit", "p and q"), ("R117", "c.yml", 3, 1)),
        (("", "p and q"), ("", "not (p and q)"), ("R118", "c.yml", 7, 7)),
        (("", "p"), ("kind: merit", "not p"), None),
    ],
)
def test_two_rules_against_each_other(write, one, other, expected):
    write("a/b.yml", rule("{keyword: 甲}", "{keyword: 乙}", one[1], kind=one[0]))
    root = write("a/c.yml", rule("{keyword: 甲}", "{keyword: 乙}", other[1], name="c", kind=other[0]))
    found = [c for c in codes(root) if c[0] in ("R114", "R117", "R118")]
    assert found == ([] if expected is None else [expected])


def test_shared_patterns(write):
    write(
        "_patterns/good.yml", "id: good\ntitle: 一\npattern: 是的|对\ntests: {match: [对啊, ＯＫ], not: [不, 不对]}\n"
    )
    write("_patterns/idle.yml", "id: idle\ntitle: 一\npattern: (甲\n")
    root = write("a/b.yml", rule("{regex: {use: good, pattern: '(乙'}}"))
    assert codes(root) == [
        ("R141", "good.yml", 4, 21),
        ("R141", "good.yml", 4, 35),
        ("R140", "idle.yml", 1, 5),
        ("R130", "idle.yml", 3, 10),
        ("R130", "b.yml", 5, 36),
    ]


def test_a_rule_is_not_blamed_for_the_pattern_it_names(write):
    write("_patterns/bad.yml", "id: bad\ntitle: 一\npattern: '退,保|退(保'\n")
    root = write("a/b.yml", rule("{regex: {use: bad}}", "{regex: {use: bad, pattern: 乙, except_use: bad}}"))
    assert codes(root) == [("R130", "bad.yml", 3, 16)]


def test_a_large_expression_is_told_where_it_is_put_together(write):
    write("_patterns/big.yml", "id: big\ntitle: 一\npattern: 甲.{0,600}乙\n")
    root = write("a/b.yml", rule("{regex: {use: big, pattern: '丙.{0,600}丁'}}"))
    assert codes(root) == [("R134", "b.yml", 5, 34)]


@pytest.mark.parametrize("words", ["[甲，乙]", "甲、乙", "{any: [甲；乙]}"])
def test_several_words_written_as_one(write, words):
    assert ("R123", "b.yml", 5, 16) in codes(write("a/b.yml", rule(f"{{keyword: {words}}}")))
    root = write("_lexicons/l.yml", "id: l\ntitle: 一\nwords: [好, '甲，乙']\n")
    assert ("R123", "l.yml", 3, 12) in codes(root)


CARD = """\
id: card
title: 甲
version: 1.0.0
pass_mark: 60
grades: [{name: 甲, min: 0}]
bonus_cap: 5
sections:
  - id: s
    title: 甲
    items:
      - {id: one, title: 一, rules: [a.violation], points: 50}
      - {id: two, title: 二, rules: [a.merit], points: 50}
      - {id: three, title: 三, rules: [a.signal], points: 1, effect: award}
      - {id: four, title: 四, if: a.draft, rules: [a.second], points: 1, effect: award}
"""


def test_cards_against_their_rules(write, tmp_path):
    for name, kind in (
        ("violation", ""),
        ("second", ""),
        ("third", ""),
        ("merit", "kind: merit"),
        ("signal", "kind: signal"),
    ):
        root = write(f"a/{name}.yml", rule(f"{{keyword: {name}}}", name=name, kind=kind))
    write("a/draft.yml", rule("{keyword: 戊}", name="draft", kind="status: draft"))
    (tmp_path / "_cards").mkdir()
    (tmp_path / "_cards" / "card.yml").write_text(CARD, encoding="utf-8")
    pack = load_rules([root])
    cards, problems = read_scorecards([tmp_path / "_cards"], {r.id for r in pack.rules})
    assert problems == ()
    found = [(p.code, Path(p.path).name, p.line, p.col, p.level, bool(p.hint)) for p in lint_cards(cards, pack.rules)]
    assert found == [
        ("C030", "card.yml", 12, 37, "warning", True),
        ("C031", "card.yml", 14, 34, "warning", True),
        ("C030", "card.yml", 14, 51, "warning", True),
        ("R119", "third.yml", 1, 5, "warning", True),
    ]
    assert not [p for p in lint_cards(cards, pack.rules, whole=False) if p.code == "R119"]
    assert lint_cards((), pack.rules) == []


def test_the_shipped_rules_and_cards(rules_folder):
    pack = load_rules([rules_folder])
    cards, _ = read_scorecards([rules_folder.parent / "scorecards"], None)
    noted = {p.code for p in (*lint(pack), *lint_cards(cards, pack.rules))}
    assert not noted & {"R104", "R116", "R117", "R118", "R123", "R130", "R134", "R141", "C031"}
