"""Items of information in the turns: numbers, addresses, amounts, dates; which of them are personal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qc.domain.conversation import Entity
from qc.text.shard import Ints

ENTITY_TYPES = (
    "mobile",
    "landline",
    "id_card",
    "bank_card",
    "email",
    "plate",
    "address",
    "amount",
    "date",
    "account",
    "name",
)


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
