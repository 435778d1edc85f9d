"""What transcription left in a turn's text: phrases it was not sure of, words and digits it put right, fillers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qc.domain.language import say
from qc.reporting.labels import MARK
from qc.reporting.records import TurnRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Characters `start`..`end` (exclusive) of a turn. `kind`: faint (heard unsurely), invented, hot_word, number,
    filler; `note` says it; `original`: what the recogniser wrote there, where clean-up replaced it."""

    start: int
    end: int
    kind: str
    note: str
    original: str | None = None


def traces(turn: TurnRow, floor: float) -> list[Trace]:
    """In order of place; `floor` is the confidence below which words are not certain."""
    length = len(turn.text)
    found = [
        Trace(start=p.start, end=p.end, kind="faint" if p.confidence else "invented", note=doubt_note(p.confidence))
        for p in turn.phrases
        if p.confidence < floor
    ]
    for mark in turn.marks:
        note = say(MARK.get(mark.kind, mark.kind))
        if mark.original is not None:
            note = say("{what}：转写原文“{original}”", what=note, original=mark.original)
        found.append(Trace(start=mark.start, end=mark.end, kind=mark.kind, note=note, original=mark.original))
    return sorted((t for t in found if 0 <= t.start < t.end <= length), key=lambda t: (t.start, t.end, t.kind))


def doubt_note(confidence: float) -> str:
    """How sure the recogniser was of a phrase below the floor."""
    if confidence:
        return say("听得不确切，置信度 {share}", share=f"{confidence:.0%}")
    return say("疑似误转，录音里可能没有人这样说")


def of_stretch(found: Sequence[Trace], start: int, end: int) -> tuple[Trace, ...]:
    """The traces that cover a stretch which none of them begins or ends in."""
    return tuple(t for t in found if t.start <= start and end <= t.end)
