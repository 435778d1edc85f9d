"""Points in time and lengths of time, as manifests and chat exports write them."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, time, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))
_EXCEL_DAY_0 = datetime(1899, 12, 30)
_PERIOD = {"上午": 0, "早上": 0, "凌晨": 0, "am": 0, "下午": 12, "晚上": 12, "中午": 12, "pm": 12}
_DATE_TIME = re.compile(
    r"(?P<y>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})\s*日?"
    r"(?:[T\s,]*(?:星期.|周.)?\s*(?P<p1>上午|下午|早上|晚上|凌晨|中午|am|pm)?\s*"
    r"(?P<H>\d{1,2})\s*[:时点]\s*(?P<M>\d{1,2})\s*(?:[:分]\s*(?:(?P<S>\d{1,2})(?:[.,](?P<f>\d{1,9}))?\s*秒?)?)?"
    r"\s*(?P<p2>am|pm)?\s*(?P<zone>z|utc|[+-]\d{2}:?\d{2})?)?",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[T\s_-]?(\d{2})(\d{2})(\d{2})(\d{3})?)?")
_CLOCK = re.compile(r"(\d{1,3}):(\d{1,2})(?::(\d{1,2}(?:\.\d+)?))?")
_SPELLED = re.compile(
    r"(?:(\d+)\s*(?:小时|时|h|hours?))?\s*(?:(\d+)\s*(?:分钟|分|m|min|mins|minutes?|['′]))?"
    r"\s*(?:(\d+(?:\.\d+)?)\s*(?:秒钟|秒|s|sec|secs|seconds?|[\"″]))?",
    re.IGNORECASE,
)


def moment(value: object) -> datetime:
    """A point in time, local (Beijing) and without zone, to the millisecond.

    Takes datetimes, text (2026/11/20 9:03, 2026年11月20日 9时3分, 20261120090300, ISO 8601), Unix seconds or
    milliseconds and Excel day numbers. A time with a zone is turned into Beijing time. Raises ValueError.
    """
    if isinstance(value, datetime):
        found = value
    elif isinstance(value, date):
        found = datetime(value.year, value.month, value.day)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        found = _numeric_moment(float(value))
    elif isinstance(value, str):
        found = _written_moment(value.strip())
    else:
        raise ValueError(type(value).__name__)
    if found.tzinfo is not None:
        found = found.astimezone(BEIJING).replace(tzinfo=None)
    return found.replace(microsecond=found.microsecond // 1000 * 1000)


def _numeric_moment(number: float) -> datetime:
    try:
        if 20_000 <= number < 80_000:  # Excel counts days; these are the years 1954 to 2119
            return _EXCEL_DAY_0 + timedelta(seconds=round(number * 86_400))
        if 3e8 <= number < 1e10:
            return datetime.fromtimestamp(number, UTC)
        if 3e11 <= number < 1e13:
            return datetime.fromtimestamp(number / 1000, UTC)
    except (OverflowError, OSError):
        pass
    raise ValueError("number")


def _written_moment(text: str) -> datetime:
    if len(text) > 64:
        raise ValueError("too long")
    if text[4:5] == "-" and text[7:8] == "-":
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass  # 2026-11-20 上午 9:03
    if match := _DATE_TIME.fullmatch(text):
        part = match.groupdict()
        hour = int(part["H"] or 0)
        period = (part["p1"] or part["p2"] or "").lower()
        if _PERIOD.get(period) == 12 and hour < 12 and not (period == "中午" and hour >= 10):
            hour += 12
        elif period in ("am", "凌晨", "上午", "早上") and hour == 12:
            hour = 0
        micro = int((part["f"] or "0").ljust(6, "0")[:6])
        second = int(part["S"] or 0)
        found = datetime(int(part["y"]), int(part["m"]), int(part["d"]), hour, int(part["M"] or 0), second, micro)
        return found.replace(tzinfo=_zone(part["zone"])) if part["zone"] else found
    if match := _COMPACT.fullmatch(text):
        y, m, d, hour, minute, second, milli = (int(g or 0) for g in match.groups())
        return datetime(y, m, d, hour, minute, second, milli * 1000)
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return _numeric_moment(float(text))
    raise ValueError("unknown form")


def _zone(text: str) -> timezone:
    if text.lower() in ("z", "utc"):
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def clock(value: object) -> int:
    """A time of day (21:03:11) in milliseconds from midnight. Raises ValueError."""
    if isinstance(value, time):
        return ((value.hour * 60 + value.minute) * 60 + value.second) * 1000 + value.microsecond // 1000
    if isinstance(value, str) and (match := _CLOCK.fullmatch(value.strip())):
        hour, minute, second = int(match[1]), int(match[2]), float(match[3] or 0)
        if hour < 24 and minute < 60 and second < 60:
            return round(((hour * 60 + minute) * 60 + second) * 1000)
    raise ValueError("no time of day")


def seconds(value: object, unit_s: float = 1.0) -> float:
    """A length of time in seconds: a number (times `unit_s`), mm:ss, hh:mm:ss, 3分5秒, or an Excel time.

    Raises ValueError when it is none of these, negative, or longer than ten days.
    """
    found = _seconds(value, unit_s)
    if not 0 <= found <= 864_000:  # also turns away nan
        raise ValueError("out of range")
    return found


def _seconds(value: object, unit_s: float) -> float:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, time):
        return clock(value) / 1000
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(type(value).__name__)
    if isinstance(value, int | float):
        return number(value) * unit_s
    text = value.strip().replace("：", ":")
    if len(text) > 32:
        raise ValueError("too long")
    if match := _CLOCK.fullmatch(text):
        first, second, third = int(match[1]), int(match[2]), match[3]
        if second >= 60 or (third is not None and float(third) >= 60):
            raise ValueError("sexagesimal")
        return first * 60 + second if third is None else (first * 60 + second) * 60 + float(third)
    if text and (match := _SPELLED.fullmatch(text)):
        hours, minutes, rest = (float(g or 0) for g in match.groups())
        return (hours * 60 + minutes) * 60 + rest
    return number(text) * unit_s


def number(value: object) -> float:
    """A finite number from a number or from text. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(type(value).__name__)
    if isinstance(value, str) and not re.fullmatch(r"\s*[+-]?\d{1,18}(\.\d{1,18})?\s*", value):
        raise ValueError("no number")
    try:
        found = float(value)
    except OverflowError:
        raise ValueError("too large") from None
    if not math.isfinite(found):
        raise ValueError("not finite")
    return found
