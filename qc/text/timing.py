"""What the clock says of each conversation: speech, silence, speaking rate. Columns over a shard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qc.domain.conversation import Role
from qc.text.shard import NO_TIME, ROLE_CODES, Ints, Shard

SILENCE_FLOOR_MS = 3_000
"""A shorter gap is ordinary turn-taking and is not added to the silence total."""
_NOTHING = -1


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
    """Letters, digits and Han characters per turn: what is said aloud, without punctuation and spaces."""
    codes = np.frombuffer(shard.text.encode("utf-32-le", "replace"), np.uint32)
    said = (
        ((codes >= 0x3400) & (codes < 0xA000))
        | ((codes >= ord("0")) & (codes <= ord("9")))
        | ((codes >= ord("a")) & (codes <= ord("z")))
    )
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

    gaps, owner = silences(shard)
    longest = np.zeros(n, np.int64)
    np.maximum.at(longest, owner, gaps)
    counted = gaps >= SILENCE_FLOOR_MS
    total = np.bincount(owner[counted], weights=gaps[counted], minlength=n).astype(np.int64)

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


def silences(shard: Shard) -> tuple[Ints, Ints]:
    """Gaps in which nobody speaks, between timed turns in order of start: (milliseconds, conversation)."""
    timed = np.flatnonzero((shard.start_ms != NO_TIME) & (shard.end_ms > shard.start_ms))
    order = timed[np.lexsort((shard.end_ms[timed], shard.start_ms[timed], shard.conversation[timed]))]
    if len(order) < 2:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    owner = shard.conversation[order]
    # A conversation's clock is shifted past the previous one's, so that one running maximum serves them all.
    span = int(shard.end_ms[order].max()) + 1
    shift = owner * span
    spoken_until = np.maximum.accumulate(shard.end_ms[order] + shift)
    gap = shard.start_ms[order][1:] + shift[1:] - spoken_until[:-1]
    kept = (owner[1:] == owner[:-1]) & (gap > 0)
    return gap[kept], owner[1:][kept]
