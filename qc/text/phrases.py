"""Emotion phrases of one role in the turns of a shard, with negation, degree and questions taken into account.

Phrases and modifiers are looked for together, the longest at each place: a longer word (客服了, 没有了) swallows what
is inside it. What touches a phrase changes it: 不|满意, 没有|那么|失望, 麻烦|死了. A question concerns its clause.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qc.domain.emotion import COMPONENTS, POSITIVE_COMPONENTS, InQuestion, Modifiers, PhraseGroup, WhenNegated
from qc.text.automaton import Matches, whole_words
from qc.text.columns import Points
from qc.text.longest import LongestWords
from qc.text.normalise import normalise
from qc.text.shard import Ints, Shard

Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int8]

MAX_LEVEL = 5
_SPACE = ord(" ")
_NEGATION, _BEFORE, _AFTER, _QUESTION, _CONDITION, _REQUEST = 1, 2, 4, 8, 16, 32
_MAX_CHAIN = 4
"""How many modifiers in a row are looked at before a phrase (并不是|真的|那么|特别)."""
_DISAPPOINTMENT, _SATISFACTION = COMPONENTS.index("disappointment"), COMPONENTS.index("satisfaction")
"""What negated praise and a negated complaint become."""
_KEEPS, _DAMPS, _DROPS, _FLIPS = 0, 1, 2, 3
_CODES = {
    InQuestion.KEEP: _KEEPS,
    InQuestion.DAMP: _DAMPS,
    InQuestion.DROP: _DROPS,
    WhenNegated.KEEP: _KEEPS,
    WhenNegated.DROP: _DROPS,
    WhenNegated.FLIP: _FLIPS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseHits:
    """One row per turn and phrase that counts, in text order.

    `turn` is an index into the shard's turns, `start`/`end` characters of its text with the modifiers that touch the
    phrase, `positive` its sign, `level` 0 (a hint) .. 5, `component` an index into COMPONENTS.
    """

    turn: Ints
    start: Ints
    end: Ints
    positive: Bools
    level: Codes
    component: Codes


class PhraseScanner:
    """The phrases of one role and the modifiers, compiled. `through_spaces`: words go on behind a space, as in text
    that was segmented (不 好吃); else a space parts them, as people use it (没有 谢谢)."""

    def __init__(self, groups: tuple[PhraseGroup, ...], modifiers: Modifiers, *, through_spaces: bool = False) -> None:
        self._through_spaces = through_spaces
        # Words that change nothing of these phrases are not looked for.
        courteous = any(g.courtesy for g in groups)
        minds_questions = courteous or any(g.in_question is not InQuestion.KEEP for g in groups)
        kinds: dict[str, tuple[int, int]] = {}  # word → (flags, change of level)
        for words, flags, change in (
            (modifiers.neutral, 0, 0),
            (modifiers.negation, _NEGATION, 0),
            (modifiers.stronger, _BEFORE, 1),
            (modifiers.plain, _BEFORE, 0),
            (modifiers.weaker, _BEFORE, -1),
            (modifiers.stronger_after, _AFTER, 1),
            (modifiers.question if minds_questions else (), _QUESTION, 0),
            (modifiers.condition if minds_questions else (), _CONDITION, 0),
            (modifiers.request if courteous else (), _REQUEST, 0),
        ):
            for word in words:
                known = kinds.get(normalise(word), (0, 0))
                kinds[normalise(word)] = (known[0] | flags, known[1] + change)
        owner = {normalise(p): g for g, group in enumerate(groups) for p in group.phrases}
        words = tuple(dict.fromkeys((*owner, *kinds)))
        self._words = LongestWords(words)
        self._group = np.array([owner.get(w, -1) for w in words], np.int64)
        self._flags = np.array([kinds.get(w, (0, 0))[0] for w in words], np.int8)
        self._change = np.array([kinds.get(w, (0, 0))[1] for w in words], np.int8)
        self._level = np.array([g.level for g in groups], np.int8)
        self._component = np.array([COMPONENTS.index(g.component) for g in groups], np.int8)
        self._positive = np.array([g.component in POSITIVE_COMPONENTS for g in groups], bool)
        self._opposite = np.where(self._positive, _DISAPPOINTMENT, _SATISFACTION)
        self._in_question = np.array([_CODES[g.in_question] for g in groups], np.int8)
        self._when_negated = np.array([_CODES[g.when_negated] for g in groups], np.int8)
        self._needs_degree = np.array([g.needs_degree for g in groups], bool)
        self._courtesy = np.array([g.courtesy for g in groups], bool)

    def scan(self, shard: Shard, turns: Bools) -> PhraseHits:
        """Phrases in the turns selected by the mask `turns`."""
        seen = np.repeat(turns, np.diff(shard.char_start))[: len(shard.points)]
        place = np.flatnonzero(seen & (shard.points != _SPACE) if self._through_spaces else seen)
        points = shard.points[place]
        tokens = whole_words(self._words.scan(points), points)
        turn = shard.turn_of(place[tokens.start])
        at = np.flatnonzero(self._group[tokens.pattern] >= 0)
        group = self._group[tokens.pattern[at]]
        start, end, negated, degree, has_degree = self._context(tokens, at)
        clause = _Clauses(points, tokens, self._flags)
        asked, supposed = clause.holds(_QUESTION)[at], clause.holds(_CONDITION)[at]
        requests = self._requests(shard, turn, place, clause, tokens)[turn[at]]

        level = self._level[group] + degree
        level = level - (asked & (self._in_question[group] == _DAMPS))
        flipped = negated & (self._when_negated[group] == _FLIPS)
        level = np.where(flipped, np.maximum(level - 1, 1), level)
        level = np.where(requests & self._courtesy[group], 0, level)
        dropped = (
            (negated & (self._when_negated[group] == _DROPS))
            | (asked & (self._in_question[group] == _DROPS))
            | (supposed & (self._in_question[group] != _KEEPS))
            | (self._needs_degree[group] & ~has_degree)
            | self._modifies(tokens, at)
            | (clause.ended_by(tokens)[at] & ((self._flags[tokens.pattern[at]] & _NEGATION) != 0))
            | (level < 0)
        )
        kept = _once(turn[at], tokens.pattern[at], level, ~dropped)
        return PhraseHits(
            turn=turn[at][kept],
            start=place[start[kept]],
            end=place[end[kept] - 1] + 1,
            positive=(self._positive[group] ^ flipped)[kept],
            level=np.minimum(level, MAX_LEVEL)[kept].astype(np.int8),
            component=np.where(flipped, self._opposite[group], self._component[group])[kept].astype(np.int8),
        )

    def _context(self, tokens: Matches, at: Ints) -> tuple[Ints, Ints, Bools, Codes, Bools]:
        """What touches each phrase token: span with its modifiers, negated, change of level, has a degree word."""
        flags, change = self._flags[tokens.pattern], self._change[tokens.pattern]
        first, end = at.copy(), tokens.end[at].copy()
        negations = np.zeros(len(at), np.int8)
        degree = np.zeros(len(at), np.int8)
        has_degree = np.zeros(len(at), bool)
        touching = np.ones(len(at), bool)
        for _ in range(_MAX_CHAIN):
            before = np.maximum(first - 1, 0)
            touching &= (first > 0) & (tokens.end[before] == tokens.start[first])
            touching &= (flags[before] & (_NEGATION | _BEFORE)) != 0
            is_degree = touching & ((flags[before] & _BEFORE) != 0)
            negations += touching & ((flags[before] & _NEGATION) != 0)
            degree += np.where(is_degree, change[before], 0).astype(np.int8)
            has_degree |= is_degree
            first = np.where(touching, before, first)
        after = np.minimum(at + 1, len(flags) - 1)
        follows = (after > at) & (tokens.start[after] == end) & ((flags[after] & _AFTER) != 0)
        degree += np.where(follows, change[after], 0).astype(np.int8)
        has_degree |= follows
        end = np.where(follows, tokens.end[after], end)
        # Words of degree do not add up: 真的太 is no stronger than 太.
        return tokens.start[first], end, negations % 2 == 1, np.clip(degree, -1, 1), has_degree

    def _modifies(self, tokens: Matches, at: Ints) -> Bools:
        """Phrases that modify here, because another phrase follows: 好 in 好慢, 不 in 不满意."""
        after = np.minimum(at + 1, len(tokens.start) - 1)
        followed = (tokens.start[after] == tokens.end[at]) & (self._group[tokens.pattern[after]] >= 0)
        return np.asarray(followed & ((self._flags[tokens.pattern[at]] & (_BEFORE | _NEGATION)) != 0), bool)

    def _requests(self, shard: Shard, turn: Ints, place: Ints, clauses: _Clauses, tokens: Matches) -> Bools:
        """For each turn of the shard, whether it asks or requests something."""
        requests = np.zeros(len(shard.role), bool)
        requests[turn[(self._flags[tokens.pattern] & (_REQUEST | _QUESTION)) != 0]] = True
        requests[shard.turn_of(place[clauses.question_marks])] = True
        return requests


class _Clauses:
    """The clauses the tokens stand in."""

    def __init__(self, points: Points, tokens: Matches, flags: Codes) -> None:
        self._marks, self._is_question = clause_marks(points)
        self._clause = np.searchsorted(self._marks, tokens.start)
        self._flags = flags[tokens.pattern]

    @property
    def question_marks(self) -> Ints:
        """Their places."""
        return self._marks[self._is_question]

    def holds(self, kind: int) -> Bools:
        """For each token, whether its clause holds a word of this kind; questions may also end in a question mark."""
        found = np.concatenate((self._is_question & (kind == _QUESTION), [False]))
        found[self._clause[(self._flags & kind) != 0]] = True
        return np.asarray(found[self._clause], bool)

    def ended_by(self, tokens: Matches) -> Bools:
        """For each token, whether its clause ends right behind it: 好吃不 asks, it does not deny."""
        ends = np.concatenate((self._marks, [-1]))[self._clause]
        return np.asarray(tokens.end == ends, bool)


def _once(turn: Ints, phrase: Ints, level: Codes, counts: Bools) -> Ints:
    """Indices of the hits that count, in order: a phrase said twice in a turn counts once, where it is strongest."""
    at = np.flatnonzero(counts)
    order = at[np.lexsort((at, -level[at], phrase[at], turn[at]))]
    first = np.ones(len(order), bool)
    first[1:] = (turn[order][1:] != turn[order][:-1]) | (phrase[order][1:] != phrase[order][:-1])
    return np.sort(order[first])


def clause_marks(points: Points) -> tuple[Ints, Bools]:
    """Places of the marks that end a clause (，。！？；：、… space, line feed), and which are question marks."""
    kind = _MARKS.take(points, mode="clip")
    at = np.flatnonzero(kind)
    return at, kind[at] == _ASKS


_ENDS, _ASKS = 1, 2
_MARKS = np.zeros(0x10000, np.int8)
_MARKS[[ord(mark) for mark in "，。！；：、… \n"]] = _ENDS
_MARKS[ord("？")] = _ASKS
