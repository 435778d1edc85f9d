"""What the recogniser wrote → what people and rules read: clean characters and marks, hot words put right, numbers in
digits, fillers marked. Every change of characters leaves a Mark that can undo it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qc.asr.wording.clean import clean
from qc.asr.wording.edits import edited
from qc.domain.config import AsrConfig
from qc.domain.conversation import Mark, MarkKind
from qc.domain.recording import Segment
from qc.domain.speech import HotWord
from qc.text.fillers import fillers
from qc.text.hotwords import hot_words
from qc.text.inverse_numerals import digits


def readable(segments: Sequence[Segment], words: Sequence[HotWord], config: AsrConfig) -> list[Segment]:
    """Segments of one channel in time order → the same, readable; those without any text left are dropped."""
    out = clean(segments)
    if config.correct_words and words:
        finder = hot_words(tuple(words))
        corrections = finder.corrections([s.text for s in out], [s.confidence for s in out])
        out = [edited(s, own, MarkKind.HOT_WORD) for s, own in zip(out, corrections, strict=True)]
    if config.digits:
        out = [edited(s, digits(s.text), MarkKind.NUMBER) for s in out]
    return [_with_fillers(s) for s in out]


def _with_fillers(segment: Segment) -> Segment:
    found = [Mark(kind=MarkKind.FILLER, start=start, end=end) for start, end in fillers(segment.text)]
    apart = [f for f in found if all(f.end <= m.start or m.end <= f.start for m in segment.marks)]
    if not apart:
        return segment
    return replace(segment, marks=tuple(sorted((*segment.marks, *apart), key=lambda m: m.start)))
