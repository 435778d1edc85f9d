"""Numbers, times and codes as readers expect them, in their language; registered as Jinja filters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Context, Decimal

from qc.domain.language import say
from qc.reporting import labels
from qc.reporting.sentences import clauses, sentence

NOTHING = "—"


_WIDE = Context(prec=400)
"""Room for any float."""


def fixed(value: float, digits: int) -> Decimal:
    """`value` with `digits` decimals, halves away from zero as people round: 89.55 → 89.6. What the computer cannot
    hold of a decimal fraction (89.55 is 89.5499999…) does not decide."""
    exact = Decimal(repr(round(float(value), 9)))
    return exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _WIDE) + 0  # no negative zero


def number(value: float | None, digits: int = 1) -> str:
    """`digits` decimals; thousands are grouped."""
    return NOTHING if value is None else f"{fixed(value, digits):,}"


def points(value: float, digits: int = 2) -> str:
    """A change of points with its sign and at most `digits` decimals; the minus is a real one."""
    text = amount(abs(value), digits)
    if text == "0":
        return "0"
    return ("−" if value < 0 else "+") + text


def amount(value: float | None, digits: int = 2) -> str:
    """A number with at most `digits` decimals, none when whole."""
    if value is None:
        return NOTHING
    text = number(value, digits)
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(value: float | None, digits: int = 1) -> str:
    """0.8125 → 81.3%."""
    return NOTHING if value is None else f"{fixed(value * 100, digits)}%"


def signed(value: float | None, digits: int = 2) -> str:
    """With its sign and `digits` decimals: a polarity −1..1, a change."""
    if value is None:
        return NOTHING
    text = number(abs(value), digits)
    return text if float(text) == 0 else ("−" if value < 0 else "+") + text


def duration(ms: int | None) -> str:
    """1 小时 02 分, 3 分 05 秒, 12 秒."""
    if ms is None:
        return NOTHING
    seconds = round(ms / 1000)
    hours, minutes = seconds // 3600, seconds // 60 % 60
    if hours:
        return say("{hours} 小时 {minutes} 分", hours=hours, minutes=f"{minutes:02d}")
    if minutes:
        return say("{minutes} 分 {seconds} 秒", minutes=minutes, seconds=f"{seconds % 60:02d}")
    return say("{n} 秒", n=seconds)


def minutes(value: int | None) -> str:
    """30 分钟, 2 小时, 1 天; a broken hour in minutes."""
    if value is None:
        return NOTHING
    if value % 1440 == 0:
        return say("{n} 天", n=value // 1440)
    return say("{n} 小时", n=value // 60) if value % 60 == 0 else say("{n} 分钟", n=value)


def clock(ms: int | None) -> str:
    """m:ss from the start of the conversation, h:mm:ss from an hour on."""
    if ms is None:
        return ""
    hours, rest = divmod(int(ms // 1000), 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"


def moment(value: datetime | str | None) -> str:
    """2026-11-20 21:03, from a datetime or ISO 8601 text."""
    if value is None or value == "":
        return NOTHING
    text = value.isoformat() if isinstance(value, datetime) else value
    return text.replace("T", " ")[:16]


def measure(value: float, unit: str) -> str:
    """A measured value with its unit, whole unless small."""
    shown = say(labels.UNIT.get(unit, unit))
    return f"{amount(value, 0 if abs(value) >= 100 else 1)}{'' if shown == '%' else ' '}{shown}".strip()


def label(code: str | None, kind: str) -> str:
    """The name of a code, said; a code this version does not know is shown as it is."""
    names = _NAMES[kind]
    return NOTHING if code is None else say(names[code]) if code in names else code


def reason(stored: str | None) -> str:
    """Why a rule was undecided, said."""
    return clauses(stored) if stored else NOTHING


_NAMES: Mapping[str, Mapping[str, str]] = {
    "channel": labels.CHANNEL,
    "role": labels.ROLE,
    "role_source": labels.ROLE_SOURCE,
    "severity": labels.SEVERITY,
    "severity_mark": labels.SEVERITY_MARK,
    "kind": labels.KIND,
    "error_class": labels.ERROR_CLASS,
    "item": labels.ITEM_STATUS,
    "item_mark": labels.ITEM_MARK,
    "mood": labels.SENTIMENT,
    "component": labels.EMOTION_COMPONENT,
    "mood_course": labels.MOOD_COURSE,
    "turning": labels.TURNING,
    "turning_mark": labels.TURNING_MARK,
    "stage": labels.STAGE,
    "failure": labels.FAILURE,
    "operator": labels.OPERATOR,
    "escalation": labels.ESCALATION,
    "scope": labels.SCOPE,
    "intent": labels.INTENT_KIND,
    "alert": labels.ALERT_LEVEL,
    "mark": labels.MARK,
    "copc": labels.COPC,
    "verdict": labels.VERDICT,
    "change": labels.CHANGE,
    "change_mark": labels.CHANGE_MARK,
}
FILTERS = {
    "number": number,
    "points": points,
    "amount": amount,
    "percent": percent,
    "signed": signed,
    "duration": duration,
    "clock": clock,
    "minutes": minutes,
    "moment": moment,
    "measure": measure,
    "label": label,
    "reason": reason,
    "sentence": sentence,
}
