from __future__ import annotations

import pytest

from qc.domain.conversation import Channel
from qc.domain.finding import Verdict
from qc.matching.signals import NO_SIGNALS, Need
from qc.ruletest.inline import conversation_of, run_tests
from qc.specs.rules import load_rules

RULE = """\
id: a.b
title: 投诉
severity: low
status: draft
scope: {projects: [保险, 电商], channels: [chat, voice_outbound]}
find: {p: {keyword: 投诉, speaker: customer}}
when: p
message: 第 {turn} 轮
tests:
  - {name: 对, expect: hit, turns: [{customer: 投诉}]}
  - {name: 错, expect: hit, turns: [{agent: 投诉}]}
  - {name: 听不清, expect: undecided, turns: [{customer: 投诉, confidence: 0.1}]}
  - {name: 别的项目, expect: na, project: "95598", turns: [{customer: 投诉}]}
  - {name: 聊天, expect: miss, channel: chat, audio_channels: 1, turns: []}
"""


def nothing(shard, need):
    assert need == Need.NOTHING
    return NO_SIGNALS


def test_outcomes(write):
    pack = load_rules([write("a/b.yml", RULE)])
    found = run_tests(pack, nothing, confidence_floor=0.35)
    assert [(o.test.name, o.verdict.value, o.passed) for o in found] == [
        ("对", "hit", True),
        ("错", "miss", False),
        ("听不清", "undecided", True),
        ("别的项目", "not_applicable", True),
        ("聊天", "miss", True),
    ]
    assert found[0].finding.message == "第 1 轮"
    assert found[1].finding is None
    assert "置信度" in found[2].finding.reason


def test_tests_of_one_rule_do_not_see_those_of_another(write):
    write("a/b.yml", RULE)
    pack = load_rules([write("a/c.yml", RULE.replace("a.b", "a.c").replace("keyword: 投诉", "keyword: 退保"))])
    found = run_tests(pack, nothing, confidence_floor=0.35)
    assert [o.verdict for o in found if o.rule.id == "a.c"][:2] == [Verdict.MISS, Verdict.MISS]
    assert len(run_tests(pack, nothing, confidence_floor=0.35, rules=["a.c"])) == 5


def test_retired_rules_are_left_out(write):
    pack = load_rules([write("a/b.yml", RULE.replace("draft", "retired"))])
    assert run_tests(pack, nothing, confidence_floor=0.35) == []


def test_a_test_takes_project_and_channel_from_the_scope(write):
    rule = load_rules([write("a/b.yml", RULE)]).rules[0]
    voice = conversation_of(rule, rule.tests[0], "x")
    assert (voice.project, voice.channel, voice.source.audio_channels) == ("保险", Channel.VOICE_OUTBOUND, 2)
    chat = conversation_of(rule, rule.tests[4], "x")
    assert (chat.channel, chat.source.audio_channels) == (Channel.CHAT, None)


@pytest.mark.parametrize(
    ("stated", "expect"),
    [
        ("{label: negative, level: 4, component: anger}", Verdict.HIT),
        ("{label: negative, component: anger}", Verdict.HIT),
        ("{label: negative, level: 2, component: anger}", Verdict.MISS),
        ("{label: negative, level: 4, component: anxiety}", Verdict.MISS),
        ("{label: negative, level: 4}", Verdict.MISS),
        ("{label: positive, level: 5}", Verdict.MISS),
        ("{label: neutral, level: 5}", Verdict.MISS),
    ],
)
def test_an_emotion_can_be_stated_with_a_turn(write, text_stage, stated, expect):
    folder = write(
        "t/felt.yml",
        "id: t.felt\ntitle: 客户愤怒\nseverity: low\n"
        "find:\n  angry: {emotion: {label: negative, component: anger, min_level: 3}, speaker: customer}\n"
        "when: angry\nmessage: 第 {turn} 轮客户愤怒\ntests:\n"
        f"  - {{name: 说定的, expect: hit, turns: [{{agent: 您好}}, {{customer: 今天天气不错, emotion: {stated}}}]}}\n"
        "  - {name: 没有说定, expect: miss, turns: [{agent: 您好}, {customer: 今天天气不错}]}\n",
    )
    first, second = run_tests(load_rules([folder]), text_stage, confidence_floor=0.35)
    assert (first.verdict, second.verdict) == (expect, Verdict.MISS)
