"""What text operators read: the shard's turns one by one, or the turns of a selection joined per conversation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from qc.matching.frame import Selection
from qc.text.shard import Ints, Shard

CLAUSE_MARKS = "，。！？；"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """Places in a view: `turn`/`start` where each begins, `last_turn`/`end` where it ends (characters of the turn),
    and `begin`/`finish`, the same as characters of the whole view, for measuring distances."""

    turn: Ints
    start: Ints
    last_turn: Ints
    end: Ints
    begin: Ints
    finish: Ints


class TurnView:
    """The shard's own buffer: every turn on its own."""

    def __init__(self, shard: Shard) -> None:
        self.shard = shard
        self.buffer = shard.buffer

    def locate(self, byte_starts: Ints, byte_ends: Ints) -> Spans:
        """Byte spans, each inside one turn, as places."""
        turn, start, end = self.shard.locate(byte_starts, byte_ends)
        base = self.shard.char_start[turn]
        return Spans(turn=turn, start=start, last_turn=turn, end=end, begin=base + start, finish=base + end)

    @cached_property
    def _clause_ends(self) -> Ints:
        codes = np.frombuffer(self.shard.text.encode("utf-32-le", "replace"), np.uint32)
        return np.flatnonzero(np.isin(codes, [ord(mark) for mark in CLAUSE_MARKS + "\n"]))

    def clauses(self, spans: Spans) -> tuple[Ints, Ints]:
        """Clause number of the first and of the last character of each place; a clause's mark belongs to it."""
        ends = self._clause_ends
        last = np.maximum(spans.finish - 1, spans.begin)
        return np.searchsorted(ends, spans.begin, side="left"), np.searchsorted(ends, last, side="left")


class JoinedView:
    """The selected turns of each conversation written one after another; conversations end in a line feed."""

    def __init__(self, selection: Selection) -> None:
        self.shard = shard = selection.shard
        turns = self._turns = selection.turns
        owner = shard.conversation[turns]
        last = np.append(owner[1:] != owner[:-1], True)[: len(turns)]  # the last turn of its conversation
        text = memoryview(shard.buffer)
        starts, ends = shard.byte_start[turns], shard.byte_start[turns + 1] - 1
        parts: list[bytes | memoryview] = []
        for start, end, ends_here in zip(starts.tolist(), ends.tolist(), last.tolist(), strict=True):
            parts.append(text[start:end])
            if ends_here:
                parts.append(b"\n")
        self.buffer = b"".join(parts)
        chars = shard.char_start[turns + 1] - 1 - shard.char_start[turns]
        self._byte_start = np.concatenate(([0], np.cumsum(ends - starts + last)))[: len(turns)]
        self._char_start = np.concatenate(([0], np.cumsum(chars + last)))[: len(turns)]

    def locate(self, byte_starts: Ints, byte_ends: Ints) -> Spans:
        """Byte spans, each inside one conversation, as places."""
        turn, start, begin = self._place(byte_starts, byte_starts)
        last_turn, end, finish = self._place(byte_ends, byte_ends - 1)
        return Spans(turn=turn, start=start, last_turn=last_turn, end=end, begin=begin, finish=finish)

    def _place(self, at: Ints, inside: Ints) -> tuple[Ints, Ints, Ints]:
        """Turn, character of the turn and character of the view at byte `at`, in the turn that holds byte `inside`."""
        row = np.searchsorted(self._byte_start, inside, side="right") - 1
        turn = self._turns[row]
        source = self.shard.byte_start[turn] + at - self._byte_start[row]
        _, _, char = self.shard.locate(self.shard.byte_start[turn], source)
        return turn, char, self._char_start[row] + char


View = TurnView | JoinedView
