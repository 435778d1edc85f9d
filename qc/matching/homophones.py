"""What a hit says that was found by its sound."""

from __future__ import annotations

import numpy as np

from qc.matching.context import Context
from qc.matching.evidence import NONE
from qc.matching.view import Spans
from qc.text.shard import Ints


def homophone_notes(context: Context, word: Ints, spans: Spans) -> Ints:
    """For each occurrence the number of its note (`Context.note`), NONE where a word stands as it is wanted."""
    notes = np.full(len(word), NONE, np.int64)
    for row in np.flatnonzero(word >= len(context.vocabulary.texts)).tolist():
        turn, start, last_turn, end = (int(c[row]) for c in (spans.turn, spans.start, spans.last_turn, spans.end))
        if turn == last_turn:
            said = context.shard.normalised(turn)[start:end]
        else:  # joined turns
            said = context.shard.normalised(turn)[start:] + context.shard.normalised(last_turn)[:end]
        notes[row] = context.note(f"疑似同音：{said}→{context.vocabulary.text(int(word[row]))}")
    return notes
