"""intent 意向: what the customer is about to do."""

from __future__ import annotations

import numpy as np

from qc.domain.operators import Intent
from qc.domain.rule import Frame
from qc.matching.context import Context
from qc.matching.evidence import NO_HITS, Evidence
from qc.matching.frame import Selection
from qc.matching.registry import evaluates
from qc.matching.whole_turns import whole_turns


@evaluates(Intent)
def find_intents(operator: Intent, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """The turns in which one of the intentions is strongest, if it is strong enough, each once; their level is the
    value."""
    intents = context.signals.intents
    if intents is None:
        return Evidence(hits=NO_HITS)
    wanted, shard = frozenset(operator.any), context.shard
    level: dict[int, int] = {}
    for first, shown in zip(shard.first_turn.tolist(), intents.shown, strict=False):
        for one in shown:
            if one.intent_id in wanted and one.level >= operator.level:
                turn = first + one.turn - 1
                level[turn] = max(level.get(turn, 0), one.level)
    turns = np.array(sorted(level), np.int64)
    return Evidence(hits=whole_turns(shard, turns, value=np.array([level[t] for t in turns.tolist()], np.float64)))
