from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qc.domain.conversation import Channel
from qc.domain.finding import Verdict
from qc.domain.rule import RuleStatus, Scope
from qc.errors import UsageError
from qc.matching.findings import MAX_HITS, clock
from qc.matching.judge import VERDICTS, judge
from qc.matching.signals import NO_SIGNALS
from qc.text.shard import Shard

AB = "a: {keyword: 甲}\nb: {keyword: 乙}"
SENTENCES = [
    ("a and not b", ["C 甲"], "hit"),
    ("a and not b", ["C 甲乙"], "miss"),
    ("a and not b", ["C 甲", "C 乙 ~0.1"], "undecided"),
    ("a and b", ["C 甲 ~0.1", "C 丙"], "miss"),  # the unclear word makes no difference
    ("a or b", ["C 甲", "C 乙 ~0.1"], "hit"),
    ("any of (a, b)", ["C 乙"], "hit"),
    ("all of (a, b)", ["C 乙"], "miss"),
    ("2 of (a, b, not a)", ["C 乙"], "hit"),
    ("not not a", ["C 甲"], "hit"),
]


@pytest.mark.parametrize(("when", "lines", "verdict"), SENTENCES)
def test_sentences(judged, when, lines, verdict):
    assert judged(AB, lines, when=when).verdict == verdict


GIVEN = [
    (["C 甲", "C 乙"], "hit"),
    (["C 乙"], "not_applicable"),
    (["C 甲"], "miss"),
    (["C 甲 ~0.1", "C 乙"], "undecided"),
]


@pytest.mark.parametrize(("lines", "verdict"), GIVEN)
def test_given(judged, lines, verdict):
    assert judged(AB, lines, when="b", given="a").verdict == verdict


def test_an_empty_range_matters_only_where_the_sentence_hangs_on_it(judged):
    find = "a: {keyword: 甲}\nb: {keyword: 乙, speaker: bot, on_empty: na}"
    assert judged(find, ["C 甲"], when="a and b").verdict == "not_applicable"
    assert judged(find, ["C 丙"], when="a and b").verdict == "miss"
    assert judged(find, ["C 甲"], when="a or b").verdict == "hit"
    assert judged(find, ["C 甲"], when="a", given="b").verdict == "not_applicable"


def test_scope(judged):
    for scope, verdict in (
        (Scope(projects=frozenset({"95598"}), channels=frozenset({Channel.VOICE_INBOUND})), "hit"),
        (Scope(projects=frozenset({"保险"})), "not_applicable"),
        (Scope(channels=frozenset({Channel.CHAT})), "not_applicable"),
    ):
        assert judged(AB, ["C 甲"], when="a", scope=scope).verdict == verdict


def test_where_every_input_failed_there_is_nothing_to_judge(judged):
    scope = Scope(projects=frozenset({"95598"}), channels=frozenset({Channel.CHAT}))
    rule = replace(judged.rule("p: {keyword: 甲}"), scope=scope)
    assert judge(judged.compiled([rule]), Shard([]), NO_SIGNALS).verdicts.shape == (1, 0)


def test_evidence_is_of_the_pieces_that_speak_for_the_verdict(judged):
    result = judged(AB, ["C 甲", "C 甲 ~0.1"], when="a and not b")
    assert [(h.piece, h.turn) for h in result.hits] == [("a", 1)]  # no unclear words as evidence of a hit
    assert result.finding.pieces == ("a",)
    result = judged(AB, ["C 甲", "C 甲乙 ~0.1"], when="a and not b")
    assert [(h.piece, h.turn) for h in result.hits] == [("a", 1), ("b", 2)]
    result = judged("a: {keyword: 甲, count: {min: 2}}", ["C 甲"], when="not a")
    assert result.texts == ["甲"]  # one is not two: that is what to show
    assert judged(AB, ["C 甲"], when="not b", given="a").texts == ["甲"]


MESSAGES = [
    ("第 {turn} 轮 {start} 说“{text}”，共 {count} 次", "第 2 轮 00:08 说“甲”，共 2 次"),
    ("{value} {other} {text.__class__} {0} {} {", "— {other} {text.__class__} {0} {} {"),
]


@pytest.mark.parametrize(("message", "filled"), MESSAGES)
def test_messages(judged, message, filled):
    lines = ["C 乙 @0-4", "C 丙甲 @6-10", "C 甲 @20-22"]
    assert judged(AB, lines, when="a", message=message).finding.message == filled


def test_measured_values_read_well(judged):
    message = judged("p: {silence: {min_s: 5}}", ["A 一 @0-2", "A 二 @14.4-15"], message="{value}").finding.message
    assert message == "12.4"
    assert (clock(187_999), clock(3_723_000)) == ("03:07", "1:02:03")


def test_statuses(judged):
    rules = [replace(judged.rule(AB, when="a"), id=status.value, status=status) for status in RuleStatus]
    assert [r.rule.id for r in judged.compiled(rules).rules] == ["shadow", "stable"]


