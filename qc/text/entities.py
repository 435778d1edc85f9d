"""Items of information in the turns: numbers, addresses, amounts, dates; which of them are personal.

Some are recognised where they stand, some over several turns, some only by what was said around them; `spans` decides
which of two that overlap is one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from qc.domain.conversation import Entity
from qc.text.digits import NUMBER
from qc.text.in_context import corrected_numbers, labelled_items, names_beside, said_again
from qc.text.normalise import normalise
from qc.text.over_turns import told_over_turns
from qc.text.recognised import recognised
from qc.text.regex import compile_pattern
from qc.text.shard import Ints, Shard
from qc.text.spans import ENTITY_TYPES, IS_PERSONAL, PERSONAL_TYPES, Owner, Span, without_overlaps

__all__ = ["ENTITY_TYPES", "PERSONAL_TYPES", "Entities", "find_entities", "find_in"]


@dataclass(frozen=True, kw_only=True, eq=False)
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
        lo, hi = map(int, np.searchsorted(self.turn, (turn, turn + 1)))
        return tuple(entity for _, entity in self._rows(slice(lo, hi)))

    def by_turn(self) -> Mapping[int, tuple[Entity, ...]]:
        """All entities by turn index; turns without any are left out."""
        return self._by_turn

    @cached_property
    def _by_turn(self) -> dict[int, tuple[Entity, ...]]:
        out: dict[int, list[Entity]] = {}
        for turn, entity in self._rows(slice(None)):
            out.setdefault(turn, []).append(entity)
        return {turn: tuple(found) for turn, found in out.items()}

    def _rows(self, rows: slice) -> Iterable[tuple[int, Entity]]:
        columns = (self.turn, self.type, self.start, self.end, self.valid, self.personal)
        for turn, code, start, end, valid, personal in zip(*(c[rows].tolist() for c in columns), strict=True):
            yield turn, Entity(type=ENTITY_TYPES[code], start=start, end=end, valid=valid, personal=personal)


def find_entities(shard: Shard) -> Entities:
    """The entities of every turn. Turns that carry theirs already (read back from a stored, masked run) keep those."""
    stored_entities = shard.turn_columns.entities or [None] * len(shard.turns)
    known = np.fromiter((e is not None for e in stored_entities), bool, len(shard.turns))
    spans = [] if known.all() else _spans(shard.buffer, _owner(shard), told_over_turns(shard))
    flat = np.array(spans, np.int64).reshape(-1, 4)
    turn, start, end = shard.locate(flat[:, 0], flat[:, 1])
    fresh = ~known[turn]
    personal = np.array(IS_PERSONAL)[flat[:, 2]]
    rows = [np.column_stack((turn, start, end, flat[:, 2], flat[:, 3], personal))[fresh]]
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
    chars = at = 0
    for span in _spans(buffer, lambda _: 0):
        chars += len(buffer[at : span.start].decode())
        start, at = chars, span.start
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


def _owner(shard: Shard) -> Owner:
    starts, owners = shard.byte_start.tolist(), shard.conversation.tolist()
    return lambda at: owners[bisect_right(starts, at) - 1]


def _spans(buffer: bytes, owner: Owner, told: Iterable[Span] = ()) -> list[Span]:
    runs = [(start, buffer[start:end].decode()) for start, end in compile_pattern(NUMBER).spans(buffer)]
    found = without_overlaps([*recognised(buffer, runs, owner), *told])
    found = without_overlaps([*found, *labelled_items(buffer, found)])
    found = without_overlaps([*found, *names_beside(buffer, found)])
    found = without_overlaps([*found, *corrected_numbers(buffer, runs, found, owner)])
    return without_overlaps([*found, *said_again(buffer, runs, found, owner)])
