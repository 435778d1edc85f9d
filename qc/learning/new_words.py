"""New words: strings of Han characters that hold together and stand between many different neighbours.

Two measures, as usual for Chinese word discovery without labels. Cohesion is the pointwise mutual information of the
two parts of the string at the weakest place to cut it (Church and Hanks 1990); freedom is the entropy of the characters
beside it, at the poorer side (boundary entropy; Huang and Powers 2003). Natural logarithms in both. Counted in numpy
over code points: a string of n characters is the number of its first n - 1 characters followed by one more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qc.text.columns import Ints
from qc.text.normalise import normalise_codes
from qc.text.numerals import NUMERALS
from qc.text.terms import stop_words
from qc.text.words import Segmenter, counts

LONGEST = 6
"""Characters of the longest string that is looked at (七天无理由 has five)."""
MIN_PMI, MIN_ENTROPY = 3.0, 1.0
_HAN_FROM, _HAN_TO = 0x4E00, 0xA000
_NEVER = frozenset("的你我他她它您")
"""Characters no new word holds."""
_ENDS = frozenset(
    "了吗呢吧啊呀哦嗯呗嘛么哈这那哪们是就都也还又把被给在有没不很太再去来说要会能可想让跟和与或及其之个些几请帮为后前"
)
"""Characters of grammar that no new word begins or ends with."""
_NUMERALS = frozenset(NUMERALS)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWord:
    """`text` occurs `count` times; `pmi` and `entropy` in nats; `example` is an index into the texts."""

    text: str
    count: int
    pmi: float
    entropy: float
    example: int


@dataclass(frozen=True, slots=True)
class _Level:
    """Strings of one length: `at` and `string` (a number) of each place where one begins, `counts` per string, and
    `parts`: numbers of the string without its last character, and without its first."""

    at: Ints
    string: Ints
    counts: Ints
    parts: tuple[Ints, Ints]


def new_words(texts: Sequence[str], *, known: Collection[str] = (), min_count: int = 5) -> tuple[NewWord, ...]:
    """Words of `texts` that are in neither jieba's dictionary nor `known`, by falling count, then by their characters.

    A string counts that occurs `min_count` times or more with a PMI of MIN_PMI and an entropy of MIN_ENTROPY. Left out
    is what holds a numeral, begins or ends with a word of grammar, or is part of a longer new word that occurs (nearly)
    as often.
    """
    points, starts = _joined(texts)
    levels = _levels(points, max(min_count, 2))
    in_dictionary, _ = counts()
    stops, segmenter = stop_words(), Segmenter()
    found: list[NewWord] = []
    for n in range(2, len(levels) + 1):
        level = levels[n - 1]
        pmi, entropy = _pmi(levels, n), _entropy(points, level, n)
        first = np.full(len(level.counts), len(points), np.int64)
        np.minimum.at(first, level.string, level.at)
        for i in np.flatnonzero((pmi >= MIN_PMI) & (entropy >= MIN_ENTROPY)).tolist():
            at = int(first[i])
            text = points[at : at + n].tobytes().decode("utf-32-le")
            if in_dictionary.get(text, 0) or text in known or not says(text) or set(segmenter.cut(text)) & stops:
                continue
            found.append(
                NewWord(
                    text=text,
                    count=int(level.counts[i]),
                    pmi=round(float(pmi[i]), 2),
                    entropy=round(float(entropy[i]), 2),
                    example=int(np.searchsorted(starts, at, side="right")) - 1,
                )
            )
    return tuple(sorted(_longest(found), key=lambda w: (-w.count, w.text)))


def says(text: str) -> bool:
    """Whether a word or phrase may name a thing: it holds no numeral and does not begin or end with grammar."""
    return text[0] not in _ENDS and text[-1] not in _ENDS and not (_NUMERALS | _NEVER) & set(text)


def _longest(found: Sequence[NewWord]) -> list[NewWord]:
    """Without the pieces of longer words: 增票资 of 增票资质."""
    kept: list[NewWord] = []
    for word in sorted(found, key=lambda w: (-len(w.text), w.text)):
        if not any(word.text in longer.text and word.count < 1.5 * longer.count for longer in kept):
            kept.append(word)
    return kept


def _joined(texts: Sequence[str]) -> tuple[npt.NDArray[np.uint32], Ints]:
    """The normalised texts as code points with a line feed behind each, and where each begins."""
    codes = np.frombuffer("".join(f"{t}\n" for t in texts).encode("utf-32-le", "replace"), np.uint32)
    ends = np.cumsum([len(t) + 1 for t in texts], dtype=np.int64)
    points = normalise_codes(codes)
    points[ends - 1] = ord("\n")
    return points, np.concatenate(([0], ends))[:-1]


def _levels(points: npt.NDArray[np.uint32], min_count: int) -> list[_Level]:
    han = (points >= _HAN_FROM) & (points < _HAN_TO)
    at = np.flatnonzero(han)
    letters, string, letter_counts = np.unique(points[at], return_inverse=True, return_counts=True)
    number = np.full(len(points) + 1, -1, np.int64)  # of the character at each place; none behind the end
    number[at] = string
    width = len(letters) + 1
    nowhere = np.zeros(0, np.int64)
    levels = [_Level(at, string, letter_counts, (nowhere, nowhere))]
    here = number.copy()  # the number of the string of the last level that begins at each place
    for _ in range(1, LONGEST):
        n = len(levels)
        before = levels[-1]
        on = (number[np.minimum(before.at + n, len(points))] >= 0) & (here[np.minimum(before.at + 1, len(points))] >= 0)
        at = before.at[on]
        key, string, count = np.unique(
            before.string[on] * width + number[at + n], return_inverse=True, return_counts=True
        )
        often = count >= min_count
        renumbered = np.where(often, np.cumsum(often) - 1, -1)
        string = renumbered[string]
        at, string = at[string >= 0], string[string >= 0]
        if not len(at):
            break
        head = key[often] // width
        tail = np.zeros(int(often.sum()), np.int64)
        tail[string] = here[at + 1]
        here = np.full(len(points) + 1, -1, np.int64)
        here[at] = string
        levels.append(_Level(at, string, count[often], (head, tail)))
    return levels


def _pmi(levels: Sequence[_Level], n: int) -> npt.NDArray[np.float64]:
    """Of the strings of n characters: the least over the places to cut, of ln p(string) / (p(left) p(right))."""
    total = float(len(levels[0].at))
    whole = np.log(levels[n - 1].counts / total)
    left = right = np.arange(len(levels[n - 1].counts))
    heads, tails = [], []  # ln p of the first n-1, n-2 … and of the last n-1, n-2 … characters
    for size in range(n - 1, 0, -1):
        left, right = levels[size].parts[0][left], levels[size].parts[1][right]
        heads.append(np.log(levels[size - 1].counts[left] / total))
        tails.append(np.log(levels[size - 1].counts[right] / total))
    cuts = [whole - heads[n - 1 - k] - tails[k - 1] for k in range(1, n)]
    least: npt.NDArray[np.float64] = np.min(cuts, axis=0)
    return least


def _entropy(points: npt.NDArray[np.uint32], level: _Level, n: int) -> npt.NDArray[np.float64]:
    """Of each string: the entropy of the characters before it or behind it, whichever is less. A place without any (the
    edge of a text) is a neighbour of its own each time."""
    sides = []
    for place in (level.at - 1, level.at + n):
        beside = points[np.clip(place, 0, len(points) - 1)].astype(np.int64)
        edge = (place < 0) | (beside == ord("\n"))
        beside[edge] = 0x110000 + place[edge] + 1
        pairs, times = np.unique(level.string * (0x110000 + len(points) + 2) + beside, return_counts=True)
        string = pairs // (0x110000 + len(points) + 2)
        share = times / level.counts[string]
        sides.append(-np.bincount(string, weights=share * np.log(share), minlength=len(level.counts)))
    least: npt.NDArray[np.float64] = np.minimum(*sides)
    return least
