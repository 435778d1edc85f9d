"""What the clock says of each conversation: speech, silence, speaking rate. Columns over a shard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qc.domain.conversation import Role
from qc.text.masking import MASK
from qc.text.shard import NO_TIME, ROLE_CODES, Ints, Shard

Bools = npt.NDArray[np.bool_]
SILENCE_FLOOR_MS = 3_000
"""A shorter gap is ordinary turn-taking and is not added to the silence total."""
_NOTHING = -1
_SPOKEN_ALONE = ((0x3400, 0x9FFF), (0x20000, 0x323AF), (0xF900, 0xFAFF), (0x3007, 0x3007), (ord("0"), ord("9")))
"""Code points that are one syllable or so each: Han characters, and digits, which are read out one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """One number per conversation; −1 where the turns carry no spans of time (typed text).

    `longest_silence_ms` and `silence_ms` (the sum of gaps from SILENCE_FLOOR_MS up) count between the first and the
    last turn; a gap is where nobody speaks. `agent_chars_per_min` counts spoken characters (see `spoken_chars`).
    """

    agent_speech_ms: Ints
    customer_speech_ms: Ints
    longest_silence_ms: Ints
    silence_ms: Ints
    agent_chars_per_min: Ints


def spoken_chars(shard: Shard) -> Ints:
    """字数 per turn, what is said aloud: every Han character, every digit and every Latin word is one; punctuation and
    spaces are none. A digit behind a mask (1380****000) was spoken too."""
    codes = np.frombuffer(shard.text.encode("utf-32-le", "replace"), np.uint32)
    said = codes == ord(MASK)
    for first, last in _SPOKEN_ALONE:
        said |= (codes >= first) & (codes <= last)
    letter = (codes >= ord("a")) & (codes <= ord("z"))  # the shard's text is in lower case
    said |= letter & ~np.concatenate(([False], letter[:-1]))[: len(letter)]
    running = np.concatenate(([0], np.cumsum(said)))
    ends = np.minimum(shard.char_start[1:] - 1, len(codes))
    return np.asarray(running[np.maximum(ends, shard.char_start[:-1])] - running[shard.char_start[:-1]], np.int64)


def measure(shard: Shard) -> Timing:
    """Timing of every conversation of the shard."""
    n = len(shard)
    timed = (shard.start_ms != NO_TIME) & (shard.end_ms > shard.start_ms)
    length = np.where(timed, shard.end_ms - shard.start_ms, 0)
    has_time = np.bincount(shard.conversation[timed], minlength=n) > 0

    def speech(role: Role) -> Ints:
        mine = timed & (shard.role == ROLE_CODES[role])
        total = np.bincount(shard.conversation[mine], weights=length[mine], minlength=n).astype(np.int64)
        return np.where(has_time, total, _NOTHING)

    silent = gaps(shard, timed)
    longest = np.zeros(n, np.int64)
    np.maximum.at(longest, silent.conversation, silent.length_ms)
    counted = silent.length_ms >= SILENCE_FLOOR_MS
    total = np.bincount(silent.conversation[counted], weights=silent.length_ms[counted], minlength=n).astype(np.int64)

    agent = timed & (shard.role == ROLE_CODES[Role.AGENT])
    chars = np.bincount(shard.conversation[agent], weights=spoken_chars(shard)[agent], minlength=n)
    spoken_ms = speech(Role.AGENT)
    rate = np.where(spoken_ms > 0, chars * 60_000 / np.maximum(spoken_ms, 1), _NOTHING)
    return Timing(
        agent_speech_ms=speech(Role.AGENT),
        customer_speech_ms=speech(Role.CUSTOMER),
        longest_silence_ms=np.where(has_time, longest, _NOTHING),
        silence_ms=np.where(has_time, total, _NOTHING),
        agent_chars_per_min=np.rint(rate).astype(np.int64),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """Stretches in which nobody speaks, by conversation and time: the turn that spoke last before, the turn that speaks
    after, and the times."""

    conversation: Ints
    before: Ints
    after: Ints
    start_ms: Ints
    end_ms: Ints

    @property
    def length_ms(self) -> Ints:
        return self.end_ms - self.start_ms


def gaps(shard: Shard, speaking: Bools) -> Gaps:
    """The gaps between the turns `speaking`, all of which have a start; a message (no end) takes no time."""
    turns = np.flatnonzero(speaking)
    end_ms = np.maximum(shard.end_ms, shard.start_ms)
    order = turns[np.lexsort((end_ms[turns], shard.start_ms[turns], shard.conversation[turns]))]
    if len(order) < 2:
        none = np.zeros(0, np.int64)
        return Gaps(conversation=none, before=none, after=none, start_ms=none, end_ms=none)
    owner = shard.conversation[order]
    # A conversation's clock is shifted past the previous one's, so that one running maximum serves them all.
    shift = owner * (int(end_ms[order].max()) + 1)
    ends = end_ms[order] + shift
    spoken_until = np.maximum.accumulate(ends)
    latest = np.maximum.accumulate(np.where(ends == spoken_until, np.arange(len(order)), 0))
    gap = shard.start_ms[order][1:] + shift[1:] - spoken_until[:-1]
    kept = np.flatnonzero((owner[1:] == owner[:-1]) & (gap > 0))
    before, after = order[latest[kept]], order[kept + 1]
    return Gaps(
        conversation=owner[kept],
        before=before,
        after=after,
        start_ms=end_ms[before],
        end_ms=shard.start_ms[after],
    )
