"""Shard: many conversations as columns, so that one scan serves all rules.

All turns of all conversations stand in one list, in order. `text` is their normalised texts joined by "\\n" (which
never occurs inside a turn), `buffer` the same as UTF-8. Conversation `i` owns turns `first_turn[i]:first_turn[i+1]`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from qc.domain.conversation import Conversation, Role, Turn
from qc.text.normalise import normalise

Ints = npt.NDArray[np.int64]
ROLE_CODES: dict[Role, int] = {role: i for i, role in enumerate(Role)}
NO_TIME = -1


@dataclass(frozen=True, slots=True)
class _Views:
    text: str
    buffer: bytes
    char_start: Ints
    byte_start: Ints


class Shard:
    """Columns over the turns of `conversations`.

    `turns`: the Turn objects, `conversation`: owner index per turn, `role`: code per turn (see ROLE_CODES),
    `start_ms`/`end_ms`: NO_TIME where not given, `confidence`: NaN where not given.
    """

    def __init__(self, conversations: Sequence[Conversation]) -> None:
        self.conversations = tuple(conversations)
        self.turns: tuple[Turn, ...] = tuple(t for c in self.conversations for t in c.turns)
        counts = np.fromiter((len(c.turns) for c in self.conversations), np.int64, len(self.conversations))
        self.first_turn: Ints = np.concatenate(([0], np.cumsum(counts)))
        n = len(self.turns)
        self.conversation: Ints = np.repeat(np.arange(len(self.conversations), dtype=np.int64), counts)
        self.role: npt.NDArray[np.int8] = np.fromiter((ROLE_CODES[t.role] for t in self.turns), np.int8, n)
        self.start_ms: Ints = np.fromiter(
            (NO_TIME if t.start_ms is None else t.start_ms for t in self.turns), np.int64, n
        )
        self.end_ms: Ints = np.fromiter((NO_TIME if t.end_ms is None else t.end_ms for t in self.turns), np.int64, n)
        self.confidence: npt.NDArray[np.float32] = np.fromiter(
            (np.nan if t.confidence is None else t.confidence for t in self.turns), np.float32, n
        )

    @property
    def invented(self) -> npt.NDArray[np.bool_]:
        """Turns that the recogniser is suspected to have made up (confidence 0): nobody said that."""
        return np.asarray(self.confidence == 0, bool)

    def __len__(self) -> int:
        return len(self.conversations)

    @cached_property
    def _views(self) -> _Views:
        lengths = np.fromiter((len(t.text) for t in self.turns), np.int64, len(self.turns))
        text = normalise_join(self.turns)
        buffer = text.encode("utf-8", "replace")
        char_start = np.concatenate(([0], np.cumsum(lengths + 1)))
        ends = np.flatnonzero(np.frombuffer(buffer, np.uint8) == 0x0A)
        byte_start = np.concatenate(([0], ends + 1, [len(buffer) + 1]))[: len(self.turns) + 1]
        return _Views(text, buffer, char_start, byte_start.astype(np.int64))

    @property
    def text(self) -> str:
        """The normalised turns joined by line feeds."""
        return self._views.text

    @property
    def buffer(self) -> bytes:
        """`text` as UTF-8."""
        return self._views.buffer

    @property
    def char_start(self) -> Ints:
        """Offset in `text` of each turn, plus one past the end: turn t is `text[char_start[t]:char_start[t+1]-1]`."""
        return self._views.char_start

    @property
    def byte_start(self) -> Ints:
        """Offset in `buffer` of each turn, plus one past the end."""
        return self._views.byte_start

    @cached_property
    def _char_of_byte(self) -> npt.NDArray[np.int32]:
        lead = (np.frombuffer(self.buffer, np.uint8) & 0xC0) != 0x80
        return np.concatenate((np.cumsum(lead, dtype=np.int32) - 1, [len(self.text)])).astype(np.int32)

    def locate(self, byte_starts: Ints, byte_ends: Ints) -> tuple[Ints, Ints, Ints]:
        """Byte spans in `buffer` → (turn index, first character, end character) within the turn's text.

        A span must lie inside one turn.
        """
        turn = np.searchsorted(self.byte_start, byte_starts, side="right") - 1
        base = self.char_start[turn]
        chars = self._char_of_byte
        return turn, chars[byte_starts].astype(np.int64) - base, chars[byte_ends].astype(np.int64) - base

    def normalised(self, turn: int) -> str:
        """The normalised text of one turn."""
        return self.text[self.char_start[turn] : self.char_start[turn + 1] - 1]


def normalise_join(turns: Sequence[Turn]) -> str:
    """Normalised texts joined by line feeds; line breaks inside a turn have become spaces."""
    # The joiner must survive normalisation, which maps "\n" to a space: join with a private character first.
    return normalise("\ue000".join(t.text.replace("\ue000", " ") for t in turns)).replace("\ue000", "\n")
