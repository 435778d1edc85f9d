"""Changes to the text of a segment, with its words and marks moved along."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from qc.domain.conversation import Mark, MarkKind, Word
from qc.domain.recording import Segment
from qc.text.changes import Change, changed


def edited(segment: Segment, changes: Sequence[Change], kind: MarkKind | None) -> Segment:
    """The segment with changes made that are in order and apart; each leaves a mark of that kind, if any. What is
    marked already is not changed again. Words that a change touches become one word, heard from the first's start to
    the last's end; a hot word of as many characters leaves them as they are."""
    changes = [c for c in changes if not any(c.start < m.end and m.start < c.end for m in segment.marks)]
    if not changes:
        return segment
    ends = [c.end for c in changes]
    grown = list(accumulate((len(c.text) - (c.end - c.start) for c in changes), initial=0))

    def place(at: int) -> int:
        """Where an edge stands afterwards; one inside a hot word stands where it stood in it."""
        return at + grown[bisect_right(ends, at)]

    marks = [replace(m, start=place(m.start), end=place(m.end)) for m in segment.marks]
    if kind is not None:
        marks += [
            Mark(kind=kind, start=place(c.start), end=place(c.end), original=segment.text[c.start : c.end])
            for c in changes
        ]
    words = [replace(w, start=place(w.start), end=place(w.end)) for w in _together(segment.words, changes, kind)]
    return replace(
        segment,
        text=changed(segment.text, changes),
        words=tuple(w for w in words if w.start < w.end),
        marks=tuple(sorted(marks, key=lambda m: m.start)),
    )


def retouched(words: Sequence[Word], before: str, after: str) -> tuple[Word, ...]:
    """Words of a text after its marks and spaces have changed, but none of its letters and digits. None are left when
    these are not as many as before."""
    ranks = list(accumulate((c.isalnum() for c in before), initial=0))
    places = [i for i, c in enumerate(after) if c.isalnum()]
    if ranks[-1] != len(places):
        return ()
    spans = ((w, ranks[w.start], ranks[w.end]) for w in words)
    return tuple(replace(w, start=places[a], end=places[b - 1] + 1) for w, a, b in spans if a < b)


def _together(words: Sequence[Word], changes: Sequence[Change], kind: MarkKind | None) -> list[Word]:
    """Words, those that a change touches made one that covers it."""
    out = list(words)
    for change in changes:
        if kind is MarkKind.HOT_WORD and len(change.text) == change.end - change.start:
            continue
        touched = [i for i, w in enumerate(out) if w.start < change.end and change.start < w.end]
        if touched:
            first, last = out[touched[0]], out[touched[-1]]
            whole = replace(first, start=min(first.start, change.start), end=max(last.end, change.end))
            out[touched[0] : touched[-1] + 1] = [replace(whole, end_ms=last.end_ms)]
    return out
