"""talk_ratio 话占比: the framed speaker's share of all speech."""

from __future__ import annotations

import numpy as np

from qc.domain.conversation import Role
from qc.domain.operators import TalkRatio
from qc.domain.rule import Frame, Truth
from qc.matching.context import Context
from qc.matching.evidence import Bools, Evidence, Floats, hits
from qc.matching.frame import Selection, select, within
from qc.matching.registry import evaluates
from qc.matching.times import untimed
from qc.text.shard import ROLE_CODES


@evaluates(TalkRatio)
def measure_share(operator: TalkRatio, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """One measure per conversation: speech of the selected turns in percent of all speech in the frame's window.

    Where it is unknown who spoke some turns, the share is an interval.
    """
    shard = selection.shard
    length = np.where(shard.end_ms > shard.start_ms, shard.end_ms - shard.start_ms, 0)
    spoken = (shard.role != ROLE_CODES[Role.SYSTEM]) & ~context.invented
    window = select(shard, Frame(window=frame.window)).inside

    def speech(turns: Bools) -> Floats:
        total = np.bincount(shard.conversation[turns], weights=length[turns], minlength=len(shard))
        return np.asarray(total, np.float64)

    everybody = speech(spoken & window)
    mine = spoken & selection.inside
    percent = 100 / np.maximum(everybody, 1)
    low, high = speech(mine & (selection.cause == 0)) * percent, speech(mine) * percent
    truth = np.where(everybody > 0, within(low, high, operator.min or 0.0, operator.max), np.int8(Truth.FALSE))
    holding = np.flatnonzero(truth != Truth.FALSE)
    causes = np.zeros(len(shard), np.uint8)
    np.bitwise_or.at(causes, shard.conversation[mine], selection.cause[mine])
    cause = np.where(truth == Truth.TRUE, 0, causes)[holding].astype(np.uint8)
    return Evidence(hits=hits(holding, value=high[holding], cause=cause), unmeasured=untimed(shard, spans=True))
