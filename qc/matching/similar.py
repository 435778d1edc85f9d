"""similar 话术相似: a passage that says about the same as a sentence."""

from __future__ import annotations

import numpy as np

from qc.domain.operators import Similar
from qc.domain.rule import Frame
from qc.matching.context import Context
from qc.matching.evidence import Evidence, hits
from qc.matching.frame import Selection
from qc.matching.registry import evaluates
from qc.text.similarity import Likeness


@evaluates(Similar)
def find_similar(operator: Similar, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """The passage of each turn that is most like one of the sentences; `value` is its score, the note the sentence."""
    each = [
        context.passages.like(sentence, operator.min_score, in_clause=frame.in_clause)
        for sentence in operator.sentences
    ]
    found = Likeness(*(np.concatenate(column) for column in zip(*each, strict=True)))
    sentence = np.repeat(np.arange(len(each)), [len(like.turn) for like in each])
    best = np.lexsort((sentence, -found.score, found.turn))
    best = best[np.diff(found.turn[best], prepend=-1) != 0]
    turn = found.turn[best]
    notes = np.array([context.note(f"近似“{text}”") for text in operator.sentences], np.int64)
    base = selection.shard.char_start[turn]
    return Evidence(
        hits=hits(
            selection.shard.conversation[turn],
            turn=turn,
            start=found.start[best] - base,
            end=found.end[best] - base,
            value=found.score[best],
            note=notes[sentence[best]],
        )
    )
