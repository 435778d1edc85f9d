"""Numbers, times and codes as Chinese readers expect them; registered as Jinja filters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from qc.reporting import labels

NOTHING = "—"
_UNITS = {"s": "秒", "ms": "毫秒", "percent": "%"}


def number(value: float | None, digits: int = 1) -> str:
    """`digits` decimals; thousands are grouped."""
    return NOTHING if value is None else f"{value:,.{digits}f}"


def points(value: float) -> str:
    """A change of points with its sign; the minus is a real one."""
    text = f"{abs(value):.2f}".rstrip("0").rstrip(".")
    if text == "0":
        return "0"
    return ("−" if value < 0 else "+") + text


def amount(value: float | None) -> str:
    """A number with at most two decimals, none when whole."""
    if value is None:
        return NOTHING
    text = f"{value:,.2f}"
    return text.rstrip("0").rstrip(".")


def percent(value: float | None, digits: int = 1) -> str:
    """0.8125 → 81.3%."""
    return NOTHING if value is None else f"{value * 100:.{digits}f}%"


def signed(value: float | None) -> str:
    """A polarity −1..1 with its sign and two decimals."""
    if value is None:
        return NOTHING
    text = f"{abs(value):.2f}"
    return text if float(text) == 0 else ("−" if value < 0 else "+") + text


def duration(ms: int | None) -> str:
    """1 小时 02 分, 3 分 05 秒, 12 秒."""
    if ms is None:
        return NOTHING
    seconds = round(ms / 1000)
    hours, minutes = seconds // 3600, seconds // 60 % 60
    if hours:
        return f"{hours} 小时 {minutes:02d} 分"
    return f"{minutes} 分 {seconds % 60:02d} 秒" if minutes else f"{seconds} 秒"


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
    shown = _UNITS.get(unit, unit)
    rounded = round(value) if abs(value) >= 100 else round(value, 1)
    return f"{amount(rounded)}{'' if shown == '%' else ' '}{shown}".strip()


def label(code: str | None, kind: str) -> str:
    """The Chinese name of a code; a code this version does not know is shown as it is."""
    names = _NAMES[kind]
    return NOTHING if code is None else names.get(code, code)


_NAMES: Mapping[str, Mapping[str, str]] = {
    "channel": labels.CHANNEL,
    "role": labels.ROLE,
    "severity": labels.SEVERITY,
    "severity_mark": labels.SEVERITY_MARK,
    "kind": labels.KIND,
    "error_class": labels.ERROR_CLASS,
    "item": labels.ITEM_STATUS,
    "item_mark": labels.ITEM_MARK,
    "mood": labels.SENTIMENT,
    "component": labels.EMOTION_COMPONENT,
    "stage": labels.STAGE,
    "operator": labels.OPERATOR,
}
FILTERS = {
    "number": number,
    "points": points,
    "amount": amount,
    "percent": percent,
    "signed": signed,
    "duration": duration,
    "clock": clock,
    "moment": moment,
    "measure": measure,
    "label": label,
}
