"""The one door to jieba: its dictionary, without the guessing of unknown words, and with the words of our own domains.

jieba cuts half a million characters a second. Most of that goes into places where nothing is to be decided: if no word
of the dictionary reaches across a point of a sentence, that point is a boundary in every possible segmentation. Such
points are found for a whole shard at once; what lies between them is short, repeats itself, and is cut by jieba once.
The result is jieba's own (`cut(HMM=False)`), at a tenth of the time.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from itertools import chain
from math import inf, log
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qc.text.frequencies import frequencies
from qc.text.normalise import normalise
from qc.text.shard import Ints

Bools = npt.NDArray[np.bool_]

_DOMAIN_FREQUENCY = 20_000
"""jieba's dictionary counts 发票 127 times in ordinary text and would read 开发|票; here it is an everyday word."""
_AROUND = 24
"""Characters looked at on either side of a place; longer pieces do not come again and are not remembered."""
_TABLE_BITS = 22
_HAN = re.compile("[\u4e00-\u9fd5]+")
_MAX_KNOWN = 200_000
"""Pieces remembered before the memory is emptied."""


class Segmenter:
    """jieba's segmentation with `words` added to its dictionary."""

    def __init__(self, words: Sequence[str] = ()) -> None:
        self._jieba: Any = _tokenizer()
        for word in sorted({normalise(w) for w in words}):
            self._jieba.add_word(word, max(self._jieba.FREQ.get(word, 0), _DOMAIN_FREQUENCY))
        self._bonds = _bonds(self._jieba.FREQ)
        self._known: dict[str, tuple[str, ...]] = {}

    def bonds(self, text: str) -> Bools:
        """For each character but the last: whether some word of the dictionary may hold it and the next one.

        Where it is False is a word boundary; where it is True may be one too.
        """
        codes = np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32)
        return self._bonds[_key(codes[:-1], codes[1:])]

    def cut(self, piece: str) -> tuple[str, ...]:
        """The words of a piece of text, as jieba cuts it. Asked for the same piece again, it remembers."""
        words = self._known.get(piece)
        if words is None:
            words = self._best(piece) if _HAN.fullmatch(piece) else tuple(self._jieba.cut(piece, HMM=False))
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            if len(piece) <= _AROUND:
                self._known[piece] = words
        return words

    def parts(self, word: str) -> tuple[str, ...]:
        """The words that one of our own phrases holds (停电 and 了 in 停电了); none in a word of jieba's dictionary."""
        return () if counts()[0].get(word) or not _HAN.fullmatch(word) else self._best(word, whole=False)

    def _best(self, piece: str, *, whole: bool = True) -> tuple[str, ...]:
        """jieba's choice for Han characters, without its generators and tables: of all ways to cut, the one whose words
        are the most probable together; of equal ones, the one with the longer first word. `whole`: the piece itself may
        be one."""
        size = len(piece)
        score, end = [0.0] * (size + 1), [0] * size
        frequency, total = self._jieba.FREQ.get, log(self._jieba.total)
        for start in range(size - 1, -1, -1):
            best, at = -inf, start + 1
            for stop in range(start + 1, size + (whole or start > 0)):
                known = frequency(piece[start:stop])
                if known is None:
                    break
                if known and (gained := log(known) - total + score[stop]) >= best:
                    best, at = gained, stop
            score[start], end[start] = (-total + score[at] if best == -inf else best), at
        words, start = [], 0
        while start < size:
            words.append(piece[start : end[start]])
            start = end[start]
        return tuple(words)

    def whole(self, text: str, first: int, last: int, bonds: Bools) -> bool:
        """Whether `text[first:last]` is made of whole words or lies inside one; False when it joins pieces of two
        (电表 in 充电|表现). `bonds` is the answer of `bonds(text)`."""
        start, end = first, last
        while start > 0 and bonds[start - 1] and first - start < _AROUND:
            start -= 1
        while end < len(text) and bonds[end - 1] and end - last < _AROUND:
            end += 1
        at = start
        for word in self.cut(text[start:end]):
            begins, at = at, at + len(word)
            if begins < first < at < last or first < begins < last < at:
                return False
        return True


@lru_cache(maxsize=4)
def segmenter(words: tuple[str, ...]) -> Segmenter:
    """The segmenter with these words added, made once per process (about a second)."""
    return Segmenter(words)


@cache
def counts() -> tuple[Mapping[str, int], int]:
    """How often each word of jieba's dictionary stands in ordinary text, beginnings of words 0; and the sum. Read once
    per process."""
    jieba = _jieba()
    source = Path(jieba.__file__).with_name(jieba.DEFAULT_DICT_NAME)
    return frequencies(source, lambda: jieba.Tokenizer().gen_pfdict(source.open("rb")))


def _tokenizer() -> Any:
    tokenizer = _jieba().Tokenizer()
    words, tokenizer.total = counts()
    tokenizer.FREQ = dict(words)
    tokenizer.initialized = True
    return tokenizer


def _jieba() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # written for older Pythons
        import jieba
    return jieba


def _bonds(words: dict[str, int]) -> Bools:
    """The set of neighbouring characters inside dictionary words, as a hash table of 4 M booleans. A collision only
    makes a piece longer, never a wrong boundary."""
    codes = np.frombuffer("\n".join(chain(words, ("",))).encode("utf-32-le", "replace"), np.uint32)
    left, right = codes[:-1], codes[1:]
    inside = (left != ord("\n")) & (right != ord("\n"))
    table = np.zeros(1 << _TABLE_BITS, bool)
    table[_key(left[inside], right[inside])] = True
    return table


def _key(left: npt.NDArray[np.uint32], right: npt.NDArray[np.uint32]) -> Ints:
    mixed = (left * np.uint32(0x9E3779B1)) ^ (right * np.uint32(0x85EBCA6B))
    return (mixed >> np.uint32(32 - _TABLE_BITS)).astype(np.int64)
