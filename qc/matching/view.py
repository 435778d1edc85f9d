"""What text operators read: all turns, the turns of a selection, or those joined per conversation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qc.matching.frame import Selection
from qc.text.columns import Points
from qc.text.shard import Ints, Shard


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """Places: `turn`/`start` where each begins, `last_turn`/`end` where it ends (characters of the turn).

    `begin` and `finish` are the same on one scale for measuring distances: characters of the shard's text, or of the
    joined text.
    """

    turn: Ints
    start: Ints
    last_turn: Ints
    end: Ints
    begin: Ints
    finish: Ints

    def part(self, rows: slice) -> Spans:
        """Some of the places that follow one another."""
        return Spans(
            turn=self.turn[rows],
            start=self.start[rows],
            last_turn=self.last_turn[rows],
            end=self.end[rows],
            begin=self.begin[rows],
            finish=self.finish[rows],
        )


class TurnView:
    """The shard's own buffer: every turn is a line."""

    def __init__(self, shard: Shard) -> None:
        self.shard = shard
        self.buffer = shard.buffer
        self.points: Points | None = shard.points

    def locate(self, byte_starts: Ints, byte_ends: Ints) -> Spans:
        """Byte spans, each inside one line, as places."""
        turn, start, end = self.shard.locate(byte_starts, byte_ends)
        base = self.shard.char_start[turn]
        return Spans(turn=turn, start=start, last_turn=turn, end=end, begin=base + start, finish=base + end)


class PickedView:
    """The turns of a selection only: each a line, or, `joined`, those of a conversation run together as one line."""

    def __init__(self, selection: Selection, *, joined: bool) -> None:
        self.shard = shard = selection.shard
        self.joined = joined
        turns = self._turns = selection.turns
        owner = shard.conversation[turns]
        ends_line = np.append(owner[1:] != owner[:-1], True)[: len(turns)] if joined else np.ones(len(turns), np.bool_)
        starts, ends = shard.byte_start[turns], shard.byte_start[turns + 1] - 1
        text = shard.buffer + b"\n"  # so that every turn has its line feed behind it
        self.buffer = b"".join(text[a:b] for a, b in zip(starts.tolist(), (ends + ends_line).tolist(), strict=True))
        self.points = None
        chars = shard.char_start[turns + 1] - 1 - shard.char_start[turns]
        self._byte_start = np.concatenate(([0], np.cumsum(ends - starts + ends_line)))[: len(turns)]
        picked = np.concatenate(([0], np.cumsum(chars + ends_line)))[: len(turns)]
        self._char_start = picked if joined else shard.char_start[turns]

    def locate(self, byte_starts: Ints, byte_ends: Ints) -> Spans:
        """Byte spans, each inside one line, as places."""
        turn, start, begin = self._place(byte_starts, byte_starts)
        last_turn, end, finish = self._place(byte_ends, byte_ends - 1)
        return Spans(turn=turn, start=start, last_turn=last_turn, end=end, begin=begin, finish=finish)

    def _place(self, at: Ints, inside: Ints) -> tuple[Ints, Ints, Ints]:
        """Turn, character of the turn and character of the scale at byte `at`, in the turn that holds byte `inside`."""
        row = np.searchsorted(self._byte_start, inside, side="right") - 1
        turn = self._turns[row]
        source = self.shard.byte_start[turn] + at - self._byte_start[row]
        _, _, char = self.shard.locate(self.shard.byte_start[turn], source)
        return turn, char, self._char_start[row] + char


View = TurnView | PickedView
