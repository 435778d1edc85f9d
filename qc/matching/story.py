"""What is told of a rule on one conversation: its verdict, what became of each piece, and the pieces it hangs on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qc.domain.finding import Finding, Hit, Verdict
from qc.domain.rule import Piece, Rule, Truth
from qc.domain.sentence import And, AtLeast, Name, Not, Or, Sentence, names
from qc.matching.kleene import truth_of
from qc.matching.relax import Relaxed


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """What a piece would have found without some of its restrictions: `dropped`, of which each is needed. `hit` is the
    nearest of `count` hits; `away`: how far it is from what was asked for, in Chinese."""

    dropped: tuple[Relaxed, ...]
    hit: Hit | None
    count: int
    away: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceStory:
    """What became of one piece. `na`: its range is empty and it says so. `hits`: what it found; for a piece that wants
    something absent, what stood in its way. `excused`: exceptions that took its hits away. For one that found nothing:
    `misses` in the order of its restrictions, and `lacking`, what there is to say without any."""

    piece: Piece
    truth: Truth
    na: bool = False
    reason: str = ""
    hits: tuple[Hit, ...] = ()
    excused: tuple[str, ...] = ()
    excused_hits: tuple[Hit, ...] = ()
    misses: tuple[NearMiss, ...] = ()
    lacking: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """A part of the scope that excludes the conversation: what the rule asks for and what the conversation is."""

    key: str
    wanted: tuple[str, ...]
    actual: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The verdict of a rule on a conversation with the story of every piece of its sentences. `decided_by`: the
    sentence the verdict hangs on, `given` or `when`; `blamed`: the pieces it hangs on, in order of that sentence."""

    rule: Rule
    verdict: Verdict
    finding: Finding | None
    outside: tuple[Outside, ...]
    decided_by: str
    blamed: tuple[str, ...]
    stories: Mapping[str, PieceStory]
    truths: Mapping[str, Truth]
    """`given` and `when` as a whole."""


def truth_in(sentence: Sentence, stories: Mapping[str, PieceStory]) -> Truth:
    """The truth of a sentence or a part of it; a piece whose range is empty (`on_empty: na`) counts as unknown."""
    values = {
        name.name: np.array([Truth.UNKNOWN if stories[name.name].na else stories[name.name].truth], np.int8)
        for name, _ in names(sentence)
    }
    return Truth(int(truth_of(sentence, values)[0]))


def blamed_in(sentence: Sentence, stories: Mapping[str, PieceStory]) -> Iterator[str]:
    """The pieces on which the sentence's truth hangs, in order."""
    truth = truth_in(sentence, stories)
    match sentence:
        case Name(name):
            yield name
        case Not(inside):
            yield from blamed_in(inside, stories)
        case And(parts) if truth is Truth.FALSE:
            yield from blamed_in(_first(parts, truth, stories), stories)
        case And(parts) | Or(parts) | AtLeast(_, parts):
            for part in parts:
                if truth_in(part, stories) is truth:
                    yield from blamed_in(part, stories)


def _first(parts: Sequence[Sentence], truth: Truth, stories: Mapping[str, PieceStory]) -> Sentence:
    return next(part for part in parts if truth_in(part, stories) is truth)
