"""When something was said: a hit's times inside its turn."""

from __future__ import annotations

import numpy as np

from qc.domain.conversation import Role
from qc.matching.evidence import Cause, Hits, causes_zh
from qc.text.shard import NO_TIME, ROLE_CODES, Ints, Shard


def at_char(shard: Shard, turn: Ints, char: Ints, *, closing: bool = False) -> Ints:
    """The moment before a character, or, `closing`, after the one that stands before it: the two differ by the pause
    between two phrases. Interpolated linearly inside the phrase, or the turn where its phrases are not known; NO_TIME
    where the turn has no times."""
    start, end = shard.start_ms[turn], shard.end_ms[turn]
    timed = start != NO_TIME
    length = shard.char_start[turn + 1] - 1 - shard.char_start[turn]
    if (phrases := shard.phrases) is not None:
        row, known = phrases.at(turn, char - 1 if closing else char)
        start, end = np.where(known, phrases.start_ms[row], start), np.where(known, phrases.until_ms[row], end)
        char = np.where(known, char - phrases.start[row], char)
        length = np.where(known, phrases.end[row] - phrases.start[row], length)
    length = np.maximum(length, 1)
    spoken = np.maximum(end - start, 0) * np.clip(char, 0, length) // length
    return np.where(timed, start + spoken, NO_TIME)


def hit_times(shard: Shard, hits: Hits) -> tuple[Ints, Ints]:
    """Start and end in ms of hits in turns; a hit without characters takes its whole turn unless it has own times."""
    whole = hits.start < 0
    start = at_char(shard, hits.turn, np.maximum(hits.start, 0))
    end = at_char(shard, hits.last_turn, hits.end, closing=True)
    turn_end = np.where(shard.end_ms[hits.last_turn] == NO_TIME, start, shard.end_ms[hits.last_turn])
    end = np.where(whole, turn_end, end)
    own = hits.start_ms != NO_TIME
    return np.where(own, hits.start_ms, start), np.where(own, hits.end_ms, end)


def untimed(shard: Shard, *, spans: bool = False) -> dict[int, str]:
    """Conversations in which a turn has no time, with the reason; with `spans` also those in which no turn lasts (typed
    text, where a message is a moment)."""
    n = len(shard)
    lost = np.bincount(shard.conversation[shard.start_ms == NO_TIME], minlength=n) > 0
    if spans:
        lasting = np.bincount(shard.conversation[shard.end_ms > shard.start_ms], minlength=n) > 0
        lost |= ~lasting & (np.diff(shard.first_turn) > 0)
    return {int(c): "会话没有说话的起止时间" if spans else "会话没有时间信息" for c in np.flatnonzero(lost)}


def unattributed(shard: Shard) -> dict[int, str]:
    """Conversations in which it is unknown who spoke a turn, with the reason: who waits for whom cannot be told."""
    (reason,) = causes_zh(Cause.UNKNOWN_ROLE, 0.0)
    return {int(c): reason for c in np.unique(shard.conversation[shard.role == ROLE_CODES[Role.UNKNOWN]])}
