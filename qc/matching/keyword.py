"""keyword 关键词: literal containment."""

from __future__ import annotations

import numpy as np

from qc.domain.operators import Keyword, Mode
from qc.domain.rule import Frame
from qc.matching.context import Context
from qc.matching.evidence import NO_HITS, Bools, Evidence, Hits, hits
from qc.matching.frame import Selection
from qc.matching.homophones import homophone_notes
from qc.matching.registry import evaluates
from qc.matching.view import Spans
from qc.text.shard import Ints


@evaluates(Keyword)
def find_keywords(operator: Keyword, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """Occurrences of the words; those inside a longer occurrence are dropped.

    With `all` or `at_least`, the occurrences in units that have enough different words, one hit per unit.
    """
    [(word, spans)] = context.words(frame, selection, operator.words)
    if not len(word):
        return Evidence(hits=NO_HITS)
    unit, whole = context.units(frame, spans)
    kept = whole & selection.inside[spans.turn] if len(word) else whole
    needed = len(context.vocabulary.numbers(operator.words)) if operator.mode is Mode.ALL else operator.at_least
    group = None
    besides = np.zeros(len(word), np.bool_)
    if needed > 1:
        different = word % len(context.vocabulary.texts)  # a word and what sounds like it are one
        clear = kept & (context.unclear(selection, spans) == 0)
        enough = _units_with(unit[clear], different[clear], needed)
        certain = clear & np.isin(unit, enough)
        # a unit that has enough clear words needs no other; the rest stand or fall with their unclear words
        possible = kept & np.isin(unit, _units_with(unit[kept], different[kept], needed)) & ~np.isin(unit, enough)
        if frame.unless:
            besides = kept & ~certain & ~possible
        kept = certain | possible
        group = unit
    else:
        kept &= ~_nested(spans)
    notes = homophone_notes(context, word, spans)

    def told(rows: Bools) -> Hits:
        return hits(
            selection.shard.conversation[spans.turn[rows]],
            turn=spans.turn[rows],
            last_turn=spans.last_turn[rows],
            start=spans.start[rows],
            end=spans.end[rows],
            word=word[rows],
            group=None if group is None else group[rows],
            note=notes[rows],
        )

    return Evidence(hits=told(kept), beside=told(besides) if besides.any() else None)


def _units_with(unit: Ints, word: Ints, needed: int) -> Ints:
    """Units in which at least `needed` different words occur."""
    pairs = np.unique(np.stack((unit, word)), axis=1) if len(unit) else np.zeros((2, 0), np.int64)
    units, counts = np.unique(pairs[0], return_counts=True)
    return np.asarray(units[counts >= needed])


def _nested(spans: Spans) -> Bools:
    """Places inside an earlier or longer one; `spans` are ordered by beginning, longest first."""
    if not len(spans.finish):
        return np.zeros(0, np.bool_)
    before = np.concatenate(([-1], np.maximum.accumulate(spans.finish)[:-1]))
    return np.asarray(spans.finish <= before)
