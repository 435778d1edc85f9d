"""Evidence as columns: what an operator found, before and after its frame has judged it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import IntFlag
from functools import cache, cached_property

import numpy as np
import numpy.typing as npt

from qc.text.shard import NO_TIME, Ints

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]
Truths = npt.NDArray[np.int8]
NONE = -1
"""Stands in integer columns for: not given."""


class Cause(IntFlag):
    """Why a hit, or a turn's place in a frame, is not certain."""

    CERTAIN = 0
    LOW_CONFIDENCE = 1
    UNKNOWN_ROLE = 2
    NO_TIMES = 4
    ANCHOR = 8
    EXCEPTION = 16


@cache
def causes_zh(causes: int, floor: float) -> tuple[str, ...]:
    """The causes as Chinese clauses, in a fixed order."""
    said = {
        Cause.LOW_CONFIDENCE: f"有关的话转写置信度低于 {floor:g}",
        Cause.UNKNOWN_ROLE: "没有区分出说话人，不能确定是谁说的",
        Cause.NO_TIMES: "会话没有时间信息",
        Cause.ANCHOR: "前置条件本身不能确定",
        Cause.EXCEPTION: "可能属于例外，不能确定",
    }
    return tuple(text for cause, text in said.items() if causes & cause)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """Candidate hits, one row each.

    `conversation` indexes the shard's conversations; `turn` its turns, NONE for a measure of the whole conversation;
    `last_turn` is where the hit ends. `start`/`end` are characters of `turn` and `last_turn`, NONE: no text.
    Rows of one `group` count as one hit (the words of `all`, the two ends of `near`). `word` is a vocabulary id.
    `note` numbers what the operator has to say of the hit, see `Context.note`.
    `start_ms`/`end_ms` override the times interpolated from the characters. `cause` holds Cause flags, 0: certain.
    """

    conversation: Ints
    turn: Ints
    last_turn: Ints
    start: Ints
    end: Ints
    group: Ints
    word: Ints
    value: Floats
    start_ms: Ints
    end_ms: Ints
    cause: Flags
    note: Ints

    def __len__(self) -> int:
        return len(self.conversation)

    def take(self, rows: Ints | Bools) -> Hits:
        """The rows selected by a mask or by indexes."""
        return Hits(**{name: getattr(self, name)[rows] for name in _COLUMNS})

    def with_cause(self, cause: Flags) -> Hits:
        """The same rows with other causes."""
        return replace(self, cause=cause)


_COLUMNS = tuple(column.name for column in fields(Hits))


def hits(
    conversation: Ints,
    *,
    turn: Ints | None = None,
    last_turn: Ints | None = None,
    start: Ints | None = None,
    end: Ints | None = None,
    group: Ints | None = None,
    word: Ints | None = None,
    value: npt.NDArray[np.floating] | Ints | None = None,
    start_ms: Ints | None = None,
    end_ms: Ints | None = None,
    cause: Flags | None = None,
    note: Ints | None = None,
) -> Hits:
    """Hits with the columns that are not given filled in; without `group` every row counts on its own."""
    n = len(conversation)
    none = np.full(n, NONE, np.int64)
    turn = none if turn is None else turn
    return Hits(
        conversation=conversation,
        turn=turn,
        last_turn=turn if last_turn is None else last_turn,
        start=none if start is None else start,
        end=none if end is None else end,
        group=np.arange(n, dtype=np.int64) if group is None else group,
        word=none if word is None else word,
        value=np.full(n, np.nan) if value is None else np.asarray(value, np.float64),
        start_ms=np.full(n, NO_TIME, np.int64) if start_ms is None else start_ms,
        end_ms=np.full(n, NO_TIME, np.int64) if end_ms is None else end_ms,
        cause=np.zeros(n, np.uint8) if cause is None else cause,
        note=none if note is None else note,
    )


NO_HITS = hits(np.zeros(0, np.int64))


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What an operator found. Conversations in `unmeasured` cannot be judged, for the (Chinese) reason given.

    `beside`: what may belong to groups that are complete without it (a word whose speaker is not known). It counts for
    nothing but an exception, which excuses a group by any of its rows.
    """

    hits: Hits
    unmeasured: Mapping[int, str] = field(default_factory=dict)
    beside: Hits | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Excused:
    """What the exception `piece` let pass: the hits that do not count for it, and the conversations they lie in."""

    piece: str
    hits: Hits
    conversations: Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class PieceResult:
    """A piece on every conversation of the shard: `truth` 0/1/2 (see Truth), `na` where its range is empty and it says
    so, `reasons` for every UNKNOWN, and its hits, ordered by conversation: rows `first_hit[c]:first_hit[c + 1]`.

    `unheard`: where the truth is what it is because something was not found, and words that were not heard clearly may
    have been just that: no agent may lose by it. `whole`: it speaks of the conversation (a measure of it, an absence),
    so that its truth has no place in a turn.
    Results may share their columns: do not change them.
    """

    truth: Truths
    na: Bools
    reasons: Mapping[int, str]
    hits: Hits
    unheard: Bools
    whole: bool = False
    excused: tuple[Excused, ...] = ()

    @cached_property
    def first_hit(self) -> Ints:
        """The first row of each conversation's hits, plus one past the end."""
        return np.searchsorted(self.hits.conversation, np.arange(len(self.truth) + 1))
