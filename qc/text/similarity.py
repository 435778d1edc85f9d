"""How much a passage says the same as a given sentence, offline and without a model.

What a sentence and a passage share is measured over their characters and pairs of neighbouring characters ("grams"),
without punctuation and sounds of hesitation, by Tversky's index (Dice's coefficient where both are equally long):

    d = shared / (0.7 · grams of the sentence + 0.3 · grams of the passage),   d between 0 and 1.

What is missing of the sentence weighs more than what the passage adds. The same d means more between long texts than
between short ones, which share something by chance. The score is therefore the probability that the two say the same,
fitted on pairs of customer questions (bench/similarity.py):

    odds = 0.7 · r² · √L,   r = (d + 0.05) / (1.05 - d),   score = odds / (1 + odds)

where L is the mean length of the two in characters. Half of the pairs it was fitted on say the same, a quarter are
about the same thing and say another, a quarter are any two.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from qc.text.columns import Ints, ranges
from qc.text.normalise import normalise

Points = npt.NDArray[np.uint32]
Floats = npt.NDArray[np.float64]
CLAUSE_MARKS = "，。！？；"
_HESITATION = frozenset("嗯呃啊哦噢唉哎诶唔")
_MISSING = 0.7
"""The weight of what the passage lacks; what it adds has the rest."""
_MORE_CLAUSES = 2
"""A recogniser may put this many more marks into a sentence than its author."""

_MOST_AT_ONCE = 1 << 22
"""Characters compared in one go."""


def score(overlap: Floats, length: Floats) -> Floats:
    """The probability that two texts say the same; see the formula above. `length`: their mean, in characters."""
    ratio = (overlap + 0.05) / (1.05 - overlap)
    odds = 0.7 * ratio**2 * np.sqrt(length)
    return np.asarray(odds / (1 + odds))


def spoken(text: str) -> str:
    """What counts of a text: its letters, digits and characters, normalised.

    >>> spoken("嗯，您好！ＶＩＰ")
    '您好vip'
    """
    return "".join(char for char in normalise(text) if char.isalnum() and char not in _HESITATION)


def similarity(sentence: str, passage: str) -> float:
    """The score of a whole passage; 0 when nothing of one of them counts."""
    text, wanted = spoken(passage), _Sentence(sentence)
    if not text or not wanted.length:
        return 0.0
    overlap = Passages(text).overlap(wanted, np.array([0]), np.array([len(text)]))
    return float(score(overlap, np.array([(len(text) + wanted.length) / 2]))[0])


class Likeness(NamedTuple):
    """Turns with a passage like a sentence: each turn once, its best passage (characters of the text) and its score."""

    turn: Ints
    start: Ints
    end: Ints
    score: Floats


class _Sentence:
    """The grams of a sentence: `chars` and `pairs` with how often each stands in it."""

    def __init__(self, text: str) -> None:
        points = np.frombuffer(spoken(text).encode("utf-32-le", "replace"), np.uint32)
        self.length = len(points)
        self.clauses = 1 + sum(text.strip(CLAUSE_MARKS).count(mark) for mark in CLAUSE_MARKS)
        self.chars, self.char_counts = np.unique(points, return_counts=True)
        self.pairs, self.first, self.pair_counts = np.unique(_pairs(points), return_index=True, return_counts=True)

    @property
    def grams(self) -> int:
        return 2 * self.length - 1


class Passages:
    """A text of many turns, a line each, ready to be compared with sentences. `text` is normalised."""

    def __init__(self, text: str) -> None:
        points = np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32)
        marks = np.isin(points, [ord(mark) for mark in CLAUSE_MARKS + "\n"])
        kept = _counting(points)
        self._place = np.flatnonzero(kept)
        self._points = points[self._place]
        self._turn = np.cumsum(points == 0x0A)[self._place]
        clause = np.cumsum(marks)[self._place]
        self._clause_first = np.flatnonzero(np.diff(clause, prepend=-1))
        self._clause_of = np.cumsum(np.diff(clause, prepend=-1) != 0) - 1
        self._clause_turn = self._turn[self._clause_first]
        self._pairs = _pairs(self._points)
        self._pairs[self._turn[1:] != self._turn[:-1]] = 0

    @cached_property
    def _order(self) -> Ints:
        return np.argsort(self._pairs, kind="stable")

    @cached_property
    def _sorted(self) -> npt.NDArray[np.uint64]:
        return self._pairs[self._order]

    def like(self, text: str, least: float, *, in_clause: bool = False) -> Likeness:
        """The turns with a passage whose score is at least `least`: one or some clauses in a row, or a stretch of the
        sentence's own length where a recogniser left out the marks. A passage shares a pair of characters with it."""
        sentence = _Sentence(text)
        shared, offset = self._postings(sentence)
        first, last = self._windows(sentence, shared, offset, in_clause=in_clause)
        inside = np.searchsorted(shared, last) - np.searchsorted(shared, first)
        size = last - first
        most = np.minimum(size, sentence.length) + np.minimum(inside, sentence.length - 1)
        mean = (size + sentence.length) / 2
        hopeful = score(np.minimum(most / _weighed(sentence, size), 1.0), mean) >= least
        first, last = first[hopeful], last[hopeful]
        found = score(self.overlap(sentence, first, last), mean[hopeful])
        good = found >= least
        first, last, found = first[good], last[good], found[good]
        turn = self._turn[first]
        best = np.lexsort((first, last - first, -found, turn))
        best = best[np.diff(turn[best], prepend=-1) != 0]
        first, last = self._trimmed(sentence, first[best], last[best])
        exact = score(self.overlap(sentence, first, last), (last - first + sentence.length) / 2)
        return Likeness(turn[best], self._place[first], self._place[last - 1] + 1, np.maximum(exact, found[best]))

    def _trimmed(self, sentence: _Sentence, first: Ints, last: Ints) -> tuple[Ints, Ints]:
        """Without the characters at either end that the sentence has not."""
        for _ in range(sentence.length):
            first = first + ((last - first > 1) & ~np.isin(self._points.take(first, mode="clip"), sentence.chars))
            last = last - ((last - first > 1) & ~np.isin(self._points.take(last - 1, mode="clip"), sentence.chars))
        return first, last

    def _postings(self, sentence: _Sentence) -> tuple[Ints, Ints]:
        """Where pairs of the sentence stand, in order, and each one's place in the sentence."""
        lo = np.searchsorted(self._sorted, sentence.pairs, side="left")
        hi = np.searchsorted(self._sorted, sentence.pairs, side="right")
        place = self._order[ranges(lo, hi)]
        order = np.argsort(place, kind="stable")
        return place[order], np.repeat(sentence.first, hi - lo)[order]

    def _windows(self, sentence: _Sentence, shared: Ints, offset: Ints, *, in_clause: bool) -> tuple[Ints, Ints]:
        """First and end of the passages worth a look: each one once."""
        ends = np.append(self._clause_first[1:], len(self._points))
        touched = np.unique(self._clause_of[shared])
        starts, stops = [], []
        for clauses in range(1, 2 if in_clause else sentence.clauses + _MORE_CLAUSES + 1):
            for before in range(clauses):
                low, high = touched - before, touched - before + clauses - 1
                real = (low >= 0) & (high < len(ends))
                low, high = low[real], high[real]
                real = self._clause_turn[low] == self._clause_turn[high]
                starts.append(self._clause_first[low[real]])
                stops.append(ends[high[real]])
        owner = self._clause_of if in_clause else self._turn
        low = np.searchsorted(owner, owner[shared], side="left")
        high = np.searchsorted(owner, owner[shared], side="right")
        starts.append(np.maximum(shared - offset, low))
        stops.append(np.minimum(shared - offset + sentence.length, high))
        windows = np.unique(np.stack((np.concatenate(starts), np.concatenate(stops))), axis=1)
        return windows[0], windows[1]

    def overlap(self, sentence: _Sentence, first: Ints, last: Ints) -> Floats:
        """How much the sentence and each passage share: d of the formula above."""
        shared = np.zeros(len(first), np.int64)
        room = np.cumsum(last - first + len(sentence.chars) + len(sentence.pairs)) // _MOST_AT_ONCE
        for part in np.split(np.arange(len(first)), np.flatnonzero(np.diff(room)) + 1):
            a, b = first[part], last[part]
            shared[part] = _in_common(self._points, sentence.chars, sentence.char_counts, a, b)
            shared[part] += _in_common(self._pairs, sentence.pairs, sentence.pair_counts, a, np.maximum(b - 1, a))
        return np.asarray(shared / _weighed(sentence, last - first))


