from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.domain.sentence import And, AtLeast, Name, Not, Or, Sentence, SentenceError, names, parse, show

READ = [
    ("a", "a"),
    ("a and b or c", "a and b or c"),
    ("a and (b or c)", "a and (b or c)"),
    ("not a and b", "not a and b"),
    ("not (a and b)", "not (a and b)"),
    ("NOT a AND b", "not a and b"),
    ("any of (a, b)", "1 of (a, b)"),
    ("all of (a, b and c)", "2 of (a, b and c)"),
    ("2 of （a，b，c）", "2 of (a, b, c)"),
    ("not any of (a, b)", "not 1 of (a, b)"),
    ("静音 and not 致歉_2", "静音 and not 致歉_2"),
    (" ( ( a ) ) ", "a"),
    ("a or b or c and d", "a or b or c and d"),
]
WRONG = [
    ("", 0, "片段名"),
    ("a b", 2, "结尾"),
    ("a and", 5, "结束"),
    ("and a", 0, "片段名"),
    ("(a", 2, "右括号"),
    ("a)", 1, "多了一个右括号"),
    ("a & b", 2, "&"),
    ("3 of (a, b)", 0, "2 项"),
    ("0 of (a)", 0, "0 项"),
    ("any (a)", 4, "of"),
    ("any of a", 7, "左括号"),
    ("any of (a b)", 10, "逗号或右括号"),
    ("any of ()", 8, "片段名"),
    ("(" * 60 + "a" + ")" * 60, 51, "嵌套"),
    ("not " * 60 + "a", 240, "not"),
    ("a and " * 1000 + "a", 0, "拆成"),
]


@pytest.mark.parametrize(("text", "shown"), READ)
def test_reads(text, shown):
    assert show(parse(text)) == shown


@pytest.mark.parametrize(("text", "at", "said"), WRONG)
def test_says_what_is_wrong_and_where(text, at, said):
    with pytest.raises(SentenceError, match=said) as raised:
        parse(text)
    assert raised.value.at == at


def test_names_know_their_place_and_sign():
    found = [(name.name, name.at, positive) for name, positive in names(parse("a and not (b or not c)"))]
    assert found == [("a", 0, True), ("b", 11, False), ("c", 20, True)]


def _grow(inner: st.SearchStrategy[Sentence]) -> st.SearchStrategy[Sentence]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    counted = st.lists(inner, min_size=1, max_size=3).flatmap(
        lambda parts: st.builds(AtLeast, st.integers(1, len(parts)), st.just(tuple(parts)))
    )
    return st.one_of(st.builds(Not, inner), st.builds(And, several), st.builds(Or, several), counted)


@given(st.recursive(st.sampled_from("abc").map(Name), _grow, max_leaves=8))
def test_what_is_shown_reads_back(sentence):
    assert _bare(parse(show(sentence))) == sentence


def _bare(sentence: Sentence) -> Sentence:
    """Without places."""
    match sentence:
        case Name(name):
            return Name(name)
        case Not(inside):
            return Not(_bare(inside))
        case AtLeast(count, parts):
            return AtLeast(count, tuple(map(_bare, parts)))
        case And(parts):
            return And(tuple(map(_bare, parts)))
        case Or(parts):
            return Or(tuple(map(_bare, parts)))
