"""The contact-centre emotion lexicon as data: phrases by role and component, and the words that change them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from qc.domain.conversation import Role

COMPONENTS = (
    "anger",
    "anxiety",
    "disappointment",
    "disgust",
    "threat",
    "satisfaction",
    "indifference",
    "impatience",
    "soothing",
    "empathy",
)
"""情绪成分. The first six are a customer's (satisfaction the only positive one); an agent may also show indifference
or impatience (negative), soothing or empathy (positive)."""

POSITIVE_COMPONENTS = frozenset({"satisfaction", "soothing", "empathy"})


class InQuestion(StrEnum):
    """What a question does to a phrase: a threat stays one (keep), praise is not praise (drop: 好评返现吗)."""

    KEEP = "keep"
    DAMP = "damp"
    DROP = "drop"


class WhenNegated(StrEnum):
    """What a negation right before a phrase does: 没有+投诉 is nothing (drop), 不+满意 the opposite (flip)."""

    DROP = "drop"
    FLIP = "flip"
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseGroup:
    """Phrases of one feeling and strength.

    `level` 1 (mild) .. 5 (extreme); 0 is a hint, too weak to label a turn without a second sign. With `needs_degree`
    a phrase counts only beside a degree word (太慢, 有点贵), never bare (慢, 贵). With `courtesy` it is a hint
    (level 0) in a turn that also asks or requests something: the thanks of 帮我改一下地址，谢谢 are politeness.
    """

    component: str
    level: int
    phrases: tuple[str, ...]
    in_question: InQuestion = InQuestion.KEEP
    when_negated: WhenNegated = WhenNegated.DROP
    needs_degree: bool = False
    courtesy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Modifiers:
    """Words that change the phrase they touch (negations and degrees before it, `stronger_after` behind it), words that
    make a clause a question or a condition (如果不满意: nothing is felt yet), those that make a turn a `request`, and
    `neutral` ones that swallow a phrase or modifier inside them (客服了 is not 服了)."""

    negation: tuple[str, ...] = ()
    stronger: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    weaker: tuple[str, ...] = ()
    stronger_after: tuple[str, ...] = ()
    question: tuple[str, ...] = ()
    condition: tuple[str, ...] = ()
    request: tuple[str, ...] = ()
    neutral: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Of all words: intentions go by these, and by no other word of the emotion lexicon."""
        return hashlib.sha256(repr(self).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """一般褒贬词: words that praise or find fault. They move a turn's polarity a little, and never label it alone."""

    positive: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EmotionTest:
    """An inline test of a lexicon file: what one side says, and what must come of it. None: not asked.

    `label` and `polarity` are signs (-1, 0, 1); `line` is where the test stands in the file `path`.
    """

    path: str
    line: int
    role: Role
    text: str
    label: int | None = None
    component: str | None = None
    level: int | None = None
    polarity: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmotionLexicon:
    """情绪词表. `groups[role]` are the phrases looked for in that role's turns. `digest` covers everything that can
    move a score, so not the tests."""

    groups: Mapping[Role, tuple[PhraseGroup, ...]] = field(default_factory=dict)
    modifiers: Modifiers = field(default_factory=Modifiers)
    evaluation: Evaluation = field(default_factory=Evaluation)
    tests: tuple[EmotionTest, ...] = ()
    digest: str = ""
