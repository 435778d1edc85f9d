"""Words with a pause inside: 投 诉, 保证，嗯，收益.

A gap is a run of spaces and pause marks, or of sounds of hesitation and the commas around them. Looking for words
across gaps in the whole text would cost a second scan; here only the places are read again where the two characters
around a gap stand next to each other in some word.

Which sounds: in 480,000 characters of real service dialogue no word was put together wrongly across 嗯 呃 额 啊 哦 唉,
whereas 这个, 那个 and 就是 put together only wrong ones (没有这个功能: 有功), and a bare comma ten wrong ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from qc.text.columns import Ints, Points, ranges

Bools = npt.NDArray[np.bool_]
FILLERS = (" ", "_", "~", "嗯", "呃", "额", "啊", "哦", "噢", "唉", "哎", "诶", "唔", "…")
"""What may stand inside a word."""
_SPACE = ord(" ")
_MARKS = 3
"""So many of FILLERS have no commas around them."""
_COMMAS = (ord("，"), ord("、"))
_BESIDE = 4
"""Characters read on either side of where a word may reach: 12398 is no word in 1 2 3 9 8 7."""
_AROUND = 4
"""Fillers."""
_SPARSE = 16
"""Places in a hash table for each pair: one in so many other pairs is taken for one of a word, and read in vain."""
_WHICH = np.zeros(1 << 16, np.int8)
_WHICH[[ord(char) for char in FILLERS]] = np.arange(1, len(FILLERS) + 1)


class Fillers(NamedTuple):
    """Where fillers stand in a text (characters), in order, and which of FILLERS they are."""

    at: Ints
    which: npt.NDArray[np.int8]

    def around(self, meant: Bools) -> Fillers:
        """The fillers next to those that are `meant` as they stand (a flag for each of FILLERS), without these: as far
        as `_AROUND` others away."""
        is_meant = meant[self.which]
        beside = np.flatnonzero(is_meant)[:, np.newaxis] + np.arange(-_AROUND, _AROUND + 1)
        near = np.zeros(len(is_meant), np.bool_)
        near[beside.clip(0, max(len(near) - 1, 0))] = True
        kept = near & ~is_meant
        return Fillers(self.at[kept], self.which[kept])


def find_fillers(points: Points) -> Fillers:
    """Every occurrence of FILLERS in a text."""
    row = _WHICH.take(points, mode="clip")
    at = np.flatnonzero(row != 0)
    return Fillers(at, row[at] - 1)


class Neighbours:
    """The pairs of characters that stand next to each other in `words`: a hash table of the most characters a word has
    before and after their border."""

    def __init__(self, words: Iterable[str]) -> None:
        points = np.frombuffer("\n".join(words).encode("utf-32-le", "replace"), np.uint32)
        ends = np.append(np.flatnonzero(points == 0x0A), len(points))
        border = np.arange(1, len(points))
        word = np.searchsorted(ends, border)
        first = np.concatenate(([0], ends[:-1] + 1))[word]
        inside = (border > first) & (border < ends[word])
        border, first, end = border[inside], first[inside], ends[word][inside]
        self._bits = max(1, _SPARSE * len(border)).bit_length()
        self._before = np.zeros(1 << self._bits, np.uint16)
        self._after = np.zeros(1 << self._bits, np.uint16)
        pair = _pair(points, border, border, self._bits)
        np.maximum.at(self._before, pair, (border - first).astype(np.uint16))
        np.maximum.at(self._after, pair, (end - border).astype(np.uint16))

    def reach(self, points: Points, start: Ints, end: Ints) -> tuple[Ints, Ints, Ints]:
        """The rows of the gaps that may divide a word, and how far words may reach before and after each; `start` and
        `end`: where gaps begin and end."""
        pair = _pair(points, start, end, self._bits)
        before = self._before[pair]
        rows = np.flatnonzero(before != 0)
        return rows, before[rows].astype(np.int64), self._after[pair[rows]].astype(np.int64)


class Gaps:
    """The gaps that `fillers` make in a text."""

    def __init__(self, points: Points, fillers: Fillers) -> None:
        self._points = points
        starts, ends = _with_commas(points, fillers)
        if len(starts):
            ends = np.maximum.accumulate(ends)
            new = np.concatenate(([True], starts[1:] > ends[:-1]))
            starts, ends = starts[new], ends[np.append(np.flatnonzero(new)[1:] - 1, len(ends) - 1)]
        self.start, self.end = starts, ends

    def closed(self, neighbours: Neighbours) -> tuple[Points, Ints]:
        """The text around the gaps that may divide a word, without any gaps; and which character of the text each of it
        is. The pieces are divided by line feeds, whose place is the length of the text."""
        points = self._points
        rows, before, after = neighbours.reach(points, self.start, self.end)
        if not len(rows):
            return np.zeros(0, np.uint32), rows
        first = np.maximum(self.start[rows] - before - _BESIDE, 0)
        last = np.minimum(self.end[rows] + after + _BESIDE, len(points))
        first = np.minimum.accumulate(first[::-1])[::-1]  # a short reach may lie inside a long one
        last = np.maximum.accumulate(last)
        new = np.concatenate(([True], first[1:] > last[:-1]))
        first, last = first[new], last[np.append(np.flatnonzero(new)[1:] - 1, len(last) - 1)]
        place = ranges(first, last + 1)  # one more, for the line feed
        place[np.cumsum(last + 1 - first) - 1] = len(points)
        kept = np.ones(len(points) + 1, np.bool_)
        kept[ranges(self.start, self.end)] = False
        place = place[kept[place]]
        closed = points.take(place, mode="clip")
        closed[place == len(points)] = 0x0A
        return closed, place


def _with_commas(points: Points, fillers: Fillers) -> tuple[Ints, Ints]:
    """Where fillers begin and end, sounds with the commas on either side."""
    start, end = fillers.at.copy(), fillers.at + 1
    rows = np.flatnonzero(fillers.which >= _MARKS)
    first, last = start[rows], end[rows]
    for _ in range(2):
        for marks in ((_SPACE,), _COMMAS):
            before, after = _at(points, first - 1), _at(points, last)
            for mark in marks:
                first -= before == mark
                last += after == mark
    start[rows], end[rows] = first, last
    order = np.argsort(start, kind="stable")
    return start[order], end[order]


def _at(points: Points, place: Ints) -> Points:
    """The characters there; beyond either end of the text the one that is next to it."""
    return points.take(place, mode="clip")


def _pair(points: Points, start: Ints, end: Ints, bits: int) -> Ints:
    """A hash of so many bits of the characters before `start` and at `end`."""
    mixed = (_at(points, start - 1) * np.uint32(0x9E3779B1)) ^ (_at(points, end) * np.uint32(0x85EBCA6B))
    return (mixed >> np.uint32(max(32 - bits, 0))).astype(np.int64)
