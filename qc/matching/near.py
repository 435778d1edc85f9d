"""near 邻近: two words close to each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qc.domain.operators import Near, NearUnit
from qc.domain.rule import Frame
from qc.matching.context import Context
from qc.matching.evidence import NONE, Bools, Evidence, hits
from qc.matching.frame import Selection
from qc.matching.homophones import homophone_notes
from qc.matching.registry import evaluates
from qc.matching.times import at_char
from qc.matching.view import Spans
from qc.text.shard import NO_TIME, Ints


@evaluates(Near)
def find_near(operator: Near, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """Pairs of an occurrence of `a` with the nearest occurrence of `b`; one hit per pair."""
    (word_a, a), (word_b, b) = context.words(frame, selection, operator.a, operator.b)
    shard = selection.shard
    unit_a, unit_b = shard.conversation[a.turn], shard.conversation[b.turn]
    if operator.unit is NearUnit.CHARS:
        unit_a, unit_b = context.units(frame, a)[0], context.units(frame, b)[0]
    inside_a, inside_b = _inside(selection, a), _inside(selection, b)
    best_a, best_b = np.zeros(0, np.int64), np.zeros(0, np.int64)
    # certain words first: an uncertain word that happens to stand nearer must not hide a certain pair
    clear_a = inside_a & (context.unclear(selection, a) == 0)
    clear_b = inside_b & (context.unclear(selection, b) == 0)
    for rows_a, rows_b in ((clear_a, clear_b), (inside_a, inside_b)):
        pair_a, pair_b = _pairs(operator, selection, (a, unit_a, rows_a), (b, unit_b, rows_b))
        new = ~np.isin(pair_a, best_a)
        best_a, best_b = np.concatenate((best_a, pair_a[new])), np.concatenate((best_b, pair_b[new]))
    together = (a.turn[best_a] == b.turn[best_b]) & (a.last_turn[best_a] == b.last_turn[best_b])
    apart = np.flatnonzero(~together)
    # a pair in one turn is one row from the first word to the second, a pair in two turns is two rows
    turn = np.concatenate((a.turn[best_a], b.turn[best_b][apart]))
    start_a, end_a, start_b, end_b = a.start[best_a], a.end[best_a], b.start[best_b], b.end[best_b]
    found = hits(
        shard.conversation[turn],
        turn=turn,
        last_turn=np.concatenate((a.last_turn[best_a], b.last_turn[best_b][apart])),
        start=np.concatenate((np.where(together, np.minimum(start_a, start_b), start_a), start_b[apart])),
        end=np.concatenate((np.where(together, np.maximum(end_a, end_b), end_a), end_b[apart])),
        word=np.concatenate((word_a[best_a], word_b[best_b][apart])),
        note=_notes(context, (word_a, a), (word_b, b), best_a, best_b, together),
        group=np.concatenate((np.arange(len(best_a)), apart)),
    )
    return Evidence(hits=found, unmeasured=_unmeasured(operator, selection, a, b, found.conversation))


def _notes(
    context: Context, a: tuple[Ints, Spans], b: tuple[Ints, Spans], rows_a: Ints, rows_b: Ints, together: Bools
) -> Ints:
    """What was found by its sound: of a pair in one turn the first such word, of two rows each its own."""
    note_a, note_b = homophone_notes(context, *a)[rows_a], homophone_notes(context, *b)[rows_b]
    one = np.where(together & (note_a == NONE), note_b, note_a)
    return np.concatenate((one, note_b[~together]))


def _inside(selection: Selection, spans: Spans) -> Bools:
    return selection.inside[spans.turn] if len(spans.turn) else np.zeros(0, np.bool_)


_Side = tuple[Spans, Ints, Bools]


def _pairs(operator: Near, selection: Selection, side_a: _Side, side_b: _Side) -> tuple[Ints, Ints]:
    """(row of a, row of b) for each a that has a b within reach: the nearest after it, or else before it."""
    pairs_a, pairs_b = _next(operator, selection, side_a, side_b)
    if not operator.ordered:
        back_b, back_a = _next(operator, selection, side_b, side_a)
        new = ~np.isin(back_a, pairs_a)
        back_a, first = np.unique(back_a[new], return_index=True)
        pairs_a, pairs_b = np.concatenate((pairs_a, back_a)), np.concatenate((pairs_b, back_b[new][first]))
    return pairs_a, pairs_b


def _next(operator: Near, selection: Selection, side_a: _Side, side_b: _Side) -> tuple[Ints, Ints]:
    """(row of a, row of the nearest b that begins where a has ended or later) within reach."""
    a, unit_a, in_a = side_a
    b, unit_b, in_b = side_b
    rows_a, rows_b = np.flatnonzero(in_a), np.flatnonzero(in_b)
    at = np.searchsorted(b.begin[rows_b], a.finish[rows_a], side="left")
    rows_a, at = rows_a[at < len(rows_b)], at[at < len(rows_b)]
    rows_b = rows_b[at]
    near = (unit_a[rows_a] == unit_b[rows_b]) & (
        _distance(operator, selection, a, rows_a, b, rows_b) <= operator.within
    )
    return rows_a[near], rows_b[near]


def _distance(
    operator: Near, selection: Selection, a: Spans, rows_a: Ints, b: Spans, rows_b: Ints
) -> npt.NDArray[np.float64]:
    """How far b begins after a has ended; infinite where it cannot be told."""
    if operator.unit is NearUnit.CHARS:
        return (b.begin[rows_b] - a.finish[rows_a]).astype(np.float64)
    if operator.unit is NearUnit.TURNS:
        return (b.turn[rows_b] - a.last_turn[rows_a]).astype(np.float64)
    shard = selection.shard
    ended = at_char(shard, a.last_turn[rows_a], a.end[rows_a], closing=True)
    began = at_char(shard, b.turn[rows_b], b.start[rows_b])
    known = (ended != NO_TIME) & (began != NO_TIME)
    return np.where(known, np.maximum(began - ended, 0) / 1000, np.inf)


def _unmeasured(operator: Near, selection: Selection, a: Spans, b: Spans, found: Ints) -> dict[int, str]:
    """Conversations that hold both words in the frame but no times to measure seconds by, unless a pair was found."""
    if operator.unit is not NearUnit.SECONDS:
        return {}
    shard = selection.shard
    timeless = shard.start_ms == NO_TIME
    both = np.intersect1d(
        shard.conversation[a.turn[_inside(selection, a)]], shard.conversation[b.turn[_inside(selection, b)]]
    )
    missing = np.unique(shard.conversation[timeless])
    lost = np.setdiff1d(np.intersect1d(both, missing), found)
    return {int(c): "会话没有时间信息，不能按秒计算距离" for c in lost}
