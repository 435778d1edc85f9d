"""What operators share while one shard is judged: the shard, its signals, and every scan done at most once."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from qc.domain.operators import Words
from qc.domain.rule import Frame
from qc.matching.clarity import Clarity
from qc.matching.evidence import NONE, Bools, Cause, Flags
from qc.matching.frame import Selection
from qc.matching.signals import Signals
from qc.matching.view import PickedView, Spans, TurnView, View
from qc.matching.vocabulary import Vocabulary
from qc.text.emotion_curve import Moods, moods_of
from qc.text.regex import Pattern
from qc.text.shard import Ints, Shard
from qc.text.similarity import CLAUSE_MARKS, Passages
from qc.text.timing import spoken_chars

_MOST = 0.7
"""A selection of more than this share of the turns is not worth a buffer of its own."""


class _PlacedWords:
    """The words of all lists in a view, scanned and placed once."""

    def __init__(self, vocabulary: Vocabulary, view: View) -> None:
        self._found = vocabulary.scan(view.buffer, view.points)
        self._spans = view.locate(self._found.start, self._found.end)

    def of(self, rank: int) -> tuple[Ints, Spans]:
        """(word number, place) of the words of one list."""
        rows = slice(self._found.first[rank], self._found.first[rank + 1])
        return self._found.word[rows], self._spans.part(rows)


class Context:
    """One shard under judgement. `floor` is the confidence below which words are not certain; see `clarity`."""

    def __init__(self, shard: Shard, signals: Signals, vocabulary: Vocabulary, floor: float) -> None:
        self.shard = shard
        self.signals = signals
        self.vocabulary = vocabulary
        self.floor = floor
        self.clarity = Clarity(shard, floor)
        self._views: dict[tuple[Selection, bool], PickedView] = {}
        self._joined: dict[Selection, _PlacedWords] = {}
        self._matches: dict[tuple[Pattern, View], tuple[Ints, Ints]] = {}
        self._notes: dict[str, int] = {}
        self._said: list[str] = []
        self._steps: dict[int, str] = {}

    @cached_property
    def _all_turns(self) -> TurnView:
        return TurnView(self.shard)

    @cached_property
    def _all_words(self) -> _PlacedWords:
        return _PlacedWords(self.vocabulary, self._all_turns)

    @cached_property
    def spoken_chars(self) -> Ints:
        """字数 of every turn."""
        return spoken_chars(self.shard)

    @cached_property
    def invented(self) -> Bools:
        """Turns the recogniser is suspected to have made up (confidence 0): nobody may have spoken there."""
        return np.asarray(self.shard.confidence == 0)

    @cached_property
    def moods(self) -> Moods | None:
        """The mood of both sides along the shard, from the turns heard clearly; None where emotions were not asked
        for."""
        emotions = self.signals.emotions
        return None if emotions is None else moods_of(self.shard, emotions, floor=self.floor)

    def words(self, frame: Frame, selection: Selection, *lists: Words) -> list[tuple[Ints, Spans]]:
        """For each list: (word number, place) of every occurrence of its words, ordered by place, longest first.

        Places may lie outside of the selection unless the frame joins its turns.
        """
        placed = self._joined_words(selection) if frame.joined else self._all_words
        return [placed.of(self.vocabulary.rank(words)) for words in lists]

    def _joined_words(self, selection: Selection) -> _PlacedWords:
        if selection not in self._joined:
            self._joined[selection] = _PlacedWords(self.vocabulary, self._picked(selection, joined=True))
        return self._joined[selection]

    def _picked(self, selection: Selection, *, joined: bool) -> PickedView:
        if (selection, joined) not in self._views:
            self._views[selection, joined] = PickedView(selection, joined=joined)
        return self._views[selection, joined]

    @cached_property
    def passages(self) -> Passages:
        """The turns, ready to be compared with sentences."""
        return Passages(self.shard.text)

    def note(self, text: str, *, step: str = "") -> int:
        """The number of a note, for the column `note` of Hits; equal notes share one. `step`: the step of a flow the
        note is about."""
        number = self._notes.setdefault(text, len(self._notes))
        if step:
            self._steps[number] = step
        if number == len(self._said):
            self._said.append(text)
        return number

    def said(self, note: int) -> str:
        """The note of that number; NONE: nothing."""
        return "" if note == NONE else self._said[note]

    def step(self, note: int) -> str:
        """The step the note of that number is about."""
        return self._steps.get(note, "")

    def text(self, frame: Frame, selection: Selection) -> View:
        """The text a frame reads, for regular expressions."""
        if not frame.joined and len(selection.turns) > _MOST * len(self.shard.turns):
            return self._all_turns
        return self._picked(selection, joined=frame.joined)

    def matches(self, view: View, pattern: Pattern) -> tuple[Ints, Ints]:
        """(first byte, end byte) of the matches of a regular expression in a view's buffer, from left to right."""
        key = (pattern, view)
        if key not in self._matches:
            found = np.array(list(pattern.spans(view.buffer)), np.int64).reshape(-1, 2)
            self._matches[key] = found[:, 0], found[:, 1]
        return self._matches[key]

    @cached_property
    def _clause_ends(self) -> Ints:
        return np.flatnonzero(np.isin(self.shard.points, [ord(mark) for mark in CLAUSE_MARKS + "\n"]))

    def units(self, frame: Frame, spans: Spans) -> tuple[Ints, Bools]:
        """The unit of text in which words must come together, and whether each place lies inside one.

        The unit is the turn, the clause, or the joined turns of a conversation; a clause's mark belongs to it.
        """
        inside = np.ones(len(spans.turn), np.bool_)
        if frame.joined:
            return self.shard.conversation[spans.turn], inside
        if frame.in_clause:
            first = np.searchsorted(self._clause_ends, spans.begin)
            last = np.searchsorted(self._clause_ends, np.maximum(spans.finish - 1, spans.begin))
            return first, first == last
        return spans.turn, inside

    def unclear(self, selection: Selection, spans: Spans) -> Flags:
        """Why each place is not certain, as Cause flags; the frame comes to the same result later."""
        if not len(spans.turn):
            return np.zeros(0, np.uint8)
        low = self.clarity.unclear(spans.turn, spans.start, spans.last_turn, spans.end)
        cause = selection.cause[spans.turn] | selection.cause[spans.last_turn]
        return np.asarray(cause | np.where(low, np.uint8(Cause.LOW_CONFIDENCE), np.uint8(0)))
