"""hangup_gap 挂机间隔: from the last word to the end of the recording."""

from __future__ import annotations

import numpy as np

from qc.domain.conversation import Role
from qc.domain.operators import HangupGap
from qc.domain.rule import Frame
from qc.matching.context import Context
from qc.matching.evidence import Evidence
from qc.matching.frame import Selection
from qc.matching.registry import evaluates
from qc.matching.times import untimed
from qc.matching.whole_turns import whole_turns
from qc.text.shard import ROLE_CODES


@evaluates(HangupGap)
def measure_hangup(operator: HangupGap, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """The turn that ends last, with the time from its end to the end of the recording."""
    shard = selection.shard
    unmeasured = untimed(shard, spans=True)
    duration_ms = shard.columns.duration_ms
    for conversation in np.flatnonzero((duration_ms <= 0) & (np.diff(shard.first_turn) > 0)).tolist():
        unmeasured.setdefault(conversation, "没有录音时长，不知道何时挂机")
    turns = np.flatnonzero(
        (shard.end_ms > shard.start_ms) & (shard.role != ROLE_CODES[Role.SYSTEM]) & ~context.invented
    )
    turns = turns[np.lexsort((shard.start_ms[turns], shard.end_ms[turns], shard.conversation[turns]))]
    owner = shard.conversation[turns]
    last = turns[np.append(owner[1:] != owner[:-1], True)[: len(turns)]]
    total_ms = duration_ms[shard.conversation[last]]
    gap_ms = np.maximum(total_ms - shard.end_ms[last], 0)
    low = 0.0 if operator.min_s is None else operator.min_s * 1000
    high = np.inf if operator.max_s is None else operator.max_s * 1000
    holds = (gap_ms >= low) & (gap_ms <= high)
    found = whole_turns(
        shard,
        last[holds],
        value=gap_ms[holds] / 1000,
        start_ms=shard.end_ms[last][holds],
        end_ms=np.maximum(total_ms, shard.end_ms[last])[holds],
    )
    return Evidence(hits=found, unmeasured=unmeasured)
