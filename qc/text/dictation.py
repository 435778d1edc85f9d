"""Numbers read out over several turns (一三八 · 一二三四 · 五六七八), whatever the other side says in between."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from qc.text.numbers import DIGIT, TO_ARABIC, classify

_FILLER = "嗯啊呃哦喂是对好的那就"
DICTATED = rf"(?m)^[{_FILLER} ，。、]{{0,6}}[{DIGIT}][{DIGIT} ，。、\-]{{1,20}}x?[{_FILLER} ，。、啦了]{{0,4}}$"
"""RE2: a turn that is nothing but a piece of a number, with fillers."""

_MAX_PIECES = 6
_MAX_TURNS_BETWEEN = 3
_DIGITS = re.compile(rf"[{DIGIT}](?:[{DIGIT} ，。、\-]*[{DIGIT}])?x?")
_NOT_DIGITS = re.compile(rf"[^{DIGIT}x]")


class Piece(NamedTuple):
    """A turn that matches DICTATED: its index, who speaks in which conversation, its normalised text."""

    turn: int
    speaker: tuple[int, int]
    text: str


def dictated(pieces: Sequence[Piece]) -> Iterator[tuple[str, list[tuple[int, int, int]]]]:
    """Numbers made of two or more pieces of one speaker: (type, [(index of the piece, first, end character)])."""
    by_speaker: dict[tuple[int, int], list[int]] = {}
    for index, piece in enumerate(pieces):
        by_speaker.setdefault(piece.speaker, []).append(index)
    for mine in by_speaker.values():
        i = 0
        while i < len(mine) - 1:
            found = _longest(pieces, mine[i : i + _MAX_PIECES])
            if found is None:
                i += 1
                continue
            name, size = found
            yield name, [(k, *_span(pieces[k].text)) for k in mine[i : i + size]]
            i += size


def _longest(pieces: Sequence[Piece], candidates: Sequence[int]) -> tuple[str, int] | None:
    """Type and count of pieces of the longest number that begins at the first of `candidates`."""
    together = 1
    while (
        together < len(candidates)
        and pieces[candidates[together]].turn - pieces[candidates[together - 1]].turn <= _MAX_TURNS_BETWEEN + 1
    ):
        together += 1
    for size in range(together, 1, -1):
        parts = [_NOT_DIGITS.sub("", pieces[k].text).translate(TO_ARABIC) for k in candidates[:size]]
        found = classify("".join(parts), "") if min(map(len, parts)) > 1 else None
        if found is not None and found[1] and max(map(len, parts)) < _COMPLETE:
            return found[0], size
    return None


_COMPLETE = 11
"""A piece this long is a number of its own."""


def _span(text: str) -> tuple[int, int]:
    found = _DIGITS.search(text)
    return found.span() if found else (0, 0)
