"""What findings say of what was measured: units, and messages with their placeholders filled."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qc.domain.finding import Hit
from qc.domain.operators import (
    AnswerGap,
    CallDuration,
    Emotion,
    EmotionAt,
    Energy,
    HangupGap,
    Hold,
    Interrupt,
    Meta,
    Operator,
    Repeat,
    ResponseTime,
    Silence,
    Similar,
    Speed,
    TalkRatio,
    Topic,
    TurnCount,
)

MAX_HITS = 200
"""Evidence kept per piece and conversation; the count in {count} is not limited by it."""
PLACEHOLDERS = ("turn", "text", "start", "value", "count", "step")
MEASURES = (
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
    Repeat,
    Meta,
    Emotion,
    Topic,
)
"""Operators that can fill {value}."""
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def unit_of(operator: Operator) -> str | None:
    """The unit of what the operator measures."""
    match operator:
        case Silence(percent=None) | Interrupt() | CallDuration() | Hold() | ResponseTime() | HangupGap() | AnswerGap():
            return "s"
        case Silence() | TalkRatio():
            return "%"
        case Energy(rise_db=None, span_db=None):
            return "dBFS"
        case Energy():
            return "dB"
        case Speed():
            return "字/分钟"
        case TurnCount():
            return "轮"
        case Emotion(at=EmotionAt.TURN | EmotionAt.WORST):
            return "级"
    return None


def fill(message: str, hits: Sequence[Hit], count: int) -> str:
    """The message with its placeholders replaced from the first hit that can tell ({step}: all steps there are);
    others stay as they are."""

    def value(match: re.Match[str]) -> str:
        match match[1]:
            case "turn":
                return next((str(h.turn) for h in hits if h.turn is not None), "—")
            case "text":
                return next((h.text for h in hits if h.text), "")
            case "start":
                return next((clock(h.start_ms) for h in hits if h.start_ms is not None), "—")
            case "value":
                return next((_number(h.value) for h in hits if h.value is not None), "—")
            case "count":
                return str(count)
            case "step":
                return "、".join(dict.fromkeys(h.step for h in hits if h.step)) or "—"
        return match[0]

    return _PLACEHOLDER.sub(value, message)


def clock(ms: int) -> str:
    """Milliseconds as 03:07 or 1:02:03."""
    hours, rest = divmod(ms // 1000, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60:02}:{rest % 60:02}"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") if abs(value) >= 1 or value == 0 else f"{value:.2g}"
