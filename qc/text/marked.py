"""Two texts side by side with their differences marked, for people to look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from qc.text.error_rate import Alignment, Piece, sounds


class Difference(StrEnum):
    """What a stretch is: the same in both, another word, one that sounds alike, only in this text."""

    SAME = "same"
    OTHER = "other"
    SOUND = "sound"
    ONLY = "only"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some characters of a text as given. `first`, `end`: where they stand in it."""

    kind: Difference
    text: str
    first: int
    end: int


def marked(alignment: Alignment, reference: str, hypothesis: str) -> tuple[tuple[Stretch, ...], tuple[Stretch, ...]]:
    """Both texts whole, cut where they differ. The texts may be masked forms, of the same length, of those compared."""
    said = _joined((p.said, _kind(p)) for p in alignment.pieces if p.reference)
    written = _joined((p.written, _kind(p)) for p in alignment.pieces if p.hypothesis)
    return tuple(_stretches(said, reference)), tuple(_stretches(written, hypothesis))


def _kind(piece: Piece) -> Difference:
    if piece.is_equal:
        return Difference.SAME
    if not (piece.reference and piece.hypothesis):
        return Difference.ONLY
    return Difference.SOUND if sounds(piece.reference) == sounds(piece.hypothesis) else Difference.OTHER


def _joined(spans: Iterator[tuple[tuple[int, int], Difference]]) -> list[tuple[int, int, Difference]]:
    """Stretches in order that do not overlap: digits read as one word may belong to two pieces."""
    out: list[tuple[int, int, Difference]] = []
    for (first, end), kind in spans:
        begin = max(first, out[-1][1]) if out else first
        if begin < end:
            out.append((begin, end, kind))
    return out


def _stretches(spans: list[tuple[int, int, Difference]], text: str) -> Iterator[Stretch]:
    at = 0
    for first, end, kind in spans:
        if at < first:  # marks and spaces, which are not compared
            yield Stretch(Difference.SAME, text[at:first], at, first)
        yield Stretch(kind, text[first:end], first, end)
        at = end
    if at < len(text):
        yield Stretch(Difference.SAME, text[at:], at, len(text))
