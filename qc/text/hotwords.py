"""Hot words (热词) where a text has what only sounds like them: 分布是光伏 → 分布式光伏.

A noisy channel as in spelling correction (Kernighan, Church, Gale 1990): what is written stands for a hot word when

    log P(text with the word) − log P(text) > Σ cost of each character that differs + MARGIN × confidence (+ PAIR)

with P by the words of the dictionary (`qc.text.likelihood`) over the clause around the place. So 公式 stays although
公示 is a hot word: it is a likely word as it is; and a place that cuts words on either side (一|点费|用), as it is
written or as it would be (连|接植 for 连戒值), gains nothing.

Candidates share two syllables with the word; of three and more, one may be another. Time is linear in the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from math import inf

import numpy as np
import numpy.typing as npt

from qc.domain.speech import HotWord
from qc.text.changes import Change
from qc.text.likelihood import log_likelihood, log_of_count, segmented
from qc.text.pinyin import Codes
from qc.text.sounds import FAR, FUZZY, NEAR, NONE, SAME, distances, readings, sounds
from qc.text.words import counts

Ints = npt.NDArray[np.int64]
SHARE = 0.005
"""Of all words said, those that are hot words, together: each is taken to be as frequent as its part of that, at most
COMMON times in the text the dictionary was counted in (60 million words), or as often as the dictionary says if that is
more. So a list of thousands must show more to be believed than one of dozens."""
COMMON = 2_000
COST = {SAME: 1.0, FUZZY: 2.0, NEAR: 8.0, FAR: 12.0}
"""Of a character that differs, by how far its sound does: −log of how often recognisers write so, by and large."""
MARGIN = 2.0
PAIR = 2.0
"""Added to the margin of words of two characters, which have homophones everywhere."""
USUAL = 1_000
"""Occurrences of a word from which it is taken for meant: one that a hot word would cut, or a character where the hot
word's has another sound."""
_AROUND = 8
"""Characters of the clause looked at on either side."""
_CLAUSE = re.compile(r"[^\w]|_")
_SHORT = 2
_BASE = 1 << 10
"""More than there are syllables."""


@lru_cache(maxsize=64)
def hot_words(words: tuple[HotWord, ...]) -> HotWords:
    """The finder of these words, made once per process."""
    return HotWords(words)


