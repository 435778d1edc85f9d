"""Words in a buffer, however they are written: as they are, in other numerals, with a pause inside, by their sound.

Width, case and traditional characters are already gone from the buffer. What is found says where it stands in the
buffer, whatever it was found by.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from qc.domain.operators import Robust
from qc.text.automaton import Automaton, Matches
from qc.text.columns import Points
from qc.text.gaps import FILLERS, Gaps, Neighbours, find_fillers
from qc.text.homophones import Homophones, has_homophones
from qc.text.numerals import NUMERALS, spellings
from qc.text.shard import Ints

LEVELS = tuple(Robust)
EXACT, VARIANTS, PINYIN = range(len(LEVELS))
_SPACED_FROM = 5
"""Characters a number or Latin word needs to be found with spaces inside: 1 10 is not 110."""


class Found(NamedTuple):
    """Occurrences: word, first byte, end byte, and the level of robustness it took to see each."""

    word: Ints
    start: Ints
    end: Ints
    level: npt.NDArray[np.int8]


class WordSearch:
    """Finds `words` (normalised, all different); `levels[w]` is how far a word may be from its letters."""

    def __init__(self, words: Sequence[str], levels: Sequence[int]) -> None:
        self._words = words
        loose = [number for number, level in enumerate(levels) if level >= VARIANTS]
        others = [(number, text) for number in loose for text in _spellings(words[number])]
        patterns = [*words, *(text for _, text in others)]
        self._word = np.array([*range(len(words)), *(number for number, _ in others)], np.int64)
        self._loose = np.asarray(levels, np.int8)[self._word] >= VARIANTS if len(patterns) else np.zeros(0, np.bool_)
        self._opens = np.fromiter((text[0] in NUMERALS for text in patterns), np.bool_, len(patterns))
        self._closes = np.fromiter((text[-1] in NUMERALS for text in patterns), np.bool_, len(patterns))
        self._latin = np.fromiter((_is_latin(text[0] + text[-1]) for text in patterns), np.bool_, len(patterns))
        self._spaced = np.fromiter((len(t) >= _SPACED_FROM or not t.isascii() for t in patterns), np.bool_)
        self._automaton = Automaton(patterns)
        forgiving = [patterns[row] for row in np.flatnonzero(self._loose)]
        self._neighbours = Neighbours(forgiving)
        # 额 is a sound, and a part of 余额: words with it are read once more with 额 left in its place
        meant = [sound for sound in FILLERS if sound != " " and any(sound in text for text in forgiving)]
        self._meant = np.isin(FILLERS, meant)
        self._neighbours_of_meant = Neighbours(text for text in forgiving if any(sound in text for sound in meant))
        sounding = [n for n, level in enumerate(levels) if level >= PINYIN and has_homophones(words[n])]
        self._sounding = np.array(sounding, np.int64)

    @cached_property
    def _homophones(self) -> Homophones:
        return Homophones([self._words[number] for number in self._sounding])

    def scan(self, buffer: bytes, points: Points | None = None) -> Found:
        """Every occurrence, also overlapping ones; 12345 does not occur in 13812345678, nor vip in vipshop.
        `points`: the same text as code points, if they are at hand."""
        text = np.frombuffer(buffer, np.uint8)
        plain = self._whole(text, self._automaton.scan(buffer))
        if not self._loose.any():
            return Found(*plain, np.full(len(plain.pattern), EXACT, np.int8))
        if points is None:
            points = np.frombuffer(buffer.decode().encode("utf-32-le"), np.uint32)
        merged = plain.extended(self._whole(text, self._gapped(points)))
        as_written = (merged.pattern < len(self._words)) & (np.arange(len(merged.pattern)) < len(plain.pattern))
        level = np.where(as_written, EXACT, VARIANTS).astype(np.int8)
        out = Found(self._word[merged.pattern], merged.start, merged.end, level)
        return self._with_homophones(points, out) if len(self._sounding) else out

    def _whole(self, text: npt.NDArray[np.uint8], found: Matches) -> Matches:
        """Without those that cut a number or a Latin word in two."""
        whole = np.ones(len(found.pattern), np.bool_)
        rows = np.flatnonzero(self._latin[found.pattern])
        whole[rows] = _is_whole(text, found.start[rows], found.end[rows])
        rows = np.flatnonzero(found.pattern >= len(self._words))  # 二小时 for 2小时 must not be the end of 十二小时
        opens, closes = self._opens[found.pattern[rows]], self._closes[found.pattern[rows]]
        cut = (opens & _is_numeral(text, found.start[rows] - 3)) | (closes & _is_numeral(text, found.end[rows]))
        whole[rows] &= ~cut
        return found if whole.all() else found.where(whole)

    def _gapped(self, points: Points) -> Matches:
        """Words with gaps inside, placed in bytes."""
        fillers = find_fillers(points)
        found = self._across(Gaps(points, fillers), self._neighbours)
        if self._meant.any():
            found = found.extended(self._across(Gaps(points, fillers.around(self._meant)), self._neighbours_of_meant))
        return _in_bytes(points, found)

    def _across(self, gaps: Gaps, neighbours: Neighbours) -> Matches:
        """Words with some of these gaps inside, placed in characters."""
        points, place = gaps.closed(neighbours)
        buffer = points.tobytes().decode("utf-32-le").encode()
        closed = np.frombuffer(buffer, np.uint8)
        found = self._automaton.scan(buffer)
        char = np.cumsum((closed & 0xC0) != 0x80) - 1
        first, last = char[found.start], char[found.end - 1]
        stretched = place[last] - place[first] > last - first
        kept = stretched & self._loose[found.pattern] & self._spaced[found.pattern]
        kept &= _is_whole(closed, found.start, found.end, kinds=_DIGIT)  # 1 2 3 9 8 7 is not 12398
        return Matches(found.pattern[kept], place[first[kept]], place[last[kept]] + 1)

    def _with_homophones(self, points: Points, found: Found) -> Found:
        alike = _in_bytes(points, self._homophones.scan(points))
        return Found(
            np.concatenate((found.word, self._sounding[alike.pattern])),
            np.concatenate((found.start, alike.start)),
            np.concatenate((found.end, alike.end)),
            np.concatenate((found.level, np.full(len(alike.pattern), PINYIN, np.int8))),
        )


def _in_bytes(points: Points, found: Matches) -> Matches:
    """Matches placed in characters as places in UTF-8."""
    if not len(found.pattern):
        return found
    size = (points >= 0x80).view(np.uint8)
    size += points >= 0x800
    size += points >= 0x10000
    size += np.uint8(1)
    last = found.end - 1
    borders = np.unique(np.concatenate(([0], found.start, last)))
    before = np.cumsum(np.append(0, np.add.reduceat(size, borders, dtype=np.uint32)), dtype=np.int64)
    start, end = (
        before[np.searchsorted(borders, found.start)],
        before[np.searchsorted(borders, last)] + size[last].astype(np.int64),
    )
    return Matches(found.pattern, start, end)


def _spellings(word: str) -> tuple[str, ...]:
    """Other ways to write a word: in other numerals, and without the spaces it is written with."""
    closed = word.replace(" ", "")
    return (*((closed,) if closed != word and closed else ()), *spellings(word))


def _is_latin(ends: str) -> bool:
    """Whether one of the characters at the ends of a word is a digit or Latin letter, of which words count whole."""
    return any(char.isascii() and char.isalnum() for char in ends)


_KIND = np.zeros(256, np.int8)
"""Of a byte: 1 a digit, 2 a (lower-case) Latin letter, 0 anything else."""
_KIND[ord("0") : ord("9") + 1] = _DIGIT = 1
_KIND[ord("*")] = _DIGIT  # a masked one: 138****1234 does not hold 1234
_KIND[ord("a") : ord("z") + 1] = _LATIN = 2
_NUMERALS = np.array(sorted(int.from_bytes(char.encode()) for char in NUMERALS), np.int64)


def _is_whole(text: npt.NDArray[np.uint8], start: Ints, end: Ints, *, kinds: int = _LATIN) -> npt.NDArray[np.bool_]:
    """Which spans do not cut a number or (unless `kinds` leaves them out) a Latin word in two."""
    if not len(text):
        return np.ones(len(start), np.bool_)

    def kind(at: Ints) -> npt.NDArray[np.int8]:
        """Of the bytes at these places; nothing stands before the beginning and after the end."""
        of = _KIND[text.take(at, mode="clip")]
        return np.where((at >= 0) & (at < len(text)) & (of <= kinds), of, np.int8(0))

    first, last = kind(start), kind(end - 1)
    return np.asarray(((first == 0) | (kind(start - 1) != first)) & ((last == 0) | (kind(end) != last)))


def _is_numeral(text: npt.NDArray[np.uint8], at: Ints) -> npt.NDArray[np.bool_]:
    """Whether the three bytes from each place are a Chinese numeral."""
    bytes_ = [text.take(at + i, mode="clip").astype(np.int64) for i in range(3)]
    inside = (at >= 0) & (at + 3 <= len(text))
    return np.asarray(inside & np.isin(bytes_[0] << 16 | bytes_[1] << 8 | bytes_[2], _NUMERALS))
