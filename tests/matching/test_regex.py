from __future__ import annotations

import re as python_re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qc.errors import UsageError
from qc.text.regex import compile_pattern
from qc.text.shard import Shard

TABLE = [
    ("{regex: '保[本息]'}", ["A 保本保息"], "hit", ["保本", "保息"]),
    ("{regex: '^您好'}", ["A 您好，您好"], "hit", ["您好"]),
    ("{regex: '再见$'}", ["A 再见了", "A 好，再见"], "hit", ["再见"]),
    ("{regex: '^好$'}", ["A 好的", "C 好"], "hit", ["好"]),
    ("{regex: 'vip'}", ["C 我是ＶＩＰ"], "hit", ["ＶＩＰ"]),
    ("{regex: 'VIP'}", ["C 我是vip"], "hit", ["vip"]),
    ("{regex: '投[^x]*诉'}", ["C 我投", "C 诉"], "miss", []),  # a negated class stays inside the turn
    ("{regex: '(?s)投.*诉'}", ["C 我投", "C 诉"], "miss", []),
    (r"{regex: '投\s*诉'}", ["C 我投", "C 诉"], "miss", []),
    ("{regex: '投.*诉', joined: true}", ["C 我投", "C 诉苦"], "hit", ["投"]),
    ("{regex: '(b|)'}", ["C aaa"], "miss", []),  # empty matches are none
    ("{regex: '不.*贵', in_clause: true}", ["C 不好，贵"], "miss", []),
    ("{regex: '不.*贵', in_clause: true}", ["C 不算贵，好"], "hit", ["不算贵"]),
    ("{regex: {pattern: '保本', except: '不.{0,2}保本'}}", ["A 不能保本"], "miss", []),
    ("{regex: {pattern: '保本', except: '不.{0,2}保本'}}", ["A 不能保本，也有人说保本"], "hit", ["保本"]),
    # the second exception begins inside the first one and must still be seen
    ("{regex: {pattern: '收益', except: '有没有.{0,4}|没有.{0,8}收益'}}", ["A 有没有人说保证收益"], "miss", []),
    ("{regex: '😀+'}", ["C 好😀😀呀"], "hit", ["😀😀"]),
]


@pytest.mark.parametrize(("piece", "lines", "verdict", "texts"), TABLE)
def test_table(judged, piece, lines, verdict, texts):
    result = judged(f"p: {piece}", lines)
    assert (result.verdict, result.texts) == (verdict, texts)


def test_offsets_are_characters_of_the_original(judged):
    [hit] = judged("p: {regex: '退款'}", ["C 嗯😀，ＡＢ退款吧 @1-10"]).hits
    assert (hit.char_start, hit.char_end, hit.text) == (5, 7, "退款")
    assert (hit.start_ms, hit.end_ms) == (1000 + 9000 * 5 // 8, 1000 + 9000 * 7 // 8)


def test_an_expression_that_does_not_compile_is_named_with_its_place(judged):
    with pytest.raises(UsageError, match=r"正则表达式有误：左括号.*没有配对"):
        judged("p: {regex: '(投诉'}", ["C 好"])
    with pytest.raises(UsageError, match="正则表达式有误"):
        judged("p: {regex: '(?=投诉)'}", ["C 好"])


@settings(max_examples=200, deadline=None)
@given(
    texts=st.lists(st.text(alphabet="ab好\n，😀 ", max_size=10), min_size=1, max_size=6),
    pattern=st.sampled_from(["a+", "^a", "b$", "[^a]+", "a.*b", "(a|好)b?", "^$", r"\ba", "a[^b]*?b", "😀|，", r"\s"]),
)
def test_one_buffer_matches_as_turn_by_turn(judged, texts, pattern):
    shard = Shard([judged.conversation([f"C {text}" for text in texts])])
    compiled = compile_pattern(pattern, by_turn=True)
    found = [shard.buffer[s:e].decode() for s, e in compiled.spans(shard.buffer)]
    lines = [shard.normalised(t) for t in range(len(shard.turns))]
    naive = [m.group() for line in lines for m in python_re.finditer(pattern, line, python_re.ASCII) if m.group()]
    assert found == naive


def test_hostile_turn_takes_linear_time(judged):
    bad = "C " + "a" * 100_000
    assert judged("p: {regex: '(a|aa)+b'}", [bad]).verdict == "miss"
    assert judged("p: {regex: {pattern: 'a{50}', except: 'b'}}", [bad]).verdict == "hit"
