from __future__ import annotations

import pytest

from qc.ruletest.lint import lint
from qc.specs.rules import load_rules

RULE = """\
id: a.b
title: 投诉
severity: low
scope: {channels: [voice_inbound], speaker: customer}
find:
  p: {keyword: [投诉, 举报]}
  q: {regex: '退.{0,3}保'}
when: p and not q
message: 第 {turn} 轮“{text}”
tests:
  - {name: 对, expect: hit, turns: [{customer: 投诉}]}
  - {name: 错, expect: miss, turns: [{agent: 好}]}
"""
P = "  p: {keyword: [投诉, 举报]}"
Q = "  q: {regex: '退.{0,3}保'}"
LINTED = [
    # what is replaced, by what with ‸ at the place shown, code, level, part of the message
    ("{name: 对, expect: hit", "{name: 对, expect: undecided", "R101", "error", "期望 hit"),
    ("{name: 错, expect: miss", "{name: 错, expect: na", "R102", "error", "期望 miss"),
    ("name: 错", "name: ‸对", "R103", "warning", "重复"),
    ("when: p and not q", "when: ‸(p or not p) and (q or not q)", "R104", "error", "永远成立"),
    ("when: p and not q", "when: ‸p and not (p or q)", "R104", "error", "永远不成立"),
    (Q, Q + "\n  ‸r: {keyword: 好}", "R105", "warning", "没有用到"),
    ("第 {turn} 轮", "第 {trun} 轮", "R106", "error", "{trun}"),
    ("第 {turn} 轮“{text}”", "共 {value}", "R107", "warning", "{value}"),
    ("when: p and not q\nmessage: 第 {turn} 轮", "when: not q\nmessage: 第 {turn} 轮", "R107", "warning", "{turn}"),
    ("severity: low", "severity: low\nkind: merit\nerror_class: ‸customer", "R108", "warning", "error_class"),
    (P, "  p: {not_in: {term: 信用, unless_part_of: ‸[信用卡, 银行卡]}}", "R123", "warning", "“银行卡”里没有"),
    (P, "  p: {turn_count: {min: 1}, count: ‸{min: 2}}", "R109", "error", "2 处"),
    (P, "  p: {turn_count: {min: 1}, all_turns: ‸true}", "R109", "error", "逐轮"),
    (P, "  p: {keyword: 投诉, count: ‸{min: 0}}", "R110", "error", "永远成立"),
    (P, "  p: {keyword: 投诉, count: ‸{min: 0, max: 0}}", "R110", "warning", "没有"),
    (P, '  ‸p: {keyword: {none: [投诉]}, range: "1..2"}', "R111", "warning", "没有写明"),
    (P, "  ‸p: {keyword: 投诉, negate: true, after: {piece: q}}", "R111", "warning", "没有写明"),
    (P, "  p: {keyword: 投诉, after: {piece: ‸r}}\n  r: {turn_count: {min: 1}}", "R112", "error", "没有位置"),
    (P, "  p: {keyword: 投诉, after: {piece: ‸r}}\n  r: {keyword: {none: [好]}}", "R112", "error", "没有位置"),
    (P, "  p: {‸flow: {steps: [q, r]}}\n  r: {turn_count: {min: 1}}", "R160", "error", "整通会话"),
    (P, "  p: {‸sequence: {steps: [q, r]}}\n  r: {keyword: {none: [好]}}", "R160", "error", "要求没有出现"),
    (
        P,
        "  p: {‸sequence: {steps: [q, r]}, speaker: agent}\n  r: {keyword: 好, speaker: customer}",
        "R161",
        "error",
        "只看坐席的话轮",
    ),
    ("第 {turn} 轮“{text}”", "缺 {step}", "R107", "warning", "{step}"),
    ("channels: [voice_inbound]", "channels: [chat]", "R113", "warning", "chat"),
    (P, "  p: {keyword: ‸[投诉, 我要投诉]}", "R120", "warning", "“我要投诉”已被更短的“投诉”包含"),
    (P, "  p: {keyword: ‸{any: [投诉, 我要投诉]}}", "R120", "warning", "“我要投诉”"),
    (P, "  p: {keyword: ‸{at_least: 2, any: [投诉, 我要投诉]}}", "R121", "warning", "两个词"),
    (P, "  p: {keyword: ‸{all: [投诉, 我要投诉]}}", "R121", "warning", "两个词"),
    (Q, "  q: {regex: '退‸(保'}", "R130", "error", "正则表达式有误：左括号“(”没有配对的右括号"),
    (Q, "  q: {regex: {pattern: 好, except: '退‸(?=保)'}}", "R130", "error", "不支持 (?=：不能回看、前瞻"),
    (Q, r"  q: {regex: ‸'\A退保'}", "R131", "error", r"\A"),
    (Q, "  q: {regex: ‸'(退保)?'}", "R132", "error", "空白"),
    (Q, "  q: {regex: ‸'^'}", "R132", "error", "空白"),
    (Q, r"  q: {regex: ‸'\b'}", "R132", "error", "空白"),
    (Q, "  q: {regex: ‸'退,保'}", "R133", "warning", ", → ，"),
    (Q, "  q: {regex: ‸'退[臺１]保'}", "R133", "warning", "臺 → 台"),
]


