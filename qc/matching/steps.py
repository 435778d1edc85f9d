"""Other pieces' hits as steps of a course: where each begins and ends, and where it cannot be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from qc.domain.rule import Truth
from qc.matching.evidence import Bools, Cause, Flags, Hits, PieceResult
from qc.matching.frame import Selection
from qc.text.shard import Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Hits of one or several pieces, one row each, ordered by place.

    `turn`, `start`: where the hit begins, `last_turn`, `end`: where it ends (characters, −1: no text). `begin` and
    `finish` are the same on one scale, characters of the shard's text, so that one comparison tells what comes first.
    `cause` holds Cause flags, 0: certain.
    """

    conversation: Ints
    turn: Ints
    last_turn: Ints
    start: Ints
    end: Ints
    begin: Ints
    finish: Ints
    cause: Flags

    def __len__(self) -> int:
        return len(self.conversation)

    def take(self, rows: Ints | Bools) -> Places:
        """The rows selected by a mask or by indexes."""
        return Places(**{column.name: getattr(self, column.name)[rows] for column in fields(self)})

    def per_conversation(self, conversations: int) -> Ints:
        """How many rows each conversation has."""
        return np.bincount(self.conversation, minlength=conversations).astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a step: its places, and per conversation whether it may have happened anywhere (`anywhere`: its
    piece could not be decided and shows no hit)."""

    places: Places
    anywhere: Bools


def known(results: Sequence[PieceResult], selection: Selection) -> Known:
    """A step that is done when any of these pieces hits inside the selection."""
    parts = [_places(result, selection) for result in results]
    merged = parts[0] if len(parts) == 1 else _joined(parts)
    lost = np.zeros(len(selection.shard), np.bool_)
    for result, part in zip(results, parts, strict=True):
        unknown = (result.truth == Truth.UNKNOWN) | result.na
        lost |= unknown & (part.per_conversation(len(lost)) == 0)
    return Known(places=merged, anywhere=lost & (selection.count > 0))


def _joined(parts: Sequence[Places]) -> Places:
    columns = {c.name: np.concatenate([getattr(p, c.name) for p in parts]) for c in fields(Places)}
    merged = Places(**columns)
    return merged.take(np.lexsort((merged.finish, merged.begin)))


def _places(result: PieceResult, selection: Selection) -> Places:
    """The hits that lie inside the selection, of the conversations in which the piece is not FALSE."""
    shard, hits = selection.shard, result.hits
    hits = hits.take((hits.turn >= 0) & (result.truth[hits.conversation] != Truth.FALSE))
    spoken = hits.start >= 0
    begin = shard.char_start[hits.turn] + np.where(spoken, hits.start, 0)
    finish = np.where(spoken, shard.char_start[hits.last_turn] + hits.end, begin)
    order = np.lexsort((begin, hits.group))
    _, first = np.unique(hits.group[order], return_index=True)
    sizes = np.diff(np.append(first, len(order)))
    # rows of one group are one hit, from the first row's beginning to the end of the row that ends last
    last = np.lexsort((finish, hits.group))[first + sizes - 1] if len(order) else order
    rows = order[first] if len(order) else order
    cause = np.bitwise_or.reduceat(hits.cause[order], first) if len(order) else hits.cause
    conversation, turn, last_turn = hits.conversation[rows], hits.turn[rows], hits.last_turn[last]
    cause = cause | selection.cause[turn] | selection.cause[last_turn]
    undecided = (result.truth[conversation] == Truth.UNKNOWN) & (cause == 0)
    found = Places(
        conversation=conversation,
        turn=turn,
        last_turn=last_turn,
        start=hits.start[rows],
        end=hits.end[last],
        begin=begin[rows],
        finish=finish[last],
        cause=np.where(undecided, np.uint8(Cause.ANCHOR), cause).astype(np.uint8),
    )
    inside = np.flatnonzero(selection.inside[turn] & selection.inside[last_turn])
    return found.take(inside[np.argsort(found.begin[inside], kind="stable")])


def why_lost(results: Sequence[PieceResult], conversation: int) -> str:
    """Why a step could not be decided, for the reason of a finding."""
    reasons = [result.reasons[conversation] for result in results if conversation in result.reasons]
    return "；".join(dict.fromkeys(reasons)) or "范围里一轮也没有"


def stacked(parts: Sequence[Hits]) -> Hits:
    """Rows under each other, groups as they are."""
    return Hits(**{c.name: np.concatenate([getattr(part, c.name) for part in parts]) for c in fields(Hits)})
