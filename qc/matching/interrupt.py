"""interrupt 抢话: starting to speak while the other side still does."""

from __future__ import annotations

import numpy as np

from qc.domain.conversation import Role
from qc.domain.operators import Interrupt
from qc.domain.rule import Frame
from qc.matching.context import Context
from qc.matching.evidence import Bools, Evidence
from qc.matching.frame import Selection
from qc.matching.registry import evaluates
from qc.matching.times import untimed
from qc.matching.whole_turns import whole_turns
from qc.text.shard import NO_CHANNEL, NO_TIME, ROLE_CODES, Ints, Shard
from qc.text.timing import spoken_chars


@evaluates(Interrupt)
def find_interruptions(operator: Interrupt, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """Turns of enough characters that begin inside a turn of the other side and overlap it long enough."""
    shard = selection.shard
    unmeasured = untimed(shard, spans=True)
    one_channel = (_audio_channels(shard) < 2) & (np.diff(shard.first_turn) > 0)
    unmeasured |= {int(c): "不是双声道录音，分不清谁打断了谁" for c in np.flatnonzero(one_channel)}
    timed = (shard.start_ms != NO_TIME) & (shard.end_ms > shard.start_ms) & ~context.invented
    overlap = _overlap_ms(shard, timed)
    enough = spoken_chars(shard) >= operator.min_chars
    turns = np.flatnonzero(timed & enough & (overlap > 0) & (overlap >= round(operator.min_overlap_s * 1000)))
    lasts = overlap[turns]
    begins = shard.start_ms[turns]
    found = whole_turns(shard, turns, value=lasts / 1000, start_ms=begins, end_ms=begins + lasts)
    return Evidence(hits=found, unmeasured=unmeasured)


def _audio_channels(shard: Shard) -> Ints:
    """Audio channels of each conversation: what the source says, or else those its turns were heard on."""
    given = shard.columns.audio_channels
    channel = shard.turn_columns.audio_channel
    heard = channel != NO_CHANNEL
    pairs = np.unique(np.stack((shard.conversation[heard], channel[heard])), axis=1)
    return np.where(given != NO_CHANNEL, given, np.bincount(pairs[0], minlength=len(shard)))


def _overlap_ms(shard: Shard, timed: Bools) -> Ints:
    """Per turn, how long somebody else who began earlier goes on speaking after it has begun."""
    overlap = np.zeros(len(shard.turns), np.int64)
    span = int(shard.end_ms.max(initial=0)) + 1
    shift = shard.conversation * span  # keeps the conversations apart on one clock
    start, end = shard.start_ms + shift, shard.end_ms + shift
    for role, code in ROLE_CODES.items():
        mine = np.flatnonzero(timed & (shard.role == code))
        others = np.flatnonzero(timed & (shard.role != code) & (shard.role != ROLE_CODES[Role.SYSTEM]))
        if role is Role.SYSTEM or not len(mine) or not len(others):
            continue
        others = others[np.argsort(start[others], kind="stable")]
        spoken_until = np.concatenate(([0], np.maximum.accumulate(end[others])))
        earlier = np.searchsorted(start[others], start[mine], side="left")
        overlap[mine] = np.maximum(np.minimum(spoken_until[earlier], end[mine]) - start[mine], 0)
    return overlap