def lint_of(write, text):
    return lint(load_rules([write("a/b.yml", text)]))


def test_a_good_rule_has_nothing_to_note(write):
    assert lint_of(write, RULE) == []


@pytest.mark.parametrize(("old", "new", "code", "level", "said"), LINTED)
def test_lint(write, old, new, code, level, said):
    assert old in RULE
    marked = RULE.replace(old, new)
    if code == "R113":
        marked = marked.replace(P, "  ‸p: {speed: {max: 300}}")
    found = lint_of(write, marked.replace("‸", ""))
    noted = [p for p in found if p.code == code]
    assert noted, [p.render() for p in found]
    assert any(said in p.message and p.level == level for p in noted)
    if "‸" in marked:
        before = marked[: marked.index("‸")]
        assert (before.count("\n") + 1, len(before) - before.rfind("\n")) in [(p.line, p.col) for p in noted]


@pytest.mark.parametrize(
    "piece",
    [
        "{regex: '(?:退|保)[a-z]{2,3}[[:alpha:]](?i:x)？'}",  # marks of the syntax are not text
        "{near: {a: [没, 没有], b: 好, within: 3}}",  # a longer word changes the distance
        '{keyword: {none: [投诉]}, range: "1..2", on_empty: miss}',
        "{keyword: 投诉, count: {min: 0, max: 1}}",
    ],
)
def test_what_is_fine_is_not_noted(write, piece):
    text = RULE.replace(Q, f"  q: {piece}")
    assert lint_of(write, text) == []


def test_drafts_are_reminded_and_retired_rules_left_alone(write):
    bare = RULE[: RULE.index("tests:")]
    for status, levels in (("draft", ["warning", "warning"]), ("retired", []), ("shadow", ["error", "error"])):
        found = lint_of(write, bare.replace("severity: low", f"severity: low\nstatus: {status}"))
        assert [p.level for p in found] == levels


def test_two_rules_with_the_same_conditions(write):
    write("a/b.yml", RULE)
    [problem] = lint(load_rules([write("a/c.yml", RULE.replace("id: a.b", "id: a.c"))]))
    assert (problem.code, problem.path.endswith("c.yml"), "a.b" in problem.message) == ("R114", True, True)


def test_lexicons(write):
    write("a/b.yml", RULE.replace("[投诉, 举报]", "{lexicon: used}"))
    write(
        "_lexicons/used.yml",
        "id: used\ntitle: 一\nwords:\n- 投诉\n- 我要投诉\n- {text: 他投诉, level: 3}\n- ＡB\n- ab\n",
    )
    found = lint(load_rules([write("_lexicons/idle.yml", "id: idle\ntitle: 一\nwords: [好]\n")]))
    assert [(p.code, p.line, p.level) for p in found] == [
        ("R122", 1, "warning"),
        ("R120", 5, "warning"),
        ("R120", 8, "warning"),
    ]
    assert "“ab”重复" in found[2].message


def test_a_pack_that_came_from_no_file(write):
    from dataclasses import replace

    pack = load_rules([write("a/b.yml", RULE)])
    loose = replace(pack, rules=(replace(pack.rules[0], path="nowhere.yml", message="{x}"),))
    assert [(p.path, p.line, p.source) for p in lint(loose)] == [("nowhere.yml", 1, "")]


def test_topics_must_exist_when_they_are_known(write):
    pack = load_rules([write("a/b.yml", RULE.replace(Q, "  q: {topic: {any: [e.refund, e.refunds]}}"))])
    assert lint(pack) == []
    [problem] = lint(pack, topics=["e.refund", "e.invoice"])
    assert (problem.code, problem.line, problem.message) == ("R115", 7, "没有话题 e.refunds")
    assert "e.refund" in problem.hint
