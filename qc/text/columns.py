"""What a shard is made of, as columns: conversations and their turns without an object for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar, overload

import numpy as np
import numpy.typing as npt

from qc.domain.conversation import CallMeta, Channel, Conversation, Entity, Role, Source, StatedEmotion, Turn
from qc.text.heard import PhraseColumns, phrase_columns

Ints = npt.NDArray[np.int64]
Points = npt.NDArray[np.uint32]
"""Text as code points."""
ROLE_CODES: dict[Role, int] = {role: i for i, role in enumerate(Role)}
NO_TIME = -1
NO_CHANNEL = -1
"""Stands for: the number of audio channels, or the channel of a turn, is not given."""
_T = TypeVar("_T")


class Lazy(Sequence[_T], Generic[_T]):
    """A sequence of `length` items, each made by `make(index)` whenever it is asked for."""

    def __init__(self, length: int, make: Callable[[int], _T]) -> None:
        self._length = length
        self._make = make

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> _T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[_T]: ...
    def __getitem__(self, index: int | slice) -> _T | Sequence[_T]:
        if isinstance(index, slice):
            return [self._make(i) for i in range(*index.indices(self._length))]
        return self._make(range(self._length)[index])

    def __iter__(self) -> Iterator[_T]:
        return map(self._make, range(self._length))


class Utf8Texts(Sequence[str]):
    """Texts in one buffer: text i is `data[offsets[i]:offsets[i + 1]]`, valid UTF-8, the layout of an Arrow column."""

    def __init__(self, offsets: npt.NDArray[np.integer], data: bytes | memoryview) -> None:
        self.offsets: Ints = np.asarray(offsets, np.int64)
        self.data = memoryview(data).cast("B")

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        return str(self.data[self.offsets[index] : self.offsets[index + 1]], "utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationColumns:
    """Conversations, one item each. `first_turn` has one more: conversation i owns turns
    `first_turn[i]:first_turn[i + 1]`. `duration_ms` NO_TIME, `audio_channels` NO_CHANNEL: not given. `meta` and
    `source` may be Lazy: they are read for what hit and by the rules that ask for metadata."""

    id: Sequence[str]
    project: Sequence[str]
    channel: Sequence[Channel]
    first_turn: Ints
    duration_ms: Ints
    audio_channels: Ints
    meta: Sequence[CallMeta]
    source: Sequence[Source]


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnColumns:
    """Turns of all conversations, in order. `role` holds ROLE_CODES; `start_ms`/`end_ms` NO_TIME, `confidence` NaN,
    `audio_channel` NO_CHANNEL where not given. `entities` may be Lazy; None: not looked for yet in any turn."""

    role: npt.NDArray[np.int8]
    start_ms: Ints
    end_ms: Ints
    confidence: npt.NDArray[np.float32]
    audio_channel: npt.NDArray[np.integer]
    text: Sequence[str]
    entities: Sequence[tuple[Entity, ...] | None] | None = None
    energy_db: npt.NDArray[np.float32] | None = None
    pitch_hz: npt.NDArray[np.float32] | None = None
    pitch_range_st: npt.NDArray[np.float32] | None = None
    """As `energy_db`: NaN where a turn was not measured; None: none was."""
    emotion: Mapping[int, StatedEmotion] = field(default_factory=dict)
    """By turn, where one was stated."""
    phrases: PhraseColumns | None = None
    """None: no turn says what was heard at a stretch."""


def conversation_columns(conversations: Sequence[Conversation]) -> ConversationColumns:
    """The columns of conversations that are objects."""
    n = len(conversations)
    counts = np.fromiter((len(c.turns) for c in conversations), np.int64, n)
    return ConversationColumns(
        id=[c.id for c in conversations],
        project=[c.project for c in conversations],
        channel=[c.channel for c in conversations],
        first_turn=np.concatenate(([0], np.cumsum(counts))),
        duration_ms=_numbers([c.meta.duration_ms for c in conversations], NO_TIME),
        audio_channels=_numbers([c.source.audio_channels for c in conversations], NO_CHANNEL),
        meta=[c.meta for c in conversations],
        source=[c.source for c in conversations],
    )


def turn_columns(turns: Sequence[Turn]) -> TurnColumns:
    """The columns of turns that are objects."""
    return TurnColumns(
        role=np.fromiter((ROLE_CODES[t.role] for t in turns), np.int8, len(turns)),
        start_ms=_numbers([t.start_ms for t in turns], NO_TIME),
        end_ms=_numbers([t.end_ms for t in turns], NO_TIME),
        confidence=_measures([t.confidence for t in turns]),
        audio_channel=_numbers([t.audio_channel for t in turns], NO_CHANNEL),
        text=[t.text for t in turns],
        entities=[t.entities for t in turns],
        energy_db=_measures([t.energy_db for t in turns]),
        pitch_hz=_measures([t.pitch_hz for t in turns]),
        pitch_range_st=_measures([t.pitch_range_st for t in turns]),
        emotion={i: t.emotion for i, t in enumerate(turns) if t.emotion is not None},
        phrases=phrase_columns(turns),
    )


def _numbers(values: Sequence[int | None], missing: int) -> Ints:
    if values.count(None) == len(values):  # a chat has no times
        return np.full(len(values), missing, np.int64)
    return np.fromiter((missing if v is None else v for v in values), np.int64, len(values))


def _measures(values: Sequence[float | None]) -> npt.NDArray[np.float32]:
    if values.count(None) == len(values):
        return np.full(len(values), np.nan, np.float32)
    return np.fromiter((np.nan if v is None else v for v in values), np.float32, len(values))


MOST_IN_A_TURN = 32


def first_few(turn: Ints, word: Ints) -> npt.NDArray[np.bool_]:
    """The first MOST_IN_A_TURN occurrences of each word in each turn: a turn that says one for ever says no more, and
    shall not cost more. Occurrences are given in order of the text."""
    few = np.ones(len(turn), bool)
    if len(turn) > MOST_IN_A_TURN:
        order = np.lexsort((word, turn))
        turn, word = turn[order], word[order]
        same = (turn[MOST_IN_A_TURN:] == turn[:-MOST_IN_A_TURN]) & (word[MOST_IN_A_TURN:] == word[:-MOST_IN_A_TURN])
        few[order[MOST_IN_A_TURN:][same]] = False
    return few


def ranges(first: Ints, last: Ints) -> Ints:
    """first[0], first[0]+1, … last[0]-1, first[1], …"""
    counts = last - first
    return np.asarray(np.arange(int(counts.sum())) + np.repeat(first - np.cumsum(counts) + counts, counts), np.int64)
