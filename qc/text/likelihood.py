"""How likely a text is as a row of words: the best segmentation by the frequencies of jieba's dictionary.

log P(text) = max over segmentations of Σ log(count(word) ÷ total), a unigram model as jieba's own; a character that is
no word counts one half.
"""

from __future__ import annotations

from functools import lru_cache
from math import log

from qc.text.words import counts

_UNSEEN = 0.5


def log_of_count(count: float) -> float:
    """The log probability of a word that stands `count` times in the text the dictionary was counted in."""
    return log(count / counts()[1])


@lru_cache(maxsize=20_000)
def log_likelihood(text: str) -> float:
    """Natural logarithm; 0.0 for an empty text. Linear in its length."""
    return _best(text)[0][0]


def segmented(text: str) -> list[tuple[int, str]]:
    """(first character, word) of the best segmentation, in order.

    >>> [word for _, word in segmented("人口净流出")]
    ['人口', '净', '流出']
    """
    best = _best(text)
    out, at = [], 0
    while at < len(text):
        out.append((at, text[at : best[at][1]]))
        at = best[at][1]
    return out


def _best(text: str) -> list[tuple[float, int]]:
    """For each place, the log probability of what follows and the end of its first word."""
    words, total = counts()
    base = log(total)
    best = [(0.0, 0)] * (len(text) + 1)
    for start in range(len(text) - 1, -1, -1):
        end = start + 1
        highest = (log(words.get(text[start], 0) or _UNSEEN) - base + best[end][0], end)
        while end <= len(text) and (count := words.get(text[start:end])) is not None:
            if count:
                highest = max(highest, (log(count) - base + best[end][0], end))
            end += 1
        best[start] = highest
    return best
