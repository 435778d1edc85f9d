"""How usual Chinese words are, and one after another: a bigram model with back-off (Katz 1987).

`pairs.npz` beside this file holds the words of an input method and the million pairs of them that tell most;
NOTICE says whence, and under which licence. Where the file is absent, nothing is judged by its words.
"""

from __future__ import annotations

import hashlib
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

FILE = Path(__file__).parent / "pairs.npz"
STEP = 16
"""Numbers in the file are sixteenths of a nat."""
START = -1
"""The number of no word: before the first one."""
_UNKNOWN = -15.0
"""A character that is no word: a little less likely than the rarest."""
_MAX_KNOWN = 100_000
"""Answers remembered at once."""


class WordPairs:
    """Some 40 MB, read in 0.2 s: one per worker process."""

    def __init__(self, file: Path = FILE) -> None:
        with np.load(file, allow_pickle=False) as stored:
            words = stored["words"].tobytes().decode().split("\n")
            self._cost, self._back_off = stored["word_cost"], stored["back_off"]
            self._ends = np.cumsum(stored["pairs"], dtype=np.int64)
            self._second, self._pair_cost = stored["second"], stored["pair_cost"]
        self.number = {word: number for number, word in enumerate(words)}.get
        """Word → its number; None for what is no word."""
        self.log_probability = lru_cache(_MAX_KNOWN)(self._log_probability)
        """Natural logarithm of how likely the word of the second number is after that of the first (or START)."""
        beginnings: dict[str, int] = {}
        for number, word in enumerate(words):  # the most frequent first
            for length in range(1, len(word)):
                beginnings.setdefault(word[:length], number)
        self.beginning = beginnings.get
        """Characters → the most frequent of the longer words that begin with them; None for what begins none."""

    def _log_probability(self, before: int, word: int | None) -> float:
        if word is None:
            return _UNKNOWN
        alone = -float(self._cost[word]) / STEP
        if before == START:
            return alone
        first, end = self._ends[before - 1] if before else 0, self._ends[before]
        at = first + np.searchsorted(self._second[first:end], word)
        if at < end and self._second[at] == word:
            return -float(self._pair_cost[at]) / STEP
        return alone - float(self._back_off[before]) / STEP


@cache
def pairs_id() -> str:
    """For an engine's `options_id`: the digest of the file; empty without one."""
    return f",pairs-{hashlib.sha256(FILE.read_bytes()).hexdigest()[:8]}" if FILE.is_file() else ""
