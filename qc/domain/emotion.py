"""The contact-centre emotion lexicon as data: phrases by role and component, and the words that change them."""

from __future__ import annotations

from dataclasses import dataclass
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
    """What a question does to a phrase: a threat stays one, 好评返现吗 is not praise."""

    KEEP = "keep"
    DAMP = "damp"
    DROP = "drop"


class WhenNegated(StrEnum):
    """What a negation before a phrase does: 不+满意 flips it, 没有+投诉 drops it, 不+麻烦 keeps nothing either."""

    FLIP = "flip"
    DROP = "drop"
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseGroup:
    """Phrases that mean the same feeling with the same strength.

    `level` 1 (mild) .. 5 (extreme); 0 is a hint, too weak to label a turn without a second sign.
    """

    component: str
    level: int
    phrases: tuple[str, ...]
    in_question: InQuestion = InQuestion.KEEP
    when_negated: WhenNegated = WhenNegated.DROP


@dataclass(frozen=True, slots=True, kw_only=True)
class Modifiers:
    """Words that change the phrase after them, words that make a clause a question, and longer words that swallow a
    phrase or a modifier (客服了 is not 服了, 没有了 does not negate).

    `reach` is how many characters may stand between a negation and its phrase.
    """

    negation: tuple[str, ...]
    stronger: tuple[str, ...]
    weaker: tuple[str, ...]
    question: tuple[str, ...]
    neutral: tuple[str, ...]
    reach: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class EmotionLexicon:
    """情绪词表. `groups[role]` are the phrases looked for in that role's turns. `digest` covers everything that can
    move a score."""

    groups: dict[Role, tuple[PhraseGroup, ...]]
    modifiers: Modifiers
    digest: str = ""
