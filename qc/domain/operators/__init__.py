"""Operators: what a piece of a rule looks for, as data. One frozen class per operator, one file per family.

`key` is the word in a rule file, `zh` its Chinese name, `about` its explanation for rule editors; each field carries
the explanation of its parameter under metadata key "zh". How an operator is evaluated is in `qc.matching`.

`SPOKEN` operators look at the turns of the framed speaker and take the rule's default speaker; the others measure
the whole conversation or the time between turns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from qc.domain.operators.dialogue import AnswerAfterQuestion, Flow, Repeat, RoleIs, Sequence, Step, TurnCount
from qc.domain.operators.signals import (
    ENTITY_ZH,
    Emotion,
    EmotionAt,
    EmotionLabel,
    EntitySpan,
    EntityType,
    Intent,
    Meta,
    MetaType,
    Scalar,
    Topic,
    Trend,
)
from qc.domain.operators.timing import (
    AnswerGap,
    CallDuration,
    Energy,
    HangupGap,
    Hold,
    Interrupt,
    ResponseOf,
    ResponseTime,
    Silence,
    Speed,
    SpeedOver,
    TalkRatio,
)
from qc.domain.operators.words import Keyword, Mode, Near, NearUnit, NotIn, Regex, Robust, Similar, Words

__all__ = [
    "ENTITY_ZH",
    "OPERATORS",
    "SPOKEN",
    "TEXTUAL",
    "AnswerAfterQuestion",
    "AnswerGap",
    "CallDuration",
    "Emotion",
    "EmotionAt",
    "EmotionLabel",
    "Energy",
    "EntitySpan",
    "EntityType",
    "Flow",
    "HangupGap",
    "Hold",
    "Intent",
    "Interrupt",
    "Keyword",
    "Meta",
    "MetaType",
    "Mode",
    "Near",
    "NearUnit",
    "NotIn",
    "Operator",
    "Regex",
    "Repeat",
    "ResponseOf",
    "ResponseTime",
    "Robust",
    "RoleIs",
    "Scalar",
    "Sequence",
    "Silence",
    "Similar",
    "Speed",
    "SpeedOver",
    "Step",
    "TalkRatio",
    "Topic",
    "Trend",
    "TurnCount",
    "Words",
    "measures_whole",
    "piece_names",
    "word_lists",
]

Operator = (
    Keyword
    | Regex
    | Near
    | NotIn
    | Similar
    | Silence
    | Speed
    | Interrupt
    | CallDuration
    | TalkRatio
    | Hold
    | ResponseTime
    | HangupGap
    | AnswerGap
    | Energy
    | TurnCount
    | RoleIs
    | Repeat
    | Sequence
    | Flow
    | AnswerAfterQuestion
    | Meta
    | Emotion
    | Topic
    | Intent
    | EntitySpan
)
OPERATORS: tuple[type[Operator], ...] = (
    Keyword,
    Regex,
    Near,
    NotIn,
    Similar,
    Silence,
    Speed,
    Interrupt,
    CallDuration,
    TalkRatio,
    Hold,
    ResponseTime,
    HangupGap,
    AnswerGap,
    Energy,
    TurnCount,
    RoleIs,
    Repeat,
    Sequence,
    Flow,
    AnswerAfterQuestion,
    Meta,
    Emotion,
    Topic,
    Intent,
    EntitySpan,
)
SPOKEN: frozenset[type[Operator]] = frozenset(
    {
        Keyword,
        NotIn,
        Regex,
        Near,
        Similar,
        Speed,
        Interrupt,
        TalkRatio,
        ResponseTime,
        AnswerGap,
        Energy,
        TurnCount,
        Repeat,
        Emotion,
        EntitySpan,
    }
)
"""Operators over the turns of a speaker."""
TEXTUAL: frozenset[type[Operator]] = frozenset(
    {Keyword, NotIn, Regex, Near, Similar, Repeat, Hold, Emotion, Intent, EntitySpan}
)
"""Operators whose evidence is what was said, and so only as good as the transcription."""


def measures_whole(operator: Operator) -> bool:
    """Whether the operator yields one measure of the conversation instead of hits in turns."""
    if isinstance(operator, Silence):
        return operator.min_s is None
    if isinstance(operator, Speed):
        return operator.over is SpeedOver.AVERAGE
    if isinstance(operator, Hold):
        return operator.total_s is not None
    if isinstance(operator, ResponseTime):
        return operator.of is ResponseOf.AVERAGE
    if isinstance(operator, Energy):
        return operator.span_db is not None
    if isinstance(operator, Emotion):
        return operator.at not in (EmotionAt.TURN, EmotionAt.WORST, EmotionAt.REACTION)
    return isinstance(operator, CallDuration | TalkRatio | TurnCount | Meta | Topic)


def word_lists(operator: Operator) -> Iterator[Words]:
    """The word lists of an operator, in order."""
    for parameter in fields(operator):
        value = getattr(operator, parameter.name)
        if isinstance(value, Words):
            yield value


def piece_names(operator: Operator) -> tuple[str, ...]:
    """The other pieces of the rule an operator refers to: they are judged before it. None of its own rule's words
    depend on them; an operator that refers to pieces declares them in a property `pieces`."""
    return getattr(operator, "pieces", ())
