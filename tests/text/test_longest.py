"""The longest words from left to right: the same as an Aho–Corasick automaton finds, whatever the text."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest
from ahocorasick_rs import BytesAhoCorasick, MatchKind

from qc.text.automaton import Automaton, Matches, whole_words
from qc.text.longest import LongestWords


def _points(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


def _scan(words: list[str], text: str) -> list[tuple[str, int, int]]:
    found = LongestWords(words).scan(_points(text))
    return [(words[w], s, e) for w, s, e in zip(*(column.tolist() for column in found), strict=True)]


@pytest.mark.parametrize("seed", range(40))
def test_as_the_automaton_finds_them(seed: int) -> None:
    draw = random.Random(seed)
    letters = "不很好满意😊𠵱a1，\n"[: draw.randint(2, 12)]
    size = draw.randint(1, 6)
    words = ["".join(draw.choices(letters.strip(), k=draw.randint(1, size))) for _ in range(draw.randint(1, 40))]
    text = "".join(draw.choices(letters + "无", k=draw.randint(0, 400)))
    engine = BytesAhoCorasick([w.encode() for w in words], MatchKind.LeftmostLongest)
    wanted = Matches(*np.array(engine.find_matches_as_indexes(text.encode()), np.int64).reshape(-1, 3).T)
    characters = np.cumsum([0, *((b & 0xC0) != 0x80 for b in text.encode())])
    found = LongestWords(words).scan(_points(text))
    np.testing.assert_array_equal(found.pattern, wanted.pattern)
    np.testing.assert_array_equal(found.start, characters[wanted.start])
    np.testing.assert_array_equal(found.end, characters[wanted.end])


def test_leftmost_then_longest() -> None:
    assert _scan(["没有", "没有了", "有了", "了"], "没有了，有了了") == [("没有了", 0, 3), ("有了", 4, 6), ("了", 6, 7)]
    assert _scan(["ab", "bcd", "de"], "abcde") == [("ab", 0, 2), ("de", 3, 5)]


@pytest.mark.parametrize(("words", "text"), [([], "好"), (["好"], ""), ([], ""), (["坏"], "好"), (["好的"], "好")])
def test_nothing_to_find(words: list[str], text: str) -> None:
    assert _scan(words, text) == []


def test_a_long_chain_of_overlaps_stays_linear() -> None:
    words = LongestWords(["哈哈", "哈哈哈"])
    begun = time.process_time()
    found = words.scan(_points("哈" * 300_000))
    assert time.process_time() - begun < 2
    assert found.pattern.tolist() == [1] * 100_000


def test_words_inside_codes_do_not_count() -> None:
    text = "ok，book ok123 好ok"
    found = whole_words(LongestWords(["ok", "好"]).scan(_points(text)), _points(text))
    assert found.start.tolist() == [0, 14, 15]
    in_bytes = Automaton(["ok", "好"]).scan(text.encode())
    assert whole_words(in_bytes, text.encode()).start.tolist() == [0, 16, 19]
    assert isinstance(found, Matches)
