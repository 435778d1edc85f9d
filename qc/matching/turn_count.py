"""turn_count 语句数: how many turns a speaker has."""

from __future__ import annotations

import numpy as np

from qc.domain.operators import TurnCount
from qc.domain.rule import Frame, Truth
from qc.matching.context import Context
from qc.matching.evidence import Cause, Evidence, hits
from qc.matching.frame import Selection, within
from qc.matching.registry import evaluates


@evaluates(TurnCount)
def count_turns(operator: TurnCount, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """One measure per conversation whose number of turns lies, or may lie, within the bounds."""
    certain = selection.per_conversation(selection.inside & (selection.cause == 0) & ~context.invented)
    truth = within(certain, selection.count, operator.min or 0, operator.max)
    holding = np.flatnonzero(truth != Truth.FALSE)
    causes = np.zeros(len(selection.shard), np.uint8)
    doubt = selection.cause | np.where(context.invented, np.uint8(Cause.LOW_CONFIDENCE), np.uint8(0))
    np.bitwise_or.at(causes, selection.shard.conversation[selection.turns], doubt[selection.turns])
    cause = np.where(truth == Truth.TRUE, 0, causes)[holding].astype(np.uint8)
    return Evidence(hits=hits(holding, value=selection.count[holding], cause=cause))
