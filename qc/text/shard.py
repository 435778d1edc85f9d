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
from qc.text.columns import (
    NO_CHANNEL,
    NO_TIME,
    ROLE_CODES,
    ConversationColumns,
    Ints,
    Lazy,
    Points,
    TurnColumns,
    Utf8Texts,
    conversation_columns,
    turn_columns,
)
from qc.text.normalise import normalise_codes

__all__ = ["NO_CHANNEL", "NO_TIME", "ROLE_CODES", "Ints", "Shard", "normalise_join"]

_ROLES = tuple(Role)


@dataclass(frozen=True, slots=True)
class _Views:
    text: str
    buffer: bytes
    char_start: Ints
    byte_start: Ints


class Shard:
    """Columns over conversations (`columns`, see ConversationColumns) and their turns (`turn_columns`).

    `conversation`: owner index per turn, `role`: code per turn (see ROLE_CODES), `start_ms`/`end_ms`: NO_TIME where
    not given, `confidence`, `energy_db`, `pitch_hz`, `pitch_range_st`: NaN where not given. `phrases`: what was heard
    at a stretch inside the turns, None where no turn says so. `turns` and `conversations` give objects; a shard made
    from columns makes each anew, so ask for what hit, not for all.
    """

    def __init__(self, conversations: Sequence[Conversation]) -> None:
        objects = tuple(conversations)
        turns = tuple(t for c in objects for t in c.turns)
        self._fill(conversation_columns(objects), turn_columns(turns))
        self.conversations: Sequence[Conversation] = objects
        self.turns: Sequence[Turn] = turns

    @classmethod
    def from_columns(cls, conversations: ConversationColumns, turns: TurnColumns) -> Shard:
        """A shard of stored conversations; no Turn or Conversation is made before it is asked for."""
        shard = cls.__new__(cls)
        shard._fill(conversations, turns)
        shard.conversations = Lazy(len(conversations.id), shard._conversation)
        shard.turns = Lazy(len(turns.role), shard._turn)
        return shard

    def _fill(self, conversations: ConversationColumns, turns: TurnColumns) -> None:
        self.columns = conversations
        self.turn_columns = turns
        self.first_turn: Ints = conversations.first_turn
        owners = np.arange(len(conversations.id), dtype=np.int64)
        self.conversation: Ints = np.repeat(owners, np.diff(self.first_turn))
        self.role = turns.role
        self.start_ms = turns.start_ms
        self.end_ms = turns.end_ms
        self.confidence = turns.confidence
        self.phrases = turns.phrases
        nowhere = np.full(len(turns.role), np.nan, np.float32)
        self.stated_emotion = turns.emotion
        self.energy_db = nowhere if turns.energy_db is None else turns.energy_db
        self.pitch_hz = nowhere if turns.pitch_hz is None else turns.pitch_hz
        self.pitch_range_st = nowhere if turns.pitch_range_st is None else turns.pitch_range_st

    def _turn(self, i: int) -> Turn:
        columns = self.turn_columns
        start, end, channel = int(self.start_ms[i]), int(self.end_ms[i]), int(columns.audio_channel[i])
        return Turn(
            role=_ROLES[self.role[i]],
            text=columns.text[i],
            start_ms=None if start == NO_TIME else start,
            end_ms=None if end == NO_TIME else end,
            confidence=_known(self.confidence[i]),
            audio_channel=None if channel == NO_CHANNEL else channel,
            energy_db=_known(self.energy_db[i]),
            pitch_hz=_known(self.pitch_hz[i]),
            pitch_range_st=_known(self.pitch_range_st[i]),
            entities=None if columns.entities is None else columns.entities[i],
            phrases=() if self.phrases is None else self.phrases.of(i),
        )

    def _conversation(self, i: int) -> Conversation:
        return Conversation(
            id=self.columns.id[i],
            project=self.columns.project[i],
            channel=self.columns.channel[i],
            turns=tuple(self.turns[int(self.first_turn[i]) : int(self.first_turn[i + 1])]),
            meta=self.columns.meta[i],
            source=self.columns.source[i],
        )

    @property
    def invented(self) -> npt.NDArray[np.bool_]:
        """Turns that the recogniser is suspected to have made up (confidence 0): nobody said that."""
        return np.asarray(self.confidence == 0, bool)

    def __len__(self) -> int:
        return len(self.columns.id)

    @cached_property
    def _views(self) -> _Views:
        text, char_start = normalise_join(self.turn_columns.text)
        buffer = text.encode("utf-8", "replace")
        ends = np.flatnonzero(np.frombuffer(buffer, np.uint8) == 0x0A)
        byte_start = np.concatenate(([0], ends + 1, [len(buffer) + 1]))[: len(char_start)]
        return _Views(text, buffer, char_start, byte_start.astype(np.int64))

    @property
    def text(self) -> str:
        """The normalised turns joined by line feeds."""
        return self._views.text

    @cached_property
    def points(self) -> Points:
        """`text` as code points."""
        return np.frombuffer(self.text.encode("utf-32-le", "replace"), np.uint32)

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

    def turn_of(self, chars: Ints) -> Ints:
        """The turn of each of these characters of `text`, which must ascend."""
        return np.repeat(np.arange(len(self.role)), np.diff(np.searchsorted(chars, self.char_start)))

    def normalised(self, turn: int) -> str:
        """The normalised text of one turn."""
        return self.text[self.char_start[turn] : self.char_start[turn + 1] - 1]


def _known(value: np.float32) -> float | None:
    return None if np.isnan(value) else float(value)


def normalise_join(texts: Sequence[str]) -> tuple[str, Ints]:
    """Normalised texts joined by line feeds (line breaks inside a text have become spaces), and where each begins,
    plus one past the end."""
    n = len(texts)
    if isinstance(texts, Utf8Texts):
        starts, ends = texts.offsets[:-1], texts.offsets[1:]
        data = np.frombuffer(texts.data, np.uint8)[starts[0] if n else 0 : ends[-1] if n else 0]
        data = np.where(data == 0x0A, np.uint8(0x20), data)
        joined = np.insert(data, ends[:-1] - starts[0], np.uint8(0x0A)).tobytes().decode() if n else ""
        codes = np.frombuffer(joined.encode("utf-32-le"), np.uint32)
        breaks = np.flatnonzero(codes == 0x0A)
    else:
        codes = np.frombuffer("\n".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
        breaks = np.cumsum(np.fromiter(map(len, texts), np.int64, n) + 1)[:-1] - 1
    normalised = normalise_codes(codes)
    normalised[breaks] = 0x0A
    text = normalised.tobytes().decode("utf-32-le", "surrogatepass")
    char_start = np.concatenate(([0], breaks + 1, [len(codes) + 1])) if n else np.zeros(1)
    return text, char_start.astype(np.int64)
