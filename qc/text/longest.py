"""The longest of many words at each place of a text, from left to right, none overlapping another; in numpy.

An Aho–Corasick automaton makes an object per match, which is dear where nearly every place holds a word. Here a trie is
walked for all places at once: its transitions stand in one hash table, so that a step is one look-up per place, and few
places are left after two steps. Of the words found, those covered by an earlier one are then passed over.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from qc.text.automaton import Matches
from qc.text.columns import Ints, Points

_CODE_POINTS = 0x110000
_MIX = 0x9E3779B97F4A7C15
"""2^64 divided by the golden ratio: multiplicative hashing (Knuth, The Art of Computer Programming, vol. 3, 6.4)."""
_ROOM = 3
"""The table has 2^3 places or more for each transition, so that most are found at the first look."""
_DOOR_BITS = 18
"""Size of the table that says which pairs of characters may begin a word; few others pass."""
_ROUNDS = 32
"""Chains of overlapping words longer than this (哈哈哈哈…) are followed one by one."""


class LongestWords:
    """Finds `words` (not empty; of two that are equal the first counts)."""

    def __init__(self, words: Sequence[str]) -> None:
        points = _points("".join(words))
        alphabet = np.unique(points)
        self._letter = np.zeros(_CODE_POINTS, np.int64)
        self._letter[alphabet] = np.arange(1, len(alphabet) + 1)
        self._width = len(alphabet) + 1
        edges, targets, ends = _trie(self._letter[points], words, self._width)
        self._depth = max(map(len, words), default=0)
        self._word = np.full(int(targets.max(initial=0)) + 1, -1, np.int64)
        self._word[ends[::-1]] = np.arange(len(words))[::-1]
        begins = edges < self._width
        self._first = np.zeros(_CODE_POINTS, np.int64)
        self._first[alphabet[edges[begins] - 1]] = targets[begins]
        self._alone = self._word[self._first] >= 0
        self._fill(edges[~begins], targets[~begins])
        self._door = np.zeros(1 << _DOOR_BITS, np.bool_)
        self._door[_pairs(_points("".join(w[:2] for w in words if len(w) > 1)))[::2]] = True

    def scan(self, points: Points) -> Matches:
        """Words in normalised text given as code points; starts and ends count code points."""
        return leftmost(self.at_each(points))

    def at_each(self, points: Points) -> Matches:
        """The longest word that begins at each place, overlaps included; `leftmost` chooses of them."""
        length = self._alone.take(points).astype(np.int16)
        word = np.empty(len(points), np.int32)  # read only where a longer word was found
        padded = np.append(points, np.uint32(0))  # no word goes on behind the end
        at = np.flatnonzero(self._door.take(_pairs(points)))
        state = self._first.take(points.take(at))
        for depth in range(1, self._depth):
            if not len(at):
                break
            letter = self._letter.take(padded.take(at + depth, mode="clip"))
            going, state = self._step(state * self._width + letter)
            at = at.take(going)
            found = self._word.take(state)
            ends = np.flatnonzero(found >= 0)
            place = at.take(ends)
            word[place], length[place] = found.take(ends), depth + 1
        start = np.flatnonzero(length != 0)
        chars, pattern = length.take(start).astype(np.int64), word.take(start).astype(np.int64)
        single = np.flatnonzero(chars == 1)
        pattern[single] = self._word.take(self._first.take(points.take(start.take(single))))
        return Matches(pattern, start, start + chars)

    def _step(self, edges: Ints) -> tuple[Ints, Ints]:
        """Which of the transitions exist, and where they lead."""
        slot = self._slot(edges)
        found = self._edge.take(slot)
        live = np.flatnonzero(found)
        slot, wanted = slot[live], edges[live]
        there = found[live] == wanted
        open_ = np.flatnonzero(~there)
        while len(open_):
            slot[open_] += 1
            found = self._edge[slot[open_]]
            there[open_] = found == wanted[open_]
            open_ = open_[(found != wanted[open_]) & (found != 0)]
        return live[there], self._target.take(slot[there])

    def _slot(self, edges: Ints) -> Ints:
        return ((edges.view(np.uint64) * np.uint64(_MIX)) >> self._shift).astype(np.int64)

    def _fill(self, edges: Ints, targets: Ints) -> None:
        """Each transition at its slot, or the next free one behind it."""
        bits = max(len(edges), 1).bit_length() + _ROOM
        self._shift = np.uint64(64 - bits)
        size = (1 << bits) + len(edges) + 1
        self._edge, self._target = np.zeros(size, np.int64), np.zeros(size, np.int64)
        slot, left = self._slot(edges), np.arange(len(edges))
        while len(left):
            free = left[self._edge[slot[left]] == 0]
            placed = free[np.unique(slot[free], return_index=True)[1]]
            self._edge[slot[placed]], self._target[slot[placed]] = edges[placed], targets[placed]
            left = np.setdiff1d(left, placed, assume_unique=True)
            slot[left] += 1


def leftmost(words: Matches) -> Matches:
    """Of words in order of their start those that no earlier one which is kept covers."""
    return words.where(_leftmost(words.start, words.end, np.searchsorted(words.start, words.end)))


def _pairs(points: Points) -> Ints:
    """The slot of each pair of neighbouring characters in the door."""
    mixed = points[:-1] * np.uint32(0x9E3779B1) ^ points[1:] * np.uint32(0x85EBCA77)
    return (mixed >> np.uint32(32 - _DOOR_BITS)).astype(np.int64)


def _points(text: str) -> Points:
    return np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32)


def _trie(letters: Ints, words: Sequence[str], width: int) -> tuple[Ints, Ints, Ints]:
    """Transitions (state × width + letter), the states they lead to, and the state each word ends in; 0 is the root."""
    lengths = np.array([len(w) for w in words], np.int64)
    begins = np.cumsum(lengths) - lengths
    state = np.zeros(len(words), np.int64)
    edges, states = [np.zeros(0, np.int64)], 1
    for depth in range(int(lengths.max(initial=0))):
        longer = np.flatnonzero(lengths > depth)
        level, to = np.unique(state[longer] * width + letters[begins[longer] + depth], return_inverse=True)
        state[longer] = to + states
        states += len(level)
        edges.append(level)
    return np.concatenate(edges), np.arange(1, states), state


def _leftmost(start: Ints, end: Ints, following: Ints) -> npt.NDArray[np.bool_]:
    """Which of the words (in order of their start) no earlier word that is kept covers. `following`: the first word
    that begins where this one ends, or behind.

    A word no earlier one reaches into is kept; from there on each word that is kept says which is next.
    """
    kept = np.ones(len(start) + 1, bool)
    kept[1:-1] = np.maximum.accumulate(end)[:-1] <= start[1:]
    front = following[kept[:-1]]
    for _ in range(_ROUNDS):
        front = front[~kept[front]]
        if not len(front):
            return kept[:-1]
        kept[front] = True
        front = following[front]
    after = following.tolist()
    for word in front.tolist():
        while not kept[word]:
            kept[word] = True
            word = after[word]  # noqa: PLW2901
    return kept[:-1]
