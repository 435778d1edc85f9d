"""The words around a piece of evidence, in the transcript that has it and beside it in the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from qc.domain.finding import Hit
from qc.pipeline.asr_diff.reader import Line
from qc.text.error_rate import Piece, align
from qc.text.marked import Difference, Stretch, marked

_CONTEXT = 18
"""Characters shown on both sides of the evidence."""
_Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Shown:
    """Some characters of an excerpt: how they differ from the other text, and whether they are the evidence."""

    kind: Difference
    text: str
    evidence: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """The words around a piece of evidence in both transcripts. `found_in`: a or b, where the evidence is; `turn`,
    `role`, `start_ms` are those of that side, `other_role` what the other says of the same words."""

    found_in: str
    turn: int
    role: str
    other_role: str | None
    start_ms: int | None
    a: tuple[Shown, ...]
    b: tuple[Shown, ...]

    @property
    def evidence_differs(self) -> bool:
        """Whether the other transcript has other words where the evidence is."""
        own = self.a if self.found_in == "a" else self.b
        return any(s.evidence and s.kind is not Difference.SAME for s in own)


def excerpt(found_in: str, hit: Hit, own: Sequence[Line], other: Sequence[Line]) -> Excerpt:
    """The turn of a hit beside what the other transcript has at that time on that channel, or, where these are not the
    words of the evidence but somebody else's are, on all channels."""
    line = next(x for x in own if x.number == hit.turn)
    found = [_beside(found_in, hit, line, against) for against in _against(line, other)]
    return next((shown for shown in found if not shown.evidence_differs), found[0])


def _beside(found_in: str, hit: Hit, line: Line, against: Sequence[Line]) -> Excerpt:
    text = "".join(x.text for x in against)
    alignment = align(line.text, text)
    first, end = hit.char_start or 0, hit.char_end if hit.char_end is not None else len(line.text)
    said, written = marked(alignment, line.text, text)
    begin, stop = max(first - _CONTEXT, 0), min(end + _CONTEXT, len(line.text))
    there = _across(alignment.pieces, first, end)
    around = _across(alignment.pieces, begin, stop)
    mine = tuple(_cut(said, begin, stop, (first, end)))
    theirs = tuple(_cut(written, *around, there))
    return Excerpt(
        found_in=found_in,
        turn=line.number,
        role=line.role,
        other_role=_role_at(against, there[0]),
        start_ms=hit.start_ms if hit.start_ms is not None else line.start_ms,
        a=mine if found_in == "a" else theirs,
        b=theirs if found_in == "a" else mine,
    )


def _against(line: Line, other: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """The turns that overlap a turn in time: those on its channel, and all. Without times: those of its role, and
    all."""
    if line.start_ms is None or line.end_ms is None:
        return [x for x in other if x.role == line.role], list(other)
    end = max(line.end_ms, line.start_ms + 1)
    near = [
        x
        for x in other
        if x.start_ms is not None and x.end_ms is not None and x.start_ms < end and line.start_ms < x.end_ms
    ]
    return [x for x in near if x.channel == line.channel], near


def _role_at(lines: Sequence[Line], at: int) -> str | None:
    """Who speaks the character of the joined lines; None when there is none."""
    past = 0
    for line in lines:
        past += len(line.text)
        if at < past:
            return line.role
    return lines[-1].role if lines else None


def _across(pieces: Sequence[Piece], first: int, end: int) -> _Span:
    """Where characters `first`..`end` of one text stand in the other."""
    spans = []
    before = 0
    for piece in pieces:
        a, b = piece.said
        c, d = piece.written
        if b <= first and a < first:
            before = d
        low, high = max(first, a), min(end, b)
        if low < high:
            spans.append((c + low - a, c + high - a) if b - a == d - c else (c, d))
        elif a == b and first < a < end:
            spans.append((c, d))
    return (min(s for s, _ in spans), max(e for _, e in spans)) if spans else (before, before)


def _cut(stretches: Iterable[Stretch], begin: int, stop: int, evidence: _Span) -> list[Shown]:
    """The part `begin`..`stop` of a text, cut where the evidence begins and ends."""
    out = []
    for s in stretches:
        borders = sorted({s.first, s.end, *(x for x in (begin, stop, *evidence) if s.first < x < s.end)})
        for a, b in pairwise(borders):
            if begin <= a and b <= stop:
                out.append(Shown(s.kind, s.text[a - s.first : b - s.first], evidence[0] <= a and b <= evidence[1]))
    return out
