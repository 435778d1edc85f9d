"""regex 正则: linear-time regular expressions over the normalised text."""

from __future__ import annotations

import numpy as np

from qc.domain.operators import Regex
from qc.domain.rule import Frame
from qc.matching.context import Context
from qc.matching.evidence import Bools, Evidence, hits
from qc.matching.frame import Selection
from qc.matching.registry import evaluates
from qc.matching.units import units_of
from qc.matching.view import Spans
from qc.text.regex import compile_pattern


@evaluates(Regex)
def find_matches(operator: Regex, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """Non-empty matches of the pattern, without those that overlap a match of `exclude`."""
    view = context.view(frame, selection)
    spans = context.matches(view, compile_pattern(operator.pattern, by_turn=True))
    _, kept = units_of(frame, view, spans)
    if operator.exclude is not None and len(spans.turn):
        kept &= ~_overlaps(spans, context.matches(view, compile_pattern(operator.exclude, by_turn=True)))
    found = hits(
        selection.shard.conversation[spans.turn[kept]],
        turn=spans.turn[kept],
        last_turn=spans.last_turn[kept],
        start=spans.start[kept],
        end=spans.end[kept],
    )
    return Evidence(hits=found)


def _overlaps(spans: Spans, others: Spans) -> Bools:
    """Whether each place shares a character with one of the others; both are disjoint and in order."""
    nearest = np.searchsorted(others.finish, spans.begin, side="right")  # the first that ends after it begins
    begins = np.append(others.begin, np.iinfo(np.int64).max)
    return np.asarray(begins[nearest] < spans.finish)
