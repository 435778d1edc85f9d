"""Items of information in the turns: numbers, addresses, amounts, dates; which of them are personal.

Five RE2 expressions scan the joined buffer (numbers; e-mail, plate, name, amount and date; addresses; turns in which
somebody dictates a piece of a number; digits behind a label). What they match are candidates: checksums, calendars and
the words before decide.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from qc.domain.conversation import Entity
from qc.domain.operators import EntityType
from qc.text.dictation import DICTATED, Piece, dictated
from qc.text.labelled import LABELLED, labelled
from qc.text.normalise import normalise
from qc.text.numbers import NUMBER, numbers
from qc.text.places import ADDRESS, REACH, extent
from qc.text.regex import compile_pattern
from qc.text.shapes import SHAPES, holds
from qc.text.shard import Ints, Shard

ENTITY_TYPES: tuple[str, ...] = get_args(EntityType)
PERSONAL_TYPES = frozenset(ENTITY_TYPES) - {"amount", "date"}

_CONTEXT_BYTES = 3 * REACH


@dataclass(frozen=True, slots=True, kw_only=True)
class Entities:
    """One row per span, ordered by turn and start; spans of one turn never overlap.

    `turn` is an index into the shard's turns, `type` into ENTITY_TYPES, `start`/`end` are characters of the turn.
    """

    turn: Ints
    type: npt.NDArray[np.int8]
    start: Ints
    end: Ints
    valid: npt.NDArray[np.bool_]
    personal: npt.NDArray[np.bool_]

    def of_turn(self, turn: int) -> tuple[Entity, ...]:
        """The entities of one turn, in order."""
        lo, hi = np.searchsorted(self.turn, (turn, turn + 1))
        return tuple(self._entity(i) for i in range(int(lo), int(hi)))

    def by_turn(self) -> dict[int, tuple[Entity, ...]]:
        """All entities by turn index; turns without any are left out."""
        out: dict[int, list[Entity]] = {}
        for i, turn in enumerate(self.turn.tolist()):
            out.setdefault(turn, []).append(self._entity(i))
        return {turn: tuple(found) for turn, found in out.items()}

    def _entity(self, i: int) -> Entity:
        return Entity(
            type=ENTITY_TYPES[self.type[i]],
            start=int(self.start[i]),
            end=int(self.end[i]),
            valid=bool(self.valid[i]),
            personal=bool(self.personal[i]),
        )


class _Span(NamedTuple):
    """A candidate that held, in bytes of the buffer."""

    start: int
    end: int
    type: int
    valid: bool


def find_entities(shard: Shard) -> Entities:
    """The entities of every turn. Turns that carry theirs already (read back from a stored, masked run) keep those."""
    stored_entities = shard.turn_columns.entities or [None] * len(shard.turns)
    known = np.fromiter((e is not None for e in stored_entities), bool, len(shard.turns))
    spans = [] if known.all() else _spans(shard.buffer, _dictated(shard))
    flat = np.array(spans, np.int64).reshape(-1, 4)
    turn, start, end = shard.locate(flat[:, 0], flat[:, 1])
    fresh = ~known[turn]
    rows = [np.column_stack((turn, start, end, flat[:, 2], flat[:, 3], _PERSONAL[flat[:, 2]]))[fresh]]
    stored = [
        (i, e.start, e.end, ENTITY_TYPES.index(e.type), e.valid, e.personal)
        for i in np.flatnonzero(known).tolist()
        for e in stored_entities[i] or ()
    ]
    rows.append(np.array(stored, np.int64).reshape(-1, 6))
    table = np.concatenate(rows)
    table = table[np.lexsort((table[:, 1], table[:, 0]))]
    return Entities(
        turn=table[:, 0],
        start=table[:, 1],
        end=table[:, 2],
        type=table[:, 3].astype(np.int8),
        valid=table[:, 4].astype(bool),
        personal=table[:, 5].astype(bool),
    )


def find_in(text: str) -> tuple[Entity, ...]:
    """The entities of one text, in order."""
    buffer = normalise(text).encode("utf-8", "replace")
    out = []
    for span in _spans(buffer):
        start = len(buffer[: span.start].decode())
        name = ENTITY_TYPES[span.type]
        out.append(
            Entity(
                type=name,
                start=start,
                end=start + len(buffer[span.start : span.end].decode()),
                valid=bool(span.valid),
                personal=name in PERSONAL_TYPES,
            )
        )
    return tuple(out)


_PERSONAL = np.array([t in PERSONAL_TYPES for t in ENTITY_TYPES])
_CODE = {name: i for i, name in enumerate(ENTITY_TYPES)}
_PRIORITY = {
    name: i for i, name in enumerate(("secret", "email", "id_card", "bank_card", "mobile", "landline", "plate"))
}


def _spans(buffer: bytes, dictated: Iterable[_Span] = ()) -> list[_Span]:
    found = _without_overlaps([*_candidates(buffer), *dictated])
    return _without_overlaps([*found, *_labelled(buffer, found)])


def _candidates(buffer: bytes) -> Iterator[_Span]:
    yield from _numbers(buffer)
    for name, start, end in compile_pattern(SHAPES).named(buffer):
        if holds(name, buffer, start, end):
            yield _Span(start, end, _CODE[name], True)
    yield from _addresses(buffer)


def _numbers(buffer: bytes) -> Iterator[_Span]:
    for start, end in compile_pattern(NUMBER).spans(buffer):
        text = buffer[start:end].decode()
        for found in numbers(text, _before(buffer, start), _after(buffer, end)):
            first = start + len(text[: found.start].encode())
            yield _Span(first, first + len(text[found.start : found.end].encode()), _CODE[found.type], found.valid)


def _labelled(buffer: bytes, found: list[_Span]) -> Iterator[_Span]:
    """What only its label makes a number: what is left of it before the first item that was `found` in it. A secret
    is one whatever it looks like, and any of these may have looked like an amount."""
    found = [span for span in found if span.type != _CODE["amount"]]
    ends = [span.end for span in found]
    for kind, start, end in compile_pattern(LABELLED).named(buffer):
        text = buffer[start:end].decode()
        for number in labelled(kind, text, _before(buffer, start), _after(buffer, end)):
            first = start + len(text[: number.start].encode())
            span = _Span(first, first + len(text[number.start : number.end].encode()), _CODE[number.type], number.valid)
            at = bisect_right(ends, span.start)
            free = at == len(found) or found[at].start >= span.end
            if free or number.type == "secret":
                yield span
            elif found[at].start > span.start and _PERSONAL[found[at].type]:
                yield span._replace(end=found[at].start)


def _dictated(shard: Shard) -> Iterator[_Span]:
    turns = list(compile_pattern(DICTATED).spans(shard.buffer))
    starts = np.array([start for start, _ in turns], np.int64)
    at = np.searchsorted(shard.byte_start, starts, side="right") - 1
    speaker = zip(shard.conversation[at].tolist(), shard.role[at].tolist(), strict=True)
    pieces = [
        Piece(turn, who, shard.buffer[start:end].decode())
        for turn, who, (start, end) in zip(at.tolist(), speaker, turns, strict=True)
    ]
    for name, parts in dictated(pieces):
        for index, first, last in parts:
            start, text = turns[index][0], pieces[index].text
            yield _Span(start + len(text[:first].encode()), start + len(text[:last].encode()), _CODE[name], True)


def _addresses(buffer: bytes) -> Iterator[_Span]:
    for start, end in compile_pattern(ADDRESS).spans(buffer):
        before, found = _before(buffer, start), buffer[start:end].decode()
        back = extent(before, found, _after(buffer, end))
        if back is not None:
            first = (
                start - len(before[len(before) - back :].encode()) if back > 0 else start + len(found[:-back].encode())
            )
            yield _Span(first, end, _CODE["address"], True)


def _before(buffer: bytes, start: int) -> str:
    """What stands before `start` in the same turn."""
    part = buffer[max(0, start - _CONTEXT_BYTES) : start]
    return part[part.rfind(b"\n") + 1 :].decode("utf-8", "ignore")


def _after(buffer: bytes, end: int) -> str:
    """What stands after `end` in the same turn."""
    return buffer[end : end + _CONTEXT_BYTES].partition(b"\n")[0].decode("utf-8", "ignore")


def _without_overlaps(spans: Iterable[_Span]) -> list[_Span]:
    """Spans in order. Of two that overlap the more certain type stays whole, then the longer; the other one keeps what
    lies before or behind it if that is personal (建国路12号|13812345678), and is dropped if not."""
    out: list[_Span] = []
    for span in sorted(spans, key=lambda s: (s.start, _rank(s))):
        rest: _Span | None = span
        if out and span.start < out[-1].end:
            last = out[-1]
            if _rank(span) < _rank(last):
                out.pop()
                if _PERSONAL[last.type] and last.start < span.start:
                    out.append(last._replace(end=span.start))
            else:
                rest = span._replace(start=last.end) if _PERSONAL[span.type] and span.end > last.end else None
        if rest is not None:
            out.append(rest)
    return out


def _rank(span: _Span) -> tuple[int, int]:
    return _PRIORITY.get(ENTITY_TYPES[span.type], len(_PRIORITY)), span.start - span.end
