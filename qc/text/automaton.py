"""The text room's door to ahocorasick-rs: many literal patterns, one scan of a shard's buffer, answers as columns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from qc.text.shard import Ints

_FULL_TABLE = 100_000
"""Bytes of patterns up to which a table of every next state is made: half the time of a scan. Beyond, making it costs
more than it saves."""


class Matches(NamedTuple):
    """Pattern index, first byte and end byte of each match, in order of their start."""

    pattern: Ints
    start: Ints
    end: Ints

    def where(self, kept: Ints | np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Matches:
        """The matches selected by a mask or by indices."""
        return Matches(self.pattern[kept], self.start[kept], self.end[kept])

    def extended(self, others: Matches) -> Matches:
        """With others behind."""
        return Matches(*(np.concatenate(pair) for pair in zip(self, others, strict=True)))


class Automaton:
    """Finds `patterns` in UTF-8. `longest`: no overlaps, leftmost first and of those the longest; else every match."""

    def __init__(self, patterns: Sequence[str], *, longest: bool) -> None:
        from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

        self._overlapping = not longest
        kind = MatchKind.LeftmostLongest if longest else MatchKind.Standard
        raw = [pattern.encode("utf-8", "replace") for pattern in patterns]
        engine = Implementation.DFA if sum(map(len, raw)) <= _FULL_TABLE else Implementation.ContiguousNFA
        self._engine = BytesAhoCorasick(raw, kind, engine) if patterns else None

    def scan(self, buffer: bytes) -> Matches:
        """All matches in `buffer`."""
        found = [] if self._engine is None else self._engine.find_matches_as_indexes(buffer, self._overlapping)
        flat = np.fromiter(chain.from_iterable(found), np.int64, 3 * len(found)).reshape(-1, 3)
        return Matches(flat[:, 0].copy(), flat[:, 1].copy(), flat[:, 2].copy())


def whole_words(matches: Matches, buffer: bytes) -> Matches:
    """Leave out matches that cut a run of Latin letters or digits: 12345 inside an order number, ok inside book."""
    if not len(matches.pattern):
        return matches
    latin = np.zeros(256, bool)
    latin[[*range(ord("0"), ord("9") + 1), *range(ord("a"), ord("z") + 1)]] = True
    codes = latin[np.frombuffer(buffer, np.uint8)]
    padded = np.concatenate(([False], codes, [False]))  # padded[i + 1] is buffer[i]
    cuts_left = padded[matches.start] & padded[matches.start + 1]
    cuts_right = padded[matches.end] & padded[matches.end + 1]
    return matches.where(~(cuts_left | cuts_right))
