"""The text room's door to ahocorasick-rs: many literal patterns, one scan of a shard's buffer, answers as columns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from qc.text.columns import Ints, Points

_FULL_TABLE = 100_000
"""Bytes of patterns up to which a table of every next state is made: half the time of a scan. Beyond, making it costs
more than it saves."""
_LATIN = np.zeros(128, np.bool_)
_LATIN[[*range(ord("0"), ord("9") + 1), *range(ord("a"), ord("z") + 1)]] = True


class Matches(NamedTuple):
    """Pattern index, start and end of each match, by their start: bytes of a buffer, or characters of a text."""

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
    """Finds every match of `patterns` in UTF-8, overlapping ones too; the longest alone are for `qc.text.longest`."""

    def __init__(self, patterns: Sequence[str]) -> None:
        from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

        raw = [pattern.encode("utf-8", "replace") for pattern in patterns]
        engine = Implementation.DFA if sum(map(len, raw)) <= _FULL_TABLE else Implementation.ContiguousNFA
        self._engine = BytesAhoCorasick(raw, MatchKind.Standard, engine) if patterns else None

    def scan(self, buffer: bytes) -> Matches:
        """All matches in `buffer`."""
        found = [] if self._engine is None else self._engine.find_matches_as_indexes(buffer, True)
        flat = np.fromiter(chain.from_iterable(found), np.int64, 3 * len(found)).reshape(-1, 3)
        return Matches(flat[:, 0].copy(), flat[:, 1].copy(), flat[:, 2].copy())


def whole_words(matches: Matches, text: bytes | Points) -> Matches:
    """Leave out matches that cut a run of Latin letters or digits: 12345 inside an order number, ok inside book."""
    codes = np.frombuffer(text, np.uint8) if isinstance(text, bytes) else text

    def latin(at: Ints) -> npt.NDArray[np.bool_]:
        return _LATIN[np.minimum(codes[np.clip(at, 0, len(codes) - 1)], _LATIN.size - 1)]

    if not len(matches.pattern):
        return matches
    cuts_left = latin(matches.start - 1) & latin(matches.start) & (matches.start > 0)
    cuts_right = latin(matches.end - 1) & latin(matches.end) & (matches.end < len(codes))
    return matches.where(~(cuts_left | cuts_right))
