"""What is wrong with a piece of the dialogue family is told at its place."""

from __future__ import annotations

import pytest

from qc.errors import SpecError
from qc.specs.rules import load_rules

RULE = """id: a.b
title: 例
severity: low
find:
  q: {{keyword: 甲}}
  p: {}
when: p
message: 命中
"""
BROKEN = [
    ("{role_is: {turn: 0, role: agent}}", "R023", "没有第 0 轮"),
    ("{role_is: {turn: 1, role: boss}}", "S", "role"),
    ("{repeat: {previous: 1, times: 3}}", "R023", "不可能说到第 3 遍"),
    ("{repeat: {except: {}}}", "R021", "没有写词"),
    ("{repeat: {except: {lexicon: nope}}}", "R014", "找不到词表 nope"),
    ("{repeat: {score: 2}}", "S", "score"),
    ("{sequence: {steps: [q, r]}}", "R004", "find 里没有片段 r"),
    ("{sequence: {steps: [q]}}", "S", "steps"),
    ("{sequence: {steps: [p, q]}}", "R005", "片段 p"),
    ("{flow: {steps: [r]}}", "R004", "find 里没有片段 r"),
    ("{flow: {steps: [{any: [q, r], title: 一}]}}", "R004", "find 里没有片段 r"),
    ("{flow: {steps: [{title: 一}]}}", "R022", "piece、any 要写一个"),
    ("{flow: {steps: [{piece: q, any: [q]}]}}", "R022", "piece、any 要写一个"),
    ("{flow: {steps: [{piece: q, optional: true}]}}", "R026", "每一步都可以不做"),
    ("{flow: {steps: [q, q]}}", "R026", "有两步都叫 q"),
    ("{flow: {steps: [q], ordered: false, max_gap: 3}}", "R024", "max_gap 没有意义"),
    ("{answer_after_question: {question: q}}", "R022", "accepted、wrong 至少写一个"),
    ("{answer_after_question: {question: q, accepted: r}}", "R004", "find 里没有片段 r"),
    ("{answer_after_question: {question: q, accepted: q, wrong: [q]}}", "R026", "既算正确回答又算错误回答"),
]


@pytest.mark.parametrize(("piece", "code", "message"), BROKEN)
def test_problems(piece, code, message, tmp_path):
    path = tmp_path / "a" / "b.yml"
    path.parent.mkdir()
    path.write_text(RULE.format(piece), encoding="utf-8")
    with pytest.raises(SpecError) as raised:
        load_rules([tmp_path])
    first = raised.value.problems[0]
    assert (first.line, first.code[: len(code)]) == (6, code)
    assert message in first.message or message in first.source
