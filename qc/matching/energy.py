"""energy 能量: how loud the framed speaker is, and how that changes."""

from __future__ import annotations

import numpy as np

from qc.domain.operators import Energy
from qc.domain.rule import Frame
from qc.matching.context import Context
from qc.matching.evidence import Bools, Evidence, Floats, causes_zh, hits
from qc.matching.frame import Selection
from qc.matching.registry import evaluates
from qc.matching.times import unattributed
from qc.matching.whole_turns import whole_turns
from qc.text.shard import Ints, Shard


@evaluates(Energy)
def measure_energy(operator: Energy, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """Turns in a range of levels, or louder than the same speaker's turn before; or the span of a speaker's levels as
    one measure, the widest of the selected speakers'."""
    shard = selection.shard
    looked_at = selection.inside & ~context.invented & (context.spoken_chars >= operator.min_chars)
    level: Floats = np.asarray(np.round(shard.energy_db.astype(np.float64), 1), np.float64)
    unmeasured = _unmeasured(shard, looked_at & np.isnan(level))
    if operator.min_db is None and operator.max_db is None:
        unmeasured = {**unattributed(shard), **unmeasured}
    turns = np.flatnonzero(looked_at & ~np.isnan(level))
    if operator.span_db is not None:
        causes = np.zeros(len(shard), np.uint8)
        np.bitwise_or.at(causes, shard.conversation[turns], selection.cause[turns])
        for conversation in np.flatnonzero(causes).tolist():
            unmeasured.setdefault(conversation, "；".join(causes_zh(int(causes[conversation]), context.floor)))
        span = _spans(shard, turns, level)
        wide = np.flatnonzero(span >= operator.span_db)
        return Evidence(hits=hits(wide, value=span[wide]), unmeasured=unmeasured)
    value, found = level[turns], np.ones(len(turns), np.bool_)
    if operator.rise_db is not None:
        value = _rises(shard, turns, level)
        found = value >= operator.rise_db
    if operator.min_db is not None:
        found &= value >= operator.min_db
    if operator.max_db is not None:
        found &= value <= operator.max_db
    return Evidence(hits=whole_turns(shard, turns[found], value=value[found]), unmeasured=unmeasured)


def _unmeasured(shard: Shard, turns: Bools) -> dict[int, str]:
    """Conversations with turns whose level is not known: what they hold is not known either."""
    return {int(c): "会话没有音量（不是由录音转写而来）" for c in np.unique(shard.conversation[turns])}


def _rises(shard: Shard, turns: Ints, level: Floats) -> Floats:
    """By how much each turn is louder than the same speaker's turn before it; NaN for the first."""
    order = np.lexsort((turns, shard.role[turns], shard.conversation[turns]))
    sorted_turns = turns[order]
    before, here = sorted_turns[:-1], sorted_turns[1:]
    same = (shard.conversation[before] == shard.conversation[here]) & (shard.role[before] == shard.role[here])
    rise = np.full(len(turns), np.nan)
    rise[order[1:]] = np.where(same, np.round(level[here] - level[before], 1), np.nan)
    return rise


def _spans(shard: Shard, turns: Ints, level: Floats) -> Floats:
    """Per conversation, the loudest less the quietest turn of one speaker, the widest of the speakers'; 0: no turns."""
    kinds = int(shard.role.max(initial=0)) + 1
    slot = shard.conversation[turns] * kinds + shard.role[turns]
    top, bottom = np.full(len(shard) * kinds, -np.inf), np.full(len(shard) * kinds, np.inf)
    np.maximum.at(top, slot, level[turns])
    np.minimum.at(bottom, slot, level[turns])
    span = np.where(np.isfinite(top), top - bottom, 0.0)
    return np.asarray(np.round(span.reshape(len(shard), kinds).max(axis=1, initial=0.0), 1))
