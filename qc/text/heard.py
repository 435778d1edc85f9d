"""The phrases of a shard's turns as columns: what was heard at a stretch inside a turn, when, and how surely."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from qc.domain.conversation import Phrase, Turn

Ints = npt.NDArray[np.int64]
_TURN = 32
"""Bits below the turn in a phrase's key; a turn is shorter than 2**31 characters."""


class PhraseColumns:
    """Phrases of all turns, in order: turn t owns rows `first[t]:first[t + 1]`, perhaps none.

    `start`/`end` are characters of the turn (end exclusive), `start_ms`/`end_ms` times of the conversation,
    `confidence` in 0..1. `until_ms` is `end_ms`, or where the next phrase of the turn begins if that is earlier: time
    grows with the characters.
    """

    def __init__(
        self,
        *,
        first: Ints,
        start: Ints,
        end: Ints,
        start_ms: Ints,
        end_ms: Ints,
        confidence: npt.NDArray[np.float32],
    ) -> None:
        self.first = first
        self.start = start
        self.end = end
        self.start_ms = start_ms
        self.confidence = confidence
        turn = np.repeat(np.arange(len(first) - 1, dtype=np.int64), np.diff(first))
        self._key = (turn << _TURN) + start
        follows = np.flatnonzero(turn[1:] == turn[:-1])
        self.end_ms = end_ms
        self.until_ms = end_ms.copy()
        self.until_ms[follows] = np.minimum(end_ms[follows], np.maximum(start_ms[follows + 1], start_ms[follows]))

    def __len__(self) -> int:
        return len(self.start)

    def at(self, turn: Ints, char: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """(row of the phrase that holds the character, whether the turn has phrases at all); a character that no
        phrase of the turn holds belongs to the one before it, or else to the first."""
        low, high = self.first[turn], self.first[turn + 1]
        row = np.searchsorted(self._key, (turn << _TURN) + char, side="right") - 1
        row = np.clip(np.clip(row, low, high - 1), 0, len(self) - 1)
        return row, np.asarray(high > low)

    def of(self, turn: int) -> tuple[Phrase, ...]:
        """The phrases of one turn as objects."""
        rows = range(int(self.first[turn]), int(self.first[turn + 1]))
        return tuple(
            Phrase(
                start=int(self.start[i]),
                end=int(self.end[i]),
                start_ms=int(self.start_ms[i]),
                end_ms=int(self.end_ms[i]),
                confidence=float(self.confidence[i]),
            )
            for i in rows
        )


def phrase_columns(turns: Sequence[Turn]) -> PhraseColumns | None:
    """The phrases of turns that are objects; None where no turn has any."""
    phrases = [p for t in turns for p in t.phrases]
    if not phrases:
        return None
    counts = np.fromiter((len(t.phrases) for t in turns), np.int64, len(turns))
    places = np.array([(p.start, p.end, p.start_ms, p.end_ms) for p in phrases], np.int64)
    start, end, start_ms, end_ms = places.T.copy()
    return PhraseColumns(
        first=np.concatenate(([0], np.cumsum(counts))),
        start=start,
        end=end,
        start_ms=start_ms,
        end_ms=end_ms,
        confidence=np.array([p.confidence for p in phrases], np.float32),
    )
