"""not_in 不作为其一部分: a term, but not inside a longer word."""

from __future__ import annotations

import numpy as np

from qc.domain.operators import NotIn
from qc.domain.rule import Frame
from qc.matching.context import Context
from qc.matching.evidence import NO_HITS, Bools, Evidence, hits
from qc.matching.frame import Selection
from qc.matching.homophones import homophone_notes
from qc.matching.registry import evaluates
from qc.matching.view import Spans


@evaluates(NotIn)
def find_apart(operator: NotIn, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """Occurrences of the term that no occurrence of a longer word, and no earlier or longer term, contains."""
    (word, spans), (_, longer) = context.words(frame, selection, operator.term, operator.unless_part_of)
    if not len(word):
        return Evidence(hits=NO_HITS)
    _, whole = context.units(frame, spans)
    kept = np.flatnonzero(whole & ~_inside(spans, longer))
    # of terms that contain each other the longest; they are ordered by beginning, longest first
    finish = spans.finish[kept]
    kept = kept[finish > np.concatenate(([-1], np.maximum.accumulate(finish)))[:-1]]
    found = hits(
        selection.shard.conversation[spans.turn[kept]],
        turn=spans.turn[kept],
        last_turn=spans.last_turn[kept],
        start=spans.start[kept],
        end=spans.end[kept],
        word=word[kept],
        note=homophone_notes(context, word, spans)[kept],
    )
    return Evidence(hits=found)


def _inside(spans: Spans, longer: Spans) -> Bools:
    """Which places lie inside one of the longer ones; both are ordered by beginning."""
    reach = np.concatenate(([-1], np.maximum.accumulate(longer.finish))) if len(longer.finish) else np.array([-1])
    return np.asarray(reach[np.searchsorted(longer.begin, spans.begin, side="right")] >= spans.finish)
