"""Which words of a shard were heard for certain.

A turn may last a minute and hold many phrases: words are as certain as the least certain phrase they stand in. Where
the phrases of a turn are not known, and for what concerns a turn as a whole, the turn's own confidence counts.
"""

from __future__ import annotations

import numpy as np

from qc.matching.evidence import Bools
from qc.text.shard import Ints, Shard

HIDING = 3
"""Characters of what was not heard clearly that may have been something worth saying: two and the mark behind them.
Less is a murmur."""


class Clarity:
    """Words below the confidence `floor` are not certain. `turns` marks the turns that are so as a whole, `anywhere`
    those that are so or hold a phrase that is, `hiding` those where so much is that something may have been said."""

    def __init__(self, shard: Shard, floor: float) -> None:
        self.turns: Bools = np.asarray(shard.confidence < floor)
        self.anywhere: Bools = self.turns
        self.hiding: Bools = self.turns & (np.diff(shard.char_start) - 1 >= HIDING)
        self._phrases = phrases = shard.phrases
        if phrases is not None:
            # low phrases before each row: a span of rows is clear when there are as many at both of its ends
            self._low: Ints = np.concatenate(([0], np.cumsum(phrases.confidence < floor, dtype=np.int64)))
            first = phrases.first
            self.anywhere = self.turns | (self._low[first[1:]] > self._low[first[:-1]])
            low = np.flatnonzero((phrases.confidence < floor) & (phrases.end - phrases.start >= HIDING))
            known = first[1:] > first[:-1]
            self.hiding = np.where(known, np.diff(np.searchsorted(low, first)) > 0, self.hiding)

    def unclear(self, turn: Ints, start: Ints, last_turn: Ints, end: Ints) -> Bools:
        """Whether each span, from character `start` of `turn` to `end` (exclusive) of `last_turn`, touches words that
        are not certain; `start` below 0: the turns as a whole. Turns between the two are not looked at."""
        whole = self.turns[turn] | self.turns[last_turn]
        if self._phrases is None:
            return np.asarray(whole)
        first = self._phrases.first
        begin, known = self._phrases.at(turn, np.maximum(start, 0))
        finish, last_known = self._phrases.at(last_turn, np.maximum(end - 1, 0))
        one = turn == last_turn
        head = self._low[np.where(one, finish + 1, first[turn + 1])] > self._low[begin]
        tail = self._low[finish + 1] > self._low[np.where(one, begin, first[last_turn])]
        low = np.where(known, head, self.turns[turn]) | np.where(last_known, tail, self.turns[last_turn])
        return np.asarray(np.where(start < 0, whole, low))
