"""Words that sound like the wanted ones: 公号 for 工号, 投宝 for 投保.

How far a word may be from its letters depends on its length, as measured on real dialogue (bench/robust.py): four
characters and more are also found by the fuzzy classes of syllables, three by syllables without tone. What is a word
itself is no slip; and two characters have so many homophones that they must not cut a word either.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from qc.text.automaton import Automaton, Matches
from qc.text.columns import Ints, Points
from qc.text.dictionary import is_word, two_characters
from qc.text.pinyin import Codes, encode, is_readable, read, syllables

Bools = npt.NDArray[np.bool_]
_FUZZY_FROM = 4
"""Characters."""
_SHORT = 2
_FUNCTION_WORDS = "了是在和有他不我的人也为就这上年中你说一到都等着对来与地还要"
"""The thirty most frequent words of one character: where one of them stands in for another character (号是 for 好使),
the text is a sentence, not a slip. A third to two thirds of the false alarms, a tenth of the finds."""
_FUNCTION = np.array([ord(char) for char in _FUNCTION_WORDS], np.uint32)


def has_homophones(word: str) -> bool:
    """Whether a word can be looked for by its sound: it is all Chinese, and more than one character."""
    return len(word) >= _SHORT and is_readable(word)


class Homophones:
    """Finds what sounds like `words`, for each of which `has_homophones` is true."""

    def __init__(self, words: Sequence[str]) -> None:
        self._length = np.fromiter(map(len, words), np.int64, len(words))
        self._first = np.concatenate(([0], np.cumsum(self._length)))
        self._points: Points = np.frombuffer("".join(words).encode("utf-32-le", "replace"), np.uint32)
        fuzzy = read(self._points, syllables().fuzzy)
        codes = encode(fuzzy).decode()
        ends = zip(self._first[:-1].tolist(), self._first[1:].tolist(), strict=True)
        self._automaton = Automaton([codes[a:b] for a, b in ends])

    def scan(self, points: Points) -> Matches:
        """(word, first character, end character) of what sounds like a word and is written differently."""
        found = self._automaton.scan(encode(read(points, syllables().fuzzy)))
        found = Matches(found.pattern, found.start // 2, found.end // 2)
        if not len(found.pattern):
            return found
        found = found.where(~self._same(found, self._points, points))
        short = self._length[found.pattern] < _FUZZY_FROM
        plain = syllables().plain
        found = found.where(~short | self._same(found, read(self._points, plain), read(points, plain)))
        kept: Bools = np.ones(len(found.pattern), np.bool_)
        two = np.flatnonzero(self._length[found.pattern] == _SHORT)
        if len(two):
            pairs = found.where(two)
            kept[two] = _stands_alone(points, pairs.start) & self._is_slip(points, pairs)
        for row in np.flatnonzero(self._length[found.pattern] > _SHORT).tolist():
            kept[row] = not is_word("".join(map(chr, points[found.start[row] : found.end[row]].tolist())))
        return found.where(kept)

    def _is_slip(self, points: Points, found: Matches) -> Bools:
        """Whether none of the first two characters is a function word that the word has not."""
        said = (points[found.start], points[found.start + 1])
        at = self._first[found.pattern]
        wanted = (self._points[at], self._points[at + 1])
        wrong = [(s != w) & np.isin(s, _FUNCTION) for s, w in zip(said, wanted, strict=True)]
        return np.asarray(~(wrong[0] | wrong[1]))

    def _same(self, found: Matches, word: Points | Codes, text: Points | Codes) -> Bools:
        """Whether a match has the same value as its word at every character."""
        same = np.ones(len(found.pattern), np.bool_)
        length = self._length[found.pattern]
        for at in range(int(length.max(initial=0))):
            rows = np.flatnonzero(same & (length > at))
            same[rows] = word[self._first[found.pattern[rows]] + at] == text[found.start[rows] + at]
        return same


def _stands_alone(points: Points, start: Ints) -> Bools:
    """Whether the two characters from `start` are no word of the dictionary, and neither makes one with its other
    neighbour."""
    words = two_characters()
    around = np.concatenate(([0x0A], points, [0x0A])).astype(np.uint32)
    pairs = [words.holds(around[start + i], around[start + i + 1]) for i in range(3)]
    return np.asarray(~(pairs[0] | pairs[1] | pairs[2]))
