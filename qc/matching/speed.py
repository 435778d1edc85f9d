"""speed 语速: characters per minute outside of the allowed band."""

from __future__ import annotations

import numpy as np

from qc.domain.operators import Speed, SpeedOver
from qc.domain.rule import Frame
from qc.matching.context import Context
from qc.matching.evidence import Bools, Cause, Evidence, Floats, causes_zh, hits
from qc.matching.frame import Selection
from qc.matching.registry import evaluates
from qc.matching.times import untimed
from qc.matching.whole_turns import whole_turns


@evaluates(Speed)
def measure_speed(operator: Speed, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """Turns, or the average of the selected turns, faster than `max` or slower than `min`. A hit's note holds what was
    divided: the characters (see `qc.text.timing.spoken_chars`) and the seconds.

    A turn whose words are not certain has no certain number of characters either.
    """
    shard = selection.shard
    unmeasured = untimed(shard, spans=True)
    chars = context.spoken_chars
    length = shard.end_ms - shard.start_ms
    unclear = shard.confidence < context.floor
    usable = selection.inside & (length > 0) & ~context.invented
    if operator.over is SpeedOver.TURN:
        rate = chars * 60_000 / np.maximum(length, 1)
        turns = np.flatnonzero(usable & (chars >= operator.min_chars) & _outside(operator, rate))
        cause = np.where(unclear[turns], np.uint8(Cause.LOW_CONFIDENCE), np.uint8(0))
        counted = zip(chars[turns].tolist(), length[turns].tolist(), strict=True)
        note = np.array([context.note(f"{said} 字，{ms / 1000:.1f} 秒") for said, ms in counted], np.int64)
        return Evidence(
            hits=whole_turns(shard, turns, value=rate[turns], cause=cause, note=note), unmeasured=unmeasured
        )
    usable &= ~unclear
    owner = shard.conversation[usable]
    total = np.bincount(owner, weights=chars[usable], minlength=len(shard))
    spoken_ms = np.bincount(owner, weights=length[usable], minlength=len(shard))
    average = total * 60_000 / np.maximum(spoken_ms, 1)
    causes = np.zeros(len(shard), np.uint8)
    np.bitwise_or.at(causes, owner, selection.cause[usable])
    for conversation in np.flatnonzero(causes).tolist():
        unmeasured.setdefault(conversation, "；".join(causes_zh(int(causes[conversation]), context.floor)))
    holding = np.flatnonzero((spoken_ms > 0) & (total >= operator.min_chars) & _outside(operator, average))
    return Evidence(hits=hits(holding, value=average[holding]), unmeasured=unmeasured)


def _outside(operator: Speed, rate: Floats) -> Bools:
    fast = rate > operator.max if operator.max is not None else np.zeros(len(rate), np.bool_)
    slow = rate < operator.min if operator.min is not None else np.zeros(len(rate), np.bool_)
    return np.asarray(fast | slow)