class HotWords:
    """Finds what stands for one of `words`; those of a single character, or without any sound, are found only as they
    are `heard`."""

    def __init__(self, words: Sequence[HotWord]) -> None:
        self._texts: list[str] = []
        rows: list[Codes] = []
        for word in words:
            own = [r for r in readings(word.text) if len(r) >= _SHORT and (r != NONE).all()]
            rows += own
            self._texts += [word.text] * len(own)
        self._known = frozenset(w.text for w in words)
        self._length: Ints = np.array([len(r) for r in rows], np.int64)
        self._first: Ints = np.concatenate(([0], np.cumsum(self._length)))
        self._codes = np.concatenate(rows).astype(np.int64) if rows else np.empty(0, np.int64)
        heard = {h: w.text for w in words for h in w.heard}
        self._heard = heard
        self._as_heard = (
            re.compile("|".join(map(re.escape, sorted(heard, key=lambda h: (-len(h), h))))) if heard else None
        )
        self._keys, self._word, self._shift, self._gaps = self._anchors()

    def corrections(self, texts: Sequence[str], confidences: Sequence[float]) -> list[list[Change]]:
        """For each text, heard with that confidence (0..1): what to change, in order, without overlaps."""
        begins = list(accumulate((len(t) + 1 for t in texts), initial=0))
        found: list[list[tuple[float, Change]]] = [[] for _ in texts]
        for word, at in self._candidates("\n".join(texts)):
            i = bisect_right(begins, at) - 1
            start = at - begins[i]
            gain = self._gain(texts[i], word, start, confidences[i])
            if gain > 0:
                found[i].append((gain, Change(start, start + len(self._texts[word]), self._texts[word])))
        if self._as_heard is not None:
            for i, text in enumerate(texts):
                found[i] += [
                    (inf, Change(m.start(), m.end(), self._heard[m[0]])) for m in self._as_heard.finditer(text)
                ]
        return [_apart(own) for own in found]

    def _anchors(self) -> tuple[Ints, Ints, Ints, tuple[int, ...]]:
        """Two syllables of each word by which it is looked for: (sorted keys, word, characters before the first)."""
        table: list[tuple[int, int, int]] = []
        for word, (first, length) in enumerate(zip(self._first.tolist(), self._length.tolist(), strict=False)):
            codes = self._codes[first : first + length].tolist()
            pairs = {(0, 1), (length - 2, length - 1)} | ({(0, 2)} if length == 3 else set())
            for a, b in sorted(pairs):
                table.append(
                    ((b - a) * _BASE * _BASE + int(_fuzzy()[codes[a]]) * _BASE + int(_fuzzy()[codes[b]]), word, a)
                )
        table.sort()
        flat = np.array(table, np.int64).reshape(-1, 3)
        return flat[:, 0], flat[:, 1], flat[:, 2], (1, 2)

    def _candidates(self, text: str) -> list[tuple[int, int]]:
        """(word, start) of what sounds like a word and is written otherwise, sorted."""
        codes = sounds(text).astype(np.int64)
        if len(codes) < _SHORT or not len(self._keys):
            return []
        fuzzy = _fuzzy()[codes]
        words, starts = [], []
        for gap in self._gaps:
            here = (
                np.flatnonzero((codes[:-gap] != NONE) & (codes[gap:] != NONE))
                if len(codes) > gap
                else np.empty(0, np.int64)
            )
            keys = gap * _BASE * _BASE + fuzzy[here] * _BASE + fuzzy[here + gap]
            low, high = np.searchsorted(self._keys, keys), np.searchsorted(self._keys, keys, "right")
            many = high - low
            rows = np.repeat(low - np.cumsum(many) + many, many) + np.arange(many.sum())
            words.append(self._word[rows])
            starts.append(np.repeat(here, many) - self._shift[rows])
        word, start = np.concatenate(words), np.concatenate(starts)
        fits = (start >= 0) & (start + self._length[word] <= len(codes))
        word, start = word[fits], start[fits]
        total, worst = np.zeros(len(word), np.int64), np.zeros(len(word), np.int64)
        for at in range(int(self._length[word].max(initial=0))):
            rows = np.flatnonzero(self._length[word] > at)
            cost = distances()[self._codes[self._first[word[rows]] + at], codes[start[rows] + at]].astype(np.int64)
            total[rows] += cost
            worst[rows] = np.maximum(worst[rows], cost)
        length = self._length[word]
        allowed = np.where(length == _SHORT, SAME, np.where(length == 3, NEAR, FAR))
        kept = (worst <= allowed) & (
            total <= np.where(length == _SHORT, SAME, np.where(length == 3, NEAR, FAR + FUZZY))
        )
        return sorted(set(zip(word[kept].tolist(), start[kept].tolist(), strict=True)))

    def _gain(self, text: str, word: int, start: int, confidence: float) -> float:
        hot = self._texts[word]
        end = start + len(hot)
        written = text[start:end]
        differs = [i for i, (a, b) in enumerate(zip(written, hot, strict=True)) if a.lower() != b.lower()]
        if not differs or written in self._known or any(written[i].isascii() for i in differs):
            return 0.0
        left, right = _around(text, start, end)
        read = segmented(left + written + right)
        edges = (len(left), len(left) + len(hot))
        if any(_is_cut(words, edge) for words in (read, segmented(left + hot + right)) for edge in edges):
            return 0.0
        first = int(self._first[word])
        far = distances()[self._codes[first : first + len(hot)], sounds(written)]
        if any(far[i] > FUZZY and _is_meant(read, len(left) + i) for i in differs):
            return 0.0
        before = log_likelihood(left + written + right)
        own = max(min(SHARE * counts()[1] / len(self._known), COMMON), counts()[0].get(hot, 0))
        after = log_likelihood(left) + log_of_count(own) + log_likelihood(right)
        margin = MARGIN * confidence + (PAIR if len(hot) == _SHORT else 0.0)
        return after - before - sum(COST[int(far[i])] for i in differs) - margin


def _fuzzy() -> Ints:
    """The first syllable of each fuzzy class, by syllable number."""
    first: Ints = np.argmax(distances() <= FUZZY, axis=1)
    return first


def _is_cut(read: Sequence[tuple[int, str]], edge: int) -> bool:
    """Whether a usual word lies across this place of a clause, whose words are `read`."""
    return any(at < edge < at + len(w) and counts()[0].get(w, 0) >= USUAL for at, w in read)


def _is_meant(read: Sequence[tuple[int, str]], at: int) -> bool:
    """Whether a character belongs to a word of the dictionary, or is a usual word of its own: a slip is neither."""
    word = next(w for first, w in read if first <= at < first + len(w))
    return len(word) > 1 or counts()[0].get(word, 0) >= USUAL


def _around(text: str, start: int, end: int) -> tuple[str, str]:
    """The clause on either side of a place."""
    left = text[max(0, start - _AROUND) : start]
    right = text[end : end + _AROUND]
    return _CLAUSE.split(left)[-1], _CLAUSE.split(right)[0]


def _apart(found: list[tuple[float, Change]]) -> list[Change]:
    """Of changes that overlap the one that gains most."""
    out: list[Change] = []
    taken: set[int] = set()
    for _, change in sorted(found, key=lambda f: (-f[0], f[1])):
        if taken.isdisjoint(range(change.start, change.end)):
            taken.update(range(change.start, change.end))
            out.append(change)
    return sorted(out)
