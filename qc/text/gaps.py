"""Words with a pause inside: 投 诉, 保证，嗯，收益.

A gap is a run of spaces and pause marks, or of sounds of hesitation and the commas around them. Looking for words
across gaps in the whole text would cost a second scan; here only the places are read again where the two characters
around a gap stand next to each other in some word.

Which sounds: in 480,000 characters of real service dialogue no word was put together wrongly across 嗯 呃 额 啊 哦 唉,
whereas 这个, 那个 and 就是 put together only wrong ones (没有这个功能: 有功), and a bare comma ten wrong ones.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from qc.text.columns import Ints

Bytes = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]
FILLERS = ("嗯", "呃", "额", "啊", "哦", "噢", "唉", "哎", "诶", "唔", "…", "_", "~")
"""To be looked for with the words, and handed to `Gaps`."""
_SPACE = 0x20
_COMMAS = ("，".encode(), "、".encode())
_TABLE_BITS = 20


class Neighbours:
    """The pairs of characters that stand next to each other in `words`: a hash table of the bytes of the longest word
    that has them."""

    def __init__(self, words: Iterable[str]) -> None:
        self._table = np.zeros(1 << _TABLE_BITS, np.int16)
        raw = np.frombuffer("\n".join(words).encode("utf-8", "replace"), np.uint8)
        inside = np.flatnonzero((raw & 0xC0) != 0x80)[1:]  # where a character begins that is not the first
        ends = np.append(np.flatnonzero(raw == 0x0A), len(raw))
        size = np.diff(ends, prepend=-1) - 1
        word = np.searchsorted(ends, inside)
        np.maximum.at(self._table, _pair(raw, inside, inside), size[word].astype(np.int16))

    def reach(self, text: Bytes, start: Ints, end: Ints) -> Ints:
        """How far a word may reach from a gap that begins and ends there, in bytes; 0: no word has the characters on
        either side next to each other."""
        return self._table[_pair(text, start, end)].astype(np.int64)


class Gaps:
    """The gaps of a UTF-8 text. `fillers`: where each of FILLERS begins and ends in it, in order."""

    def __init__(self, text: Bytes, fillers: tuple[Ints, Ints]) -> None:
        self._text = text
        spaces = np.flatnonzero(text == _SPACE)
        starts, ends = _with_commas(text, *fillers)
        starts, ends = np.concatenate((spaces, starts)), np.concatenate((spaces + 1, ends))
        order = np.argsort(starts, kind="stable")
        starts, ends = starts[order], ends[order]
        if len(starts):
            ends = np.maximum.accumulate(ends)
            new = np.concatenate(([True], starts[1:] > ends[:-1]))
            starts, ends = starts[new], ends[np.append(np.flatnonzero(new)[1:] - 1, len(ends) - 1)]
        inner = (starts > 0) & (ends < len(text))
        self.start, self.end = starts[inner], ends[inner]

    def closed(self, neighbours: Neighbours) -> tuple[bytes, Ints]:
        """The text around the gaps that may divide a word, without any gaps; and where each byte of it comes from.

        The pieces are divided by line feeds, whose place is the length of the text.
        """
        text = self._text
        reach = neighbours.reach(text, self.start, self.end)
        wanted = np.flatnonzero(reach)
        if not len(wanted):
            return b"", np.zeros(0, np.int64)
        first = np.maximum(self.start[wanted] - reach[wanted], 0)
        last = np.minimum(self.end[wanted] + reach[wanted], len(text))
        first = np.minimum.accumulate(first[::-1])[::-1]  # a short reach may lie inside a long one
        last = np.maximum.accumulate(last)
        new = np.concatenate(([True], first[1:] > last[:-1]))
        first, last = first[new], last[np.append(np.flatnonzero(new)[1:] - 1, len(last) - 1)]
        place = _ranges(first, last + 1)  # one more, for the line feed
        place[np.cumsum(last + 1 - first) - 1] = len(text)
        row = np.searchsorted(self.start, place, side="right") - 1
        in_gap = (row >= 0) & (place < len(text)) & (place < self.end[np.maximum(row, 0)])
        place = place[~in_gap]
        return np.append(text, np.uint8(0x0A))[place].tobytes(), place


def _with_commas(text: Bytes, start: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Fillers with the spaces on either side, and sounds with the commas."""
    start, end = start.copy(), end.copy()
    sound = text[start] >= 0x80
    for _ in range(2):
        for comma in _COMMAS:
            mark = np.frombuffer(comma, np.uint8)
            before = np.stack([text.take(start - 3 + i, mode="clip") == mark[i] for i in range(3)]).all(axis=0)
            start = np.where(sound & before & (start >= 3), start - 3, start)
            after = np.stack([text.take(end + i, mode="clip") == mark[i] for i in range(3)]).all(axis=0)
            end = np.where(sound & after & (end + 3 <= len(text)), end + 3, end)
        start = np.where((start > 0) & (text.take(start - 1, mode="clip") == _SPACE), start - 1, start)
        end = np.where((end < len(text)) & (text.take(end, mode="clip") == _SPACE), end + 1, end)
    return start, end


def _pair(text: Bytes, start: Ints, end: Ints) -> Ints:
    """A hash of the characters before `start` and after `end`: of the last three bytes of the one, the first three of
    the other, or as many as they have."""

    def at(place: Ints) -> npt.NDArray[np.uint32]:
        return text.take(place, mode="clip").astype(np.uint32)

    left, second = at(start - 1), at(start - 2)
    wide = left >= 0x80
    left = left | np.where(wide, second << 8, 0) | np.where(wide & (second < 0xC0), at(start - 3) << 16, 0)
    right = at(end)
    right = right | np.where(right >= 0xC0, at(end + 1) << 8, 0) | np.where(right >= 0xE0, at(end + 2) << 16, 0)
    mixed = (left.astype(np.uint32) * np.uint32(0x9E3779B1)) ^ (right.astype(np.uint32) * np.uint32(0x85EBCA6B))
    return (mixed >> np.uint32(32 - _TABLE_BITS)).astype(np.int64)


def _ranges(first: Ints, last: Ints) -> Ints:
    """first[0], first[0]+1, … last[0]-1, first[1], …"""
    counts = last - first
    return np.arange(int(counts.sum())) + np.repeat(first - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
