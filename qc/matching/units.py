"""The unit of text in which words must come together: the turn, the clause, or the joined turns."""

from __future__ import annotations

import numpy as np

from qc.domain.rule import Frame
from qc.matching.evidence import Bools
from qc.matching.view import Spans, TurnView, View
from qc.text.shard import Ints


def units_of(frame: Frame, view: View, spans: Spans) -> tuple[Ints, Bools]:
    """The unit number of each place, and whether the place lies inside one unit."""
    everywhere = np.ones(len(spans.turn), np.bool_)
    if frame.joined:
        return view.shard.conversation[spans.turn], everywhere
    if frame.in_clause and isinstance(view, TurnView):
        first, last = view.clauses(spans)
        return first, first == last
    return spans.turn, everywhere