def _weighed(sentence: _Sentence, size: Ints) -> Floats:
    """The denominator of d, for passages of that many characters."""
    return np.asarray(_MISSING * sentence.grams + (1 - _MISSING) * (2 * size - 1))


def _in_common(
    text: npt.NDArray[np.unsignedinteger],
    wanted: npt.NDArray[np.unsignedinteger],
    counts: Ints,
    first: Ints,
    last: Ints,
) -> Ints:
    """How many of the wanted grams each passage shares; one that stands twice in both counts twice."""
    if not len(wanted):
        return np.zeros(len(first), np.int64)
    gram = text[ranges(first, last)]
    owner = np.repeat(np.arange(len(first)), last - first)
    at = np.minimum(np.searchsorted(wanted, gram), len(wanted) - 1)
    same = wanted[at] == gram
    table = np.bincount(owner[same] * len(wanted) + at[same], minlength=len(first) * len(wanted))
    common: Ints = np.minimum(table.reshape(len(first), len(wanted)), counts).sum(axis=1)
    return common


def _pairs(points: Points) -> npt.NDArray[np.uint64]:
    wide = points.astype(np.uint64)
    return np.asarray(wide[:-1] << np.uint64(32) | wide[1:])


def _counting(points: Points) -> npt.NDArray[np.bool_]:
    """Which characters count, see `spoken`; each different one is asked about once."""
    different, of = np.unique(points, return_inverse=True)
    counts = [chr(point).isalnum() and chr(point) not in _HESITATION for point in different.tolist()]
    return np.array(counts, np.bool_)[of] if len(points) else np.zeros(0, np.bool_)
