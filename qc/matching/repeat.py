"""repeat 上下文重复: a speaker says again what he said a few turns ago."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from qc.domain.conversation import Role
from qc.domain.operators import Repeat, Words
from qc.domain.rule import Frame
from qc.matching.context import Context
from qc.matching.evidence import NONE, Bools, Cause, Evidence, Flags, Floats
from qc.matching.frame import Selection
from qc.matching.registry import evaluates
from qc.matching.whole_turns import whole_turns
from qc.text.columns import ranges
from qc.text.shard import ROLE_CODES, Ints, Shard

_UNKNOWN = ROLE_CODES[Role.UNKNOWN]
_MOST_PAIRS = 500_000
"""Pairs of turns looked at in one go."""
_MOST_TURNS = 2_000
"""A conversation with more turns than this is not judged when it is unknown who spoke some of them: every turn would
have to be compared with every other."""
_CHAR, _TURN = 21, 42
"""Bits of a character (Unicode has fewer than 2²¹), and of two: above them is the turn."""


@evaluates(Repeat)
def find_repeats(operator: Repeat, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """Turns that are like `times − 1` or more of the speaker's `previous` turns before them.

    Likeness is Dice's coefficient of the sets of adjacent characters: 2·|A∩B| / (|A|+|B|) (L. R. Dice, Ecology 26,
    1945). Turns shorter than `min_chars` are passed over and do not count as turns between.
    """
    shard = selection.shard
    grams = _grams(operator, frame, selection, context)
    unclear = shard.confidence < context.floor
    crowded = _crowded(shard, grams)
    needed = operator.times - 1
    n = len(shard.turns)
    sure, possible = np.zeros(n, np.int64), np.zeros(n, np.int64)
    cause, best, like = np.zeros(n, np.uint8), np.zeros(n), np.full(n, NONE, np.int64)
    for pairs in _pairs(operator, shard, grams, crowded):
        score = np.where(selection.inside[pairs.later], grams.likeness(pairs, operator.score), 0)
        alike = np.flatnonzero(score >= operator.score)
        alike = alike[np.lexsort((pairs.earlier[alike], score[alike]))]  # the best last; of equals the nearest
        later, earlier, score = pairs.later[alike], pairs.earlier[alike], score[alike]
        doubt = pairs.doubt[alike] | np.where(unclear[earlier], np.uint8(Cause.LOW_CONFIDENCE), np.uint8(0))
        np.add.at(sure, later[doubt == 0], 1)
        np.add.at(possible, later, 1)
        np.bitwise_or.at(cause, later, doubt)
        better = score >= best[later]
        best[later[better]], like[later[better]] = score[better], earlier[better]
    turns = np.flatnonzero(possible >= needed)
    found = whole_turns(
        shard,
        turns,
        value=best[turns],
        cause=np.where(sure[turns] >= needed, np.uint8(0), cause[turns]),
        note=_notes(context, shard, like[turns], best[turns]),
    )
    reason = f"没有区分出说话人，话轮又超过 {_MOST_TURNS} 个，没有逐一比较"
    return Evidence(hits=found, unmeasured=dict.fromkeys(np.flatnonzero(crowded).tolist(), reason))


def _notes(context: Context, shard: Shard, like: Ints, score: Floats) -> Ints:
    number = like - shard.first_turn[shard.conversation[like]] + 1
    said = [
        context.note(f"与第 {turn} 轮的话" + ("相同" if value == 1 else f"相似 {value:.0%}"))
        for turn, value in zip(number.tolist(), score.tolist(), strict=True)
    ]
    return np.array(said, np.int64)


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Pairs of turns to compare; `doubt`: Cause flags, 0 where both are certainly one speaker's and near enough."""

    later: Ints
    earlier: Ints
    doubt: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grams:
    """Adjacent characters of the turns long enough to be compared. `turns`: these turns, in order; `size`: different
    pairs of characters per turn; `keys`: the turn and the two characters in one number, rising; `first`: a turn's first
    row."""

    turns: Ints
    size: Ints
    keys: Ints
    first: Ints

    def likeness(self, pairs: _Pairs, least: float) -> Floats:
        """Dice's coefficient for each pair of turns; 0 where the sizes alone say that it is below `least`."""
        a, b = pairs.later, pairs.earlier
        score = np.zeros(len(a))
        smaller, larger = np.minimum(self.size[a], self.size[b]), np.maximum(self.size[a], self.size[b])
        rows = np.flatnonzero((2 * smaller >= least * (smaller + larger) - 1e-9) & (smaller > 0))
        count = self.size[a[rows]]
        of = np.repeat(np.arange(len(rows)), count)
        at = ranges(self.first[a[rows]], self.first[a[rows]] + count)
        wanted = self.keys[at] + ((b[rows] - a[rows])[of] << _TURN)
        found = np.minimum(np.searchsorted(self.keys, wanted), max(len(self.keys) - 1, 0))
        shared = np.bincount(of[self.keys[found] == wanted], minlength=len(rows)) if len(of) else np.zeros(len(rows))
        score[rows] = 2 * shared / (smaller + larger)[rows]
        return score


