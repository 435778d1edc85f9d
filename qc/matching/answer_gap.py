"""answer_gap 接听间隔: from the answer to the first word."""

from __future__ import annotations

import numpy as np

from qc.domain.conversation import Role
from qc.domain.operators import AnswerGap
from qc.domain.rule import Frame, Truth
from qc.matching.context import Context
from qc.matching.evidence import Bools, Evidence
from qc.matching.frame import Selection, within
from qc.matching.registry import evaluates
from qc.matching.times import untimed
from qc.matching.whole_turns import whole_turns
from qc.text.shard import ROLE_CODES, Ints

_NEVER = 2**53


@evaluates(AnswerGap)
def measure_answer(operator: AnswerGap, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """The selected turn that begins first, with the time until then.

    Where it is unknown who spoke an earlier one, the time lies between the two.
    """
    shard = selection.shard
    spoken = selection.inside & (shard.role != ROLE_CODES[Role.SYSTEM]) & ~context.invented
    spoken &= shard.end_ms > shard.start_ms

    def first(turns: Bools) -> tuple[Ints, Ints]:
        """The first of the turns of each conversation, and when it begins; _NEVER when there is none."""
        at = np.flatnonzero(turns)
        at = at[np.lexsort((shard.start_ms[at], shard.conversation[at]))]
        owner, place = np.unique(shard.conversation[at], return_index=True)
        turn, begins = np.zeros(len(shard), np.int64), np.full(len(shard), _NEVER, np.int64)
        turn[owner], begins[owner] = at[place], shard.start_ms[at[place]]
        return turn, begins

    possible, low = first(spoken)
    certain, high = first(spoken & (selection.cause == 0))
    most = None if operator.max_s is None else operator.max_s * 1000
    truth = within(low, high, (operator.min_s or 0.0) * 1000, most)
    holding = (truth != Truth.FALSE) & (low < _NEVER)
    turn = np.where(truth == Truth.TRUE, np.where(high < _NEVER, certain, possible), possible)[holding]
    begins = shard.start_ms[turn]
    found = whole_turns(shard, turn, value=begins / 1000, start_ms=np.zeros_like(begins), end_ms=begins)
    return Evidence(hits=found, unmeasured=untimed(shard, spans=True))