@pytest.mark.parametrize(
    ("find", "when", "given", "said"),
    [
        (AB, "a and", None, "有误"),
        (AB, "a and c", None, "没有名为 c 的片段"),
        (AB, "a", "c", "没有名为 c 的片段"),
        ("a: {keyword: {lexicon: lex}}", "a", None, "找不到词表 lex"),
        ("a: {keyword: 甲, after: {piece: b}}\nb: {keyword: 乙, after: {piece: a}}", "a", None, "绕成了圈"),
        ("a: {keyword: 甲, after: {piece: c}}", "a", None, "没有名为 c 的片段"),
    ],
)
def test_what_cannot_be_judged_is_refused_by_name(judged, find, when, given, said):
    with pytest.raises(UsageError, match=said):
        judged.compiled([judged.rule(find, when=when, given=given)])


HOSTILE = [
    [],
    ["C "],
    ["C   "],
    ["C \ud800甲\udfff"],
    ["C 😀甲" + "👨‍👩‍👧" * 3],
    ["C 甲\n乙\r\n\x00甲"],
    ["C \ue000甲\ue000"],
    ["C " + "甲" * 100_000],
    ["C " + "甲，" * 50_000, "A " + "乙" * 100_000],
]
EVERYTHING = """\
a: {keyword: [甲, 甲甲, 你好], count: {min: 1}}
b: {regex: {pattern: '甲.?', except: '乙'}, in_clause: true}
c: {near: {a: 甲, b: 乙, within: 5}, joined: true}
d: {silence: {min_s: 1}}
e: {speed: {max: 1, over: average}}
f: {interrupt: {}, speaker: agent}
g: {keyword: {all: [甲, 乙]}, all_turns: true, range: "1..-1"}
h: {turn_count: {min: 1}}
i: {keyword: 甲, around: {piece: a, turns: 2, which: each}}
j: {regex: '甲', window: {last_percent: 50}, negate: true}"""


@pytest.mark.parametrize("lines", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_conversations(judged, lines):
    shard = Shard([judged.conversation(lines), judged.conversation([]), judged.conversation(["C 甲"])])
    made = judged.compiled([judged.rule(EVERYTHING, when=" or ".join("abcdefghij"))])
    judgement = judge(made, shard, NO_SIGNALS)
    for finding in judgement.findings[0]:
        assert len(finding.hits) <= MAX_HITS * 10
        for hit in finding.hits:
            if hit.turn is not None and hit.char_start is not None:
                assert hit.text == shard.turns[hit.turn - 1].text[hit.char_start : hit.char_end]


def test_an_empty_shard(judged):
    made = judged.compiled([judged.rule(EVERYTHING, when=" or ".join("abcdefghij"))])
    judgement = judge(made, Shard([]), NO_SIGNALS)
    assert judgement.findings == ()
    assert judgement.verdicts.shape == (1, 0)


def test_no_rules(judged):
    assert judge(judged.compiled([]), Shard([judged.conversation(["C 甲"])]), NO_SIGNALS).findings == ((),)


_TURN = st.builds(
    lambda role, text, at, length, sure: f"{role} {text} @{at}-{at + length} ~{sure}",
    st.sampled_from("ACU"),
    st.text(alphabet="甲乙丙，。a", max_size=6),
    st.integers(0, 60),
    st.integers(0, 9),
    st.sampled_from([0, 0.2, 0.9]),
)


@settings(max_examples=25, deadline=None)
@given(calls=st.lists(st.lists(_TURN, max_size=6), min_size=1, max_size=5), cut=st.integers(0, 5))
def test_a_conversation_is_judged_the_same_in_any_company(judged, calls, cut):
    rules = [
        judged.rule(EVERYTHING, when=name, identifier=f"t.{name}", message="{turn} {text} {value} {count}")
        for name in "abcdefghij"
    ]
    made = judged.compiled(rules)
    conversations = [judged.conversation(lines, identifier=str(i)) for i, lines in enumerate(calls)]
    together = judge(made, Shard(conversations), NO_SIGNALS)
    parts = [judge(made, Shard(part), NO_SIGNALS) for part in (conversations[:cut], conversations[cut:])]
    assert together.findings == parts[0].findings + parts[1].findings
    assert np.array_equal(together.verdicts, np.concatenate([part.verdicts for part in parts], axis=1))
    backwards = judge(made, Shard(conversations[::-1]), NO_SIGNALS)
    assert backwards.findings[::-1] == together.findings


def test_every_undecided_finding_has_a_reason_and_a_code_its_verdict(judged):
    assert tuple(Verdict) == VERDICTS
    assert judged(EVERYTHING, ["A 甲"], when="d").finding.reason


def test_a_reason_says_each_thing_once(judged):
    find = "p: {keyword: 您好, speaker: agent, window: {first_s: 5}}\nq: {keyword: 再见, window: {last_s: 5}}"
    finding = judged(find, ["U 您好，再见"], when="p and q").finding
    clauses = finding.reason.split("；")
    assert len(clauses) == 2
    assert len(set(clauses)) == 2
