"""What operators share while one shard is judged: the shard, its signals, and every scan done at most once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from qc.domain.operators import Words
from qc.domain.rule import Frame
from qc.matching.evidence import Bools, Cause, Flags
from qc.matching.frame import Selection
from qc.matching.signals import Signals
from qc.matching.view import JoinedView, Spans, TurnView, View
from qc.matching.vocabulary import Vocabulary, WordMatches
from qc.text.regex import Pattern
from qc.text.shard import Ints, Shard


class Context:
    """One shard under judgement. `floor` is the confidence below which a turn's words are not certain; `shown` are the
    turns' texts as people may see them (masked), of the same lengths."""

    def __init__(
        self, shard: Shard, signals: Signals, vocabulary: Vocabulary, floor: float, shown: Sequence[str]
    ) -> None:
        self.shard = shard
        self.shown = shown
        self.signals = signals
        self.vocabulary = vocabulary
        self.floor = floor
        self._spans: dict[Pattern, tuple[Ints, Ints]] = {}

    @cached_property
    def turn_view(self) -> TurnView:
        return TurnView(self.shard)

    @cached_property
    def _turn_words(self) -> WordMatches:
        return self.vocabulary.scan(self.shard.buffer)

    @cached_property
    def invented(self) -> Bools:
        """Turns the recogniser is suspected to have made up (confidence 0): nobody may have spoken there."""
        return np.asarray(self.shard.confidence == 0)

    def view(self, frame: Frame, selection: Selection) -> View:
        """The text a frame reads."""
        return JoinedView(selection) if frame.joined else self.turn_view

    def words(self, view: View, words: Words) -> tuple[Ints, Spans]:
        """(word number, place) of every occurrence of the words in a view, ordered by place, longest first."""
        matches = self._turn_words if view is self.turn_view else self.vocabulary.scan(view.buffer)
        word, start, end = matches.of(self.vocabulary.numbers(words))
        return word, view.locate(start, end)

    def matches(self, view: View, pattern: Pattern) -> tuple[Ints, Ints]:
        """(first byte, end byte) of the matches of a regular expression in a view's buffer, from left to right."""
        if view is not self.turn_view:
            return _scan(pattern, view.buffer)
        if pattern not in self._spans:
            self._spans[pattern] = _scan(pattern, view.buffer)
        return self._spans[pattern]

    def unclear(self, selection: Selection, spans: Spans) -> Flags:
        """Why each place is not certain, as Cause flags; the frame comes to the same result later."""
        if not len(spans.turn):
            return np.zeros(0, np.uint8)
        low = (self.shard.confidence[spans.turn] < self.floor) | (self.shard.confidence[spans.last_turn] < self.floor)
        cause = selection.cause[spans.turn] | selection.cause[spans.last_turn]
        return np.asarray(cause | np.where(low, np.uint8(Cause.LOW_CONFIDENCE), np.uint8(0)))


def _scan(pattern: Pattern, buffer: bytes) -> tuple[Ints, Ints]:
    found = np.array(list(pattern.spans(buffer)), np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]