def _grams(operator: Repeat, frame: Frame, selection: Selection, context: Context) -> _Grams:
    shard = selection.shard
    codes = np.frombuffer(shard.text.encode("utf-32-le", "replace"), np.uint32).astype(np.int64)
    said = (
        ((codes >= 0x3400) & (codes < 0xA000))
        | (codes >= 0x20000)
        | ((codes >= ord("0")) & (codes <= ord("9")))
        | ((codes >= ord("a")) & (codes <= ord("z")))
    )
    if operator.exclude != Words():
        [(_, left_out)] = context.words(frame, selection, operator.exclude)
        edges = np.zeros(len(codes) + 1, np.int64)
        np.add.at(edges, left_out.begin, 1)
        np.add.at(edges, left_out.finish, -1)
        said &= np.cumsum(edges)[:-1] == 0
    turn = np.repeat(np.arange(len(shard.turns)), np.diff(shard.char_start))[: len(codes)][said]
    codes = codes[said]
    n = len(shard.turns)
    long_enough = np.bincount(turn, minlength=n) >= operator.min_chars
    pairs = np.flatnonzero((turn[1:] == turn[:-1]) & long_enough[turn[1:]])
    keys = np.sort(turn[pairs] << _TURN | codes[pairs] << _CHAR | codes[pairs + 1])
    keys = keys[np.diff(keys, prepend=-1) != 0]
    size = np.bincount(keys >> _TURN, minlength=n).astype(np.int64)
    return _Grams(turns=np.flatnonzero(long_enough), size=size, keys=keys, first=np.cumsum(size) - size)


def _crowded(shard: Shard, grams: _Grams) -> Bools:
    """Conversations with too many turns to compare each with each, as a speaker nobody knows asks for."""
    owner = shard.conversation[grams.turns]
    unknown = owner[shard.role[grams.turns] == _UNKNOWN]
    lost = np.bincount(unknown, minlength=len(shard)) > 0
    return np.asarray(lost & (np.bincount(owner, minlength=len(shard)) > _MOST_TURNS))


def _pairs(operator: Repeat, shard: Shard, grams: _Grams, crowded: Bools) -> Iterator[_Pairs]:
    """Pairs of turns of one speaker with fewer than `previous` turns of his between.

    A turn whose speaker is unknown may be his, or not: it may stand between, and it may be one of the two.
    """
    turns = grams.turns[~crowded[shard.conversation[grams.turns]]]
    owner, role = shard.conversation[turns], shard.role[turns]
    unknown = role == _UNKNOWN
    unknown_before = np.concatenate(([0], np.cumsum(unknown)))
    rows = np.flatnonzero(~unknown)
    rows = rows[np.lexsort((rows, role[rows], owner[rows]))]
    for lag in range(1, operator.previous + 1):
        later, earlier = rows[lag:], rows[:-lag]
        same = (owner[later] == owner[earlier]) & (role[later] == role[earlier])
        later, earlier = later[same], earlier[same]
        between = lag - 1 + unknown_before[later] - unknown_before[earlier]
        yield _Pairs(turns[later], turns[earlier], _doubt(between >= operator.previous))
    if unknown.any():
        yield from _unknown_pairs(operator, shard, turns, np.isin(owner, owner[unknown]))


def _unknown_pairs(operator: Repeat, shard: Shard, turns: Ints, concerned: Bools) -> Iterator[_Pairs]:
    """All pairs of turns of which at least one has no known speaker."""
    turns = turns[concerned]
    owner, role = shard.conversation[turns], shard.role[turns]
    before = np.arange(len(turns)) - np.searchsorted(owner, owner)  # turns of the conversation before each
    seen = np.stack([np.concatenate(([0], np.cumsum(role == code))) for code in ROLE_CODES.values()])
    ends = np.cumsum(before)
    start = 0
    while start < len(turns):
        stop = max(start + 1, int(np.searchsorted(ends, ends[start] + _MOST_PAIRS)))
        count = before[start:stop]
        later = np.repeat(np.arange(start, stop), count)
        back = np.arange(len(later)) - np.repeat(np.cumsum(count) - count, count) + 1
        earlier = later - back
        open_ = (role[later] == _UNKNOWN) | (role[earlier] == _UNKNOWN)
        later, earlier = later[open_], earlier[open_]
        speaker = np.where(role[later] == _UNKNOWN, role[earlier], role[later])
        between = np.where(speaker == _UNKNOWN, 0, seen[speaker, later] - seen[speaker, earlier + 1])
        near = between < operator.previous
        yield _Pairs(turns[later[near]], turns[earlier[near]], _doubt(near[near]))
        start = stop


def _doubt(doubtful: Bools) -> Flags:
    return np.where(doubtful, np.uint8(Cause.UNKNOWN_ROLE), np.uint8(0)).astype(np.uint8)
