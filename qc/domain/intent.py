"""Intentions as data: what a customer is about to do, in phrases with a level."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from qc.domain.emotion import InQuestion, WhenNegated

GAP = "…"
"""Stands in a phrase for up to GAP_CHARS characters of the same clause: 想…退保 is also 想把这份保险退保."""
GAP_CHARS = 8
LEVELS = {1: "提到", 2: "明确", 3: "强烈"}


class IntentKind(StrEnum):
    """What an intention is worth to: marketing, retention, complaint handling, collection."""

    PURCHASE = "purchase"
    CHURN = "churn"
    COMPLAINT = "complaint"
    REPAYMENT = "repayment"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentPhrases:
    """Phrases of one strength: `level` 1 (提到) .. 3 (强烈). A question asks about the thing (DAMP: one level less),
    a negation before the phrase says the contrary (DROP; FLIP is not for intentions)."""

    level: int
    phrases: tuple[str, ...]
    in_question: InQuestion = InQuestion.DAMP
    when_negated: WhenNegated = WhenNegated.DROP


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """意向. `id` is `list.slug`. `excludes`: longer words in which a phrase does not count. `labels`: what a trained
    head calls it."""

    id: str
    title: str
    kind: IntentKind
    groups: tuple[IntentPhrases, ...]
    excludes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentTest:
    """An inline test: what a customer says, the id of the intention it must show and how strongly (None: any level),
    or "" when it shows none of its list."""

    text: str
    intent: str
    level: int | None = None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentList:
    """意向表. Applies to conversations of `projects` (empty: of all). `digest` covers everything that can move a
    result."""

    id: str
    title: str
    projects: tuple[str, ...]
    intents: tuple[Intent, ...]
    tests: tuple[IntentTest, ...] = ()
    digest: str = ""
    path: str = ""
