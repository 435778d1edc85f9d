"""Explanations: for each verdict what it hangs on, for each restriction how near a piece came without it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from qc.domain.conversation import CallMeta, Channel
from qc.domain.rule import Lexicon, RulePack, Scope, Truth, Validity, Word
from qc.matching.explain import Explainer
from qc.matching.signals import NO_SIGNALS
from tests.matching.conftest import FLOOR, conversation, rule


def explained(find: str, lines: list[str], *, when: str = "p", given: str | None = None, changes=None, **call):
    made = replace(rule(find, when=when, given=given, message="第 {turn} 轮"), **(changes or {}))
    pack = RulePack(rules=(made,), lexicons=(Lexicon(id="lex", title="", words=(Word(text="词"),)),), digest="")
    explainer = Explainer(pack, conversation(lines, **call), lambda shard, need: NO_SIGNALS, floor=FLOOR)
    [told] = explainer.explain()
    return told


def test_a_hit_shows_every_true_piece():
    told = explained("p: {keyword: 保本}\nq: {keyword: 但是}", ["C 会亏吗", "A 保本"], when="p and not q")
    assert (told.verdict, told.blamed) == ("hit", ("p", "q"))
    assert [(hit.turn, hit.char_start, hit.char_end) for hit in told.stories["p"].hits] == [(2, 0, 2)]
    assert told.stories["q"].truth is Truth.FALSE
    assert told.finding.message == "第 2 轮"


@pytest.mark.parametrize(
    ("when", "blamed"),
    [
        ("a and b and c", ("a",)),  # the first that failed, in the order of the sentence
        ("h and b", ("b",)),
        ("a or b", ("a", "b")),
        ("h and not g", ("g",)),
        ("not (h or a)", ("h",)),
        ("not (h and g)", ("h", "g")),
        ("2 of (a, h, b)", ("a", "b")),
        ("h and (a or not g)", ("a", "g")),
    ],
)
def test_a_miss_hangs_on(when, blamed):
    find = "a: {keyword: 甲}\nb: {keyword: 乙}\nc: {keyword: 丙}\ng: {keyword: 庚}\nh: {keyword: 辛}"
    told = explained(find, ["A 庚辛"], when=when)
    assert (told.verdict, told.blamed) == ("miss", blamed)


RESTRICTIONS = [
    ("p: {keyword: 保本, speaker: agent}", ["C 保本"], "speaker", 1, ""),
    ("p: {keyword: 保本, range: '1..2'}", ["A 一", "A 二", "A 三", "A 保本"], "range", 4, "4 轮中的第 4 轮"),
    ("p: {keyword: 保本, range: '-1'}", ["A 保本", "A 保本", "C 嗯", "A 三"], "range", 2, "3 轮中的第 2 轮"),
    ("p: {keyword: 保本, window: {first_s: 5}}", ["A 嗯 @0-2", "A 保本 @8-9"], "window", 2, ""),
    (
        "p: {keyword: 保本, after: {piece: q, which: each}}\nq: {keyword: 亏}",
        ["C 亏", "A 保本", "C 亏", "C 亏"],
        "after",
        2,
        "片段 q 在第 3 轮的那一处没有，最近的相差 1 轮",
    ),
    (
        "p: {keyword: 保本, after: {piece: q, turns: 1}}\nq: {keyword: 亏}",
        ["C 亏", "A 嗯", "A 保本", "A 保本"],
        "after",
        3,
        "片段 q 最近的命中在第 1 轮，相差 2 轮",
    ),
    ("p: {keyword: 保本, before: {piece: q}}\nq: {keyword: 亏}", ["A 保本"], "before", 1, "片段 q 没有命中"),
    ("p: {keyword: 保本, same_turn: {piece: q}}\nq: {keyword: 亏}", ["C 亏", "A 保本"], "same_turn", 2, "相差 1 轮"),
    ("p: {near: {a: 保本, b: 保息, within: 3}, in_clause: true}", ["A 保本，保息"], "in_clause", 1, ""),
    ("p: {keyword: 保本, count: {min: 2}}", ["A 保本"], "count", 1, "有 1 处"),
    ("p: {keyword: 保本, count: {max: 1}}", ["A 保本保本"], "count", 1, "有 2 处"),
    ("p: {keyword: 保本, all_turns: true}", ["A 保本", "A 嗯"], "all_turns", 1, "1 轮有"),
    ("p: {keyword: 保本, unless: q}\nq: {keyword: 稍等}", ["C 稍等", "A 保本"], "unless", 2, ""),
    ("p: {keyword: {all: [保本, 保息]}}", ["A 保本"], "keyword.all", 1, ""),
    ("p: {keyword: {any: [保本, 保息], at_least: 2}}", ["A 保本"], "keyword.at_least", 1, ""),
    ("p: {regex: {pattern: 保.本, except: 不保.本}}", ["A 不保你本"], "regex.except", 1, "例外匹配到“不保你本”"),
    ("p: {near: {a: 保, b: 本, within: 1}}", ["A 保您的本"], "near.within", 1, ""),
    ("p: {near: {a: 保, b: 本, within: 9, ordered: true}}", ["A 本钱保住"], "near.ordered", 1, ""),
    ("p: {silence: {min_s: 10}}", ["A 嗯 @0-1", "C 喂 @5-6", "A 在 @15.8-16"], "silence.min_s", 3, ""),
    ("p: {speed: {max: 600, min_chars: 2}}", ["A 一二三四五 @0-1", "A 一二三四五六 @2-3"], "speed.max", 2, ""),
    ("p: {repeat: {except: 请问您的户号}}", ["A 请问您的户号", "A 请问您的户号"], "repeat.except", 2, ""),
    ("p: {not_in: {term: 信用, unless_part_of: 信用卡}}", ["A 办信用卡"], "not_in.unless_part_of", 1, ""),
    (
        "p: {similar: {sentences: [请问还有什么可以帮您], min_score: 0.9}}",
        ["A 我帮您看看电费"],
        "similar.min_score",
        1,
        "",
    ),
    ("p: {repeat: {score: 0.9}}", ["A 请问您的户号是多少", "A 请问您的卡号是多少"], "repeat.score", 2, ""),
    (
        "p: {sequence: {steps: [a, b], max_gap: 1}}\na: {keyword: 甲}\nb: {keyword: 乙}",
        ["A 甲", "A 嗯", "A 乙"],
        "sequence.max_gap",
        1,
        "",
    ),
]


@pytest.mark.parametrize(("find", "lines", "key", "turn", "away"), RESTRICTIONS)
def test_what_kept_a_piece_from_hitting(find, lines, key, turn, away):
    told = explained(find, lines)
    assert (told.verdict, told.blamed) == ("miss", ("p",))
    [miss] = told.stories["p"].misses
    assert ([relaxed.key for relaxed in miss.dropped], miss.hit.turn) == ([key], turn)
    assert away in miss.away


def test_the_nearest_of_several():
    told = explained("p: {silence: {min_s: 10}}", ["A 嗯 @0-1", "C 喂 @5-6", "A 在 @15.8-16"])
    [miss] = told.stories["p"].misses
    assert (miss.hit.value, miss.count, miss.dropped[0].wanted) == (9.8, 2, "一段静音至少 10 秒")


def test_measures_of_the_whole_conversation():
    told = explained("p: {call_duration: {min_s: 60}}", ["A 嗯 @0-42"])
    [miss] = told.stories["p"].misses
    assert (miss.hit.turn, miss.hit.value, miss.dropped[0].wanted) == (None, 42, "至少 60 秒")
    told = explained("p: {turn_count: {max: 1}, speaker: agent}", ["A 嗯", "A 嗯"])
    assert [r.key for miss in told.stories["p"].misses for r in miss.dropped] == ["turn_count.max"]


def test_two_restrictions_at_once():
    told = explained(
        "p: {keyword: 保本, speaker: agent, range: '1..1', count: {min: 1, max: 3}}", ["A 嗯", "C 嗯", "C 保本"]
    )
    [miss] = told.stories["p"].misses
    assert [relaxed.key for relaxed in miss.dropped] == ["speaker", "range"]
    assert miss.hit.turn == 3


@pytest.mark.parametrize(
    ("find", "lines", "lacking"),
    [
        ("p: {keyword: [保本, 保息]}", ["A 嗯"], "要找的词：保本、保息"),
        ("p: {keyword: {lexicon: lex}}", ["A 嗯"], "要找的词：词表 lex"),
        ("p: {regex: '保.{0,4}收益'}", ["A 保您的本"], "正则只匹配到前一段：第 1 轮“保您的本”，后面还要 收益"),
        ("p: {regex: '绝对|保[本息]收益'}", ["A 我们保本"], "正则只匹配到前一段：第 1 轮“保本”，后面还要 收益"),
        ("p: {regex: 收益}", ["A 保本"], "没有一轮话符合这个正则"),
        (r"p: {regex: '(绝对|肯定)\(保[)本]{1,2}收益'}", ["A 绝对(保本"], "“绝对(保本”，后面还要 收益"),
        ("p: {meta: {field: satisfaction, le: 2}}", ["A 嗯"], "随录参数 satisfaction 是 5"),
        ("p: {role_is: {turn: -1, role: agent}}", ["A 再见", "C 再见"], "倒数第 1 轮是客户说的"),
        ("p: {role_is: {turn: 5, role: agent}}", ["A 再见"], "会话只有 1 轮"),
        (
            "p: {sequence: {steps: [a, b, c]}}\na: {keyword: 甲}\nb: {keyword: 乙}\nc: {keyword: 丙}",
            ["A 丙", "A 甲", "A 乙"],
            "第 3 步 c 没有跟在 a、b 之后",
        ),
        ("p: {flow: {steps: [a]}}\na: {keyword: 甲}", ["A 甲"], "规定的步骤都做到了"),
        (
            "p: {answer_after_question: {question: a, accepted: b}}\na: {keyword: 甲}\nb: {keyword: 乙}",
            ["A 嗯"],
            "没有人问",
        ),
    ],
)
def test_what_a_piece_lacks(find, lines, lacking):
    told = explained(find, lines, meta=CallMeta(satisfaction=5))
    assert told.stories["p"].lacking.endswith(lacking)


def test_what_should_be_absent_is_shown():
    for find in ("p: {keyword: 保本, negate: true}", "p: {keyword: {none: [保本]}}"):
        told = explained(find, ["A 嗯", "A 保本"])
        assert (told.verdict, [hit.turn for hit in told.stories["p"].hits]) == ("miss", [2])
        assert not told.stories["p"].misses


def test_a_hit_by_absence_tells_the_near_misses_too():
    """The agent did apologise, only too late."""
    told = explained("p: {keyword: 抱歉, range: '1..1', speaker: agent}", ["A 您好", "C 嗯", "A 抱歉"], when="not p")
    assert told.verdict == "hit"
    [miss] = told.stories["p"].misses
    assert (miss.dropped[0].key, miss.hit.turn) == ("range", 3)


def test_excused():
    told = explained("p: {keyword: 保本, unless: q}\nq: {keyword: 稍等}", ["C 稍等", "A 保本"])
    assert (told.finding.excused, told.stories["p"].excused) == (("q",), ("q",))
    assert [hit.turn for hit in told.stories["p"].excused_hits] == [2]


def test_undecided():
    told = explained("p: {keyword: 保本}\nq: {keyword: 嗯}", ["A 保本 ~0.1", "A 嗯 ~0.9"], when="q and p")
    assert (told.verdict, told.blamed) == ("undecided", ("p",))
    assert "置信度低于 0.35" in told.stories["p"].reason
    assert [hit.turn for hit in told.stories["p"].hits] == [1]


@pytest.mark.parametrize(
    ("changes", "call", "keys"),
    [
        ({"scope": Scope(projects=frozenset({"保险"}))}, {}, ["projects"]),
        ({"scope": Scope(channels=frozenset({Channel.CHAT}))}, {}, ["channels"]),
        ({"valid": Validity(first=date(2026, 1, 1))}, {"meta": CallMeta(started_at="2025-12-31T09:00:00")}, ["valid"]),
        ({"valid": Validity(last=date(2026, 1, 1))}, {"meta": CallMeta(started_at="2026-01-02T09:00:00")}, ["valid"]),
    ],
)
def test_outside_of_the_scope(changes, call, keys):
    told = explained("p: {keyword: 保本}", ["A 保本"], changes=changes, **call)
    assert (told.verdict, [part.key for part in told.outside], told.blamed) == ("not_applicable", keys, ())


def test_not_applicable_for_want_of_what_is_given():
    told = explained("p: {keyword: 保本}\ng: {keyword: 理财, speaker: customer}", ["A 理财保本"], given="g")
    assert (told.verdict, told.decided_by, told.blamed) == ("not_applicable", "given", ("g",))
    assert told.stories["g"].misses[0].dropped[0].key == "speaker"


def test_not_applicable_for_an_empty_range():
    find = "p: {keyword: 抱歉, speaker: agent, after: {piece: q}, on_empty: na, negate: true}\nq: {keyword: 久等}"
    told = explained(find, ["C 久等"])
    assert (told.verdict, told.blamed, told.stories["p"].na) == ("not_applicable", ("p",), True)


def test_all_rules_at_once_try_the_first_piece_only():
    rules = (rule("p: {keyword: 保本, speaker: agent}", identifier="a"), rule("p: {keyword: 保息}", identifier="b"))
    pack = RulePack(rules=rules, lexicons=(), digest="")
    explainer = Explainer(pack, conversation(["C 保本保息"]), lambda shard, need: NO_SIGNALS, floor=FLOOR)
    first, second = explainer.explain(thorough=False)
    assert (first.verdict, first.stories["p"].misses[0].dropped[0].key) == ("miss", "speaker")
    assert (second.verdict, second.stories["p"].misses) == ("hit", ())
