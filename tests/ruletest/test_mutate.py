"""Mutation testing: a test that pins a part of a rule kills its mutants; where there is none, it is named."""

from __future__ import annotations

import json

import pytest

from qc.domain.operators import OPERATORS
from qc.matching.signals import NO_SIGNALS
from qc.ruletest.examples import examples
from qc.ruletest.mutate import mutate
from qc.ruletest.mutate_report import as_json, gate, lines
from qc.specs.rules import load_rules

RULE = """\
id: a.b
title: 承诺
severity: low
scope: {channels: [voice_inbound], speaker: agent}
find:
  promise: {keyword: [保本, 保息]}
  negated: {regex: '不(保本|保息)'}
when: promise and not negated
message: 命中
tests:
  - {name: 保本, expect: hit, turns: [{agent: 保本}]}
  - {name: 不保本, expect: miss, turns: [{agent: 不保本}]}
"""
REST = """\
  - {name: 保息, expect: hit, turns: [{agent: 保息}]}
  - {name: 不保息, expect: miss, turns: [{agent: 不保息}]}
  - {name: 客户说, expect: miss, turns: [{customer: 保本}, {agent: 好}]}
  - {name: 客户说不, expect: hit, turns: [{customer: 不保本}, {agent: 保本}]}
"""


def mutated(write, text, **options):
    pack = load_rules([write("a/b.yml", text)])
    return mutate(pack, lambda shard, need: NO_SIGNALS, confidence_floor=0.35, **options)


def missed(report):
    return [s.what for s in report.rules[0].survivors]


def test_a_missing_test_is_named_at_its_place(write):
    report = mutated(write, RULE)
    [rule] = report.rules
    survivor = next(s for s in rule.survivors if "保息" in s.what and "词" in s.what)
    assert survivor.sentence == "片段 promise：去掉词“保息”，没有测试发现：请补一个只说“保息”的命中测试。"
    line = RULE.splitlines()[survivor.line - 1]
    assert line[survivor.col - 1 :].startswith("保息")
    assert rule.killed < rule.total
    assert gate(report, 100).passed is False


def test_enough_tests_kill_every_mutant(write):
    report = mutated(write, RULE + REST)
    assert missed(report) == []
    assert report.score == 100.0
    assert gate(report, 100).passed


def test_the_word_a_test_would_need_depends_on_where_its_piece_stands(write):
    text = RULE.replace("negated: {regex: '不(保本|保息)'}", "negated: {keyword: [不保本, 不保息]}")
    survivors = {s.what: s.missing for s in mutated(write, text).rules[0].survivors}
    assert survivors["片段 negated：去掉词“不保息”"] == "请补一个只说“不保息”的未命中测试"
    assert survivors["片段 negated：不管谁说都算（speaker: any）"] == "请补一个由坐席以外的人说同样的话的命中测试"


def test_lexicons_lose_the_words_the_tests_say(write):
    write("_lexicons/w.yml", "id: w\ntitle: 词\nwords: [保本, 保息, 保证收益]\n")
    text = RULE.replace("[保本, 保息]", "{lexicon: w}") + "  - {name: 两个, expect: hit, turns: [{agent: 保息保本}]}\n"
    report = mutated(write, text)
    what = missed(report)
    assert "片段 promise：从词表 w 里去掉“保息”" in what
    assert not any("保证收益" in one for one in what)  # no test says it: other rules' tests may
    assert "片段 promise：从词表 w 里去掉“保本”" not in what


def test_a_frame_is_changed_too(write):
    report = mutated(write, RULE.replace("{keyword: [保本, 保息]}", '{keyword: [保本, 保息], range: "1..2"}'))
    assert {w for w in missed(report) if "range" in w} == {
        "片段 promise：把 range 从 1..2 改成 1..1",
        "片段 promise：把 range 从 1..2 改成 1..3",
    }


@pytest.mark.parametrize(
    ("status", "named", "rules"),
    [("draft", None, 0), ("draft", ["a.b"], 1), ("shadow", None, 1), ("retired", ["a.b"], 0)],
)
def test_which_rules_take_part(write, status, named, rules):
    report = mutated(write, RULE.replace("severity: low", f"severity: low\nstatus: {status}"), rules=named)
    assert len(report.rules) == rules


def test_without_tests_nothing_is_killed(write):
    text = RULE[: RULE.index("tests:")]
    [rule] = mutated(write, text).rules
    assert rule.killed == 0
    assert rule.total > 5
    assert rule.score == 0


def test_long_lists_are_sampled_tested_words_first(write):
    words = "、".join(f"词{chr(0x4E00 + n)}" for n in range(30)).split("、")
    text = RULE.replace("[保本, 保息]", "[" + ", ".join([*words, "保本"]) + "]")
    dropped = [s for s in missed(mutated(write, text)) if "去掉词“" in s]
    assert len(dropped) == 7  # 保本 is said by a test, and comes first
    everything = [s for s in missed(mutated(write, text, most=1000)) if "去掉词“" in s]
    assert len(everything) == 30


@pytest.mark.parametrize("key", [operator.key for operator in OPERATORS])
def test_every_operator_has_mutants_and_its_example_kills_some(write, text_stage, key):
    pack = load_rules([write(f"example/{key}.yml", examples()[key])])
    [rule] = mutate(pack, text_stage, confidence_floor=0.35, most=1000).rules
    assert rule.killed >= 1
    assert all(s.line > 1 for s in rule.survivors)


def test_reports_say_the_same(write):
    report = mutated(write, RULE)
    said = list(lines(report))
    data = json.loads(as_json(report))
    assert said[0] == f"a.b：{report.killed}/{report.total}，得分 {report.score:.0f}"
    assert data["total"] == report.total
    assert len(data["rules"][0]["survivors"]) == report.total - report.killed == len(said) - 2
    result = gate(report, 50)
    assert len(result.annotations) == (0 if report.score >= 50 else len(said) - 2)
    assert "a.b" in result.markdown
