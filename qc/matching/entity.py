"""entity 信息实体: phone numbers, cards, addresses, amounts … in the turns."""

from __future__ import annotations

import numpy as np

from qc.domain.operators import EntitySpan
from qc.domain.rule import Frame
from qc.matching.context import Context
from qc.matching.evidence import NO_HITS, Evidence, hits
from qc.matching.frame import Selection
from qc.matching.registry import evaluates
from qc.text.entities import ENTITY_TYPES


@evaluates(EntitySpan)
def find_entities(operator: EntitySpan, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """Spans of the wanted types."""
    entities = context.signals.entities
    if entities is None:
        return Evidence(hits=NO_HITS)
    wanted = np.isin(entities.type, [ENTITY_TYPES.index(name) for name in operator.types])
    if operator.valid_only:
        wanted &= entities.valid
    turn = entities.turn[wanted]
    found = hits(selection.shard.conversation[turn], turn=turn, start=entities.start[wanted], end=entities.end[wanted])
    return Evidence(hits=found)
