"""Character n-grams of turns as hashed slots, for all turns at once.

A turn is read with a mark before and behind it, so that how it begins and ends is an n-gram too; all digits are one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qc.text.columns import Ints, Points, ranges
from qc.text.shard import Shard

Slots = npt.NDArray[np.uint32]

LONGEST = 4
MOST_BITS = 22
"""The longest n-grams and the largest table that a head may have."""
MOST_CHARS = 2048
"""Characters of a turn that are read, marks included; what comes behind them is not looked at."""
_MARK = 0x0A
_MULTIPLIER = np.uint32(0x9E3779B1)
"""2**32 / golden ratio, made odd: Knuth's multiplicative hashing."""
_ZERO, _NINE = ord("0"), ord("9")


@dataclass(frozen=True, slots=True)
class MarkedTurns:
    """Some turns of a shard with a mark before and behind each, in one array.

    `points`: the characters. `place`: where in the shard's text each stands (a mark: beside its turn). Turn i of those
    asked for stands at `first[i]:first[i + 1]`; an empty one has nothing, not even marks.
    """

    points: Points
    place: Ints
    first: Ints

    @classmethod
    def of(cls, shard: Shard, turns: Ints) -> MarkedTurns:
        begin = shard.char_start[turns]
        end = np.minimum(shard.char_start[turns + 1] - 1, begin + MOST_CHARS - 2)
        size = np.where(end > begin, end - begin + 2, 0)
        first = np.concatenate(([0], np.cumsum(size))).astype(np.int64)
        place = ranges(begin - 1, begin - 1 + size)
        points = shard.points.take(place, mode="clip")
        filled = size > 0
        points[first[:-1][filled]] = _MARK
        points[first[1:][filled] - 1] = _MARK
        points[(points >= _ZERO) & (points <= _NINE)] = _ZERO
        return cls(points, place, first)

    def counts(self, longest: int) -> Ints:
        """How many n-grams of 1 to `longest` characters each turn has; marks alone are none."""
        size = np.diff(self.first)
        total = np.maximum(size - 2, 0)
        for n in range(2, longest + 1):
            total = total + np.maximum(size - n + 1, 0)
        return np.asarray(total, np.int64)

    def slots(self, longest: int, bits: int) -> Iterator[Slots]:
        """For each length from 1 to `longest`: the slot of the n-gram that begins at each point; `2**bits` where none
        does, because the turn ends before it."""
        none = np.uint32(1 << bits)
        final = np.zeros(len(self.points) + 1, bool)
        final[self.first[1:]] = True  # a turn begins here, or all are over
        crosses = np.zeros(len(self.points), bool)
        hashed = self.points * _MULTIPLIER
        for size in range(1, longest + 1):
            n = len(self.points) - size + 1
            if n <= 0:
                return
            if size > 1:
                hashed = (hashed[:n] ^ self.points[size - 1 :]) * _MULTIPLIER
                crosses = crosses[:n] | final[size - 1 : size - 1 + n]
            slot = ((hashed ^ (hashed >> np.uint32(15))) * _MULTIPLIER) >> np.uint32(32 - bits)
            slot[crosses if size > 1 else self.points == _MARK] = none
            yield slot
