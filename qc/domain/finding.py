"""Hit and Finding: the evidence and the verdict of a rule on a conversation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """判定. HIT: the rule's sentence is true (for a rule of kind `violation`: 违规). MISS: false (达标).
    NOT_APPLICABLE: the rule does not concern this conversation. UNDECIDED: the input cannot tell; never costs points.
    """

    HIT = "hit"
    MISS = "miss"
    NOT_APPLICABLE = "not_applicable"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """命中: one piece of evidence.

    `turn` counts from 1; None when the evidence is a measure of the whole conversation. `char_start`/`char_end` are
    characters of the turn's text as people see it, end exclusive. Times count from the start of the conversation.
    `value` and `unit` carry a measured number (静音 12.4 s). `category` and `level` come from the lexicon entry.
    """

    piece: str
    operator: str
    turn: int | None = None
    role: str | None = None
    char_start: int | None = None
    char_end: int | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    text: str = ""
    value: float | None = None
    unit: str | None = None
    category: str | None = None
    level: int | None = None
    note: str = ""
    """What the operator has to say of this hit in words: the missing step of a flow, how similar a sentence is."""
    step: str = ""
    """The step of a flow or sequence it is about; fills {step}."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """判定 with its proof. `reason` is set for UNDECIDED; `message` is the sentence for the agent;
    `pieces` names the pieces that were true. `excused` names the exceptions (`unless`) without which the verdict would
    have been HIT; its hits are then those excused. HIT and UNDECIDED become objects and rows, and MISS when excused."""

    conversation_id: str
    rule_id: str
    verdict: Verdict
    message: str = ""
    reason: str = ""
    pieces: tuple[str, ...] = ()
    excused: tuple[str, ...] = ()
    hits: tuple[Hit, ...] = ()
