"""interrupt 抢话: starting to speak while the other side still does."""

from __future__ import annotations

import numpy as np

from qc.domain.conversation import Role
from qc.domain.operators import Interrupt
from qc.domain.rule import Frame
from qc.matching.context import Context
from qc.matching.evidence import Bools, Cause, Evidence
from qc.matching.frame import Selection
from qc.matching.registry import evaluates
from qc.matching.times import untimed
from qc.matching.whole_turns import whole_turns
from qc.text.shard import NO_CHANNEL, NO_TIME, ROLE_CODES, Ints, Shard

_ONE_CHANNEL = "不是双声道录音，分不清谁打断了谁"
_NO_CHANNELS = "会话不是由双声道录音转写而来，分不清谁打断了谁"


@evaluates(Interrupt)
def find_interruptions(operator: Interrupt, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """Turns of enough characters that begin inside a turn of the other side and overlap it long enough.

    A turn whose words are not certain may have been a cough.
    """
    shard = selection.shard
    channels = _audio_channels(shard)
    mixed = np.flatnonzero((channels < 2) & (np.diff(shard.first_turn) > 0))
    unmeasured = {int(c): _ONE_CHANNEL if channels[c] else _NO_CHANNELS for c in mixed} | untimed(shard, spans=True)
    timed = (shard.start_ms != NO_TIME) & (shard.end_ms > shard.start_ms) & ~context.invented
    overlap, before = _overlaps(shard, timed)
    enough = context.spoken_chars >= operator.min_chars
    enough &= (overlap >= round(operator.min_overlap_s * 1000)) & (before >= round(operator.delay_s * 1000))
    turns = np.flatnonzero(timed & enough & (overlap > 0))
    lasts = overlap[turns]
    begins = shard.start_ms[turns]
    unclear = np.where(shard.confidence[turns] < context.floor, np.uint8(Cause.LOW_CONFIDENCE), np.uint8(0))
    found = whole_turns(shard, turns, value=lasts / 1000, start_ms=begins, end_ms=begins + lasts, cause=unclear)
    return Evidence(hits=found, unmeasured=unmeasured)


def _audio_channels(shard: Shard) -> Ints:
    """Audio channels of each conversation: what the source says, or else those its turns were heard on."""
    given = shard.columns.audio_channels
    channel = shard.turn_columns.audio_channel
    heard = channel != NO_CHANNEL
    width = int(channel.max(initial=0)) + 1
    pairs = np.unique(shard.conversation[heard] * width + channel[heard])
    return np.where(given != NO_CHANNEL, given, np.bincount(pairs // width, minlength=len(shard)))


def _overlaps(shard: Shard, timed: Bools) -> tuple[Ints, Ints]:
    """Per turn, how long somebody else who began earlier goes on speaking after it has begun, and for how long that
    one had been speaking before; 0 where nobody is cut short."""
    overlap, before = np.zeros(len(shard.role), np.int64), np.zeros(len(shard.role), np.int64)
    span = int(shard.end_ms.max(initial=0)) + 1
    shift = shard.conversation * span  # keeps the conversations apart on one clock
    start, end = shard.start_ms + shift, shard.end_ms + shift
    for role, code in ROLE_CODES.items():
        mine = np.flatnonzero(timed & (shard.role == code))
        others = np.flatnonzero(timed & (shard.role != code) & (shard.role != ROLE_CODES[Role.SYSTEM]))
        if role is Role.SYSTEM or not len(mine) or not len(others):
            continue
        others = others[np.argsort(start[others], kind="stable")]
        spoken_until = np.maximum.accumulate(end[others])
        longest = np.maximum.accumulate(np.where(end[others] == spoken_until, np.arange(len(others)), 0))
        earlier = np.searchsorted(start[others], start[mine], side="left") - 1
        mine, earlier = mine[earlier >= 0], earlier[earlier >= 0]
        cut = others[longest[earlier]]
        overlap[mine] = np.maximum(np.minimum(end[cut], end[mine]) - start[mine], 0)
        before[mine] = np.where(overlap[mine] > 0, start[mine] - start[cut], 0)
    return overlap, before
