"""Typed access to JSON from elsewhere. A surprise is a ShapeError naming the place, never what was said."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from qc.ingest.details import as_text, clean
from qc.ingest.moments import number
from qc.ingest.text_file import Line

type_names = {dict: "对象", list: "数组", str: "文字", bool: "真假值", int: "数", float: "数", type(None): "null"}
JsonObject = Mapping[str, object]
_MOST_VALUES = 8_000_000
"""An empty list takes three bytes of JSON and sixty of memory."""
MAX_MS = 10 * 24 * 3600 * 1000


class ShapeError(Exception):
    """The content is not what it should be. `kind` is a Failure kind, `message` Chinese."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


def parse_json(text: str) -> object:
    """The value; control characters inside strings are let through. Raises ShapeError (bad_json) with the place, or
    too_large for what would take many times its bytes as objects."""
    if len(text) > _MOST_VALUES and sum(map(text.count, ",[{")) > _MOST_VALUES:
        raise ShapeError("too_large", f"JSON 里的值超过 {_MOST_VALUES // 10_000} 万个；请拆成几个文件")
    try:
        return json.loads(text, strict=False)
    except json.JSONDecodeError as error:
        cut = not text[error.pos :].strip() or error.msg.startswith("Unterminated")
        what = "没有写完（文件可能被截断）" if cut else "不是合法的 JSON"
        raise ShapeError("bad_json", f"{what}，问题在第 {error.lineno} 行第 {error.colno} 个字符") from None
    except RecursionError:
        raise ShapeError("bad_json", "JSON 嵌套过深") from None
    except ValueError:
        raise ShapeError("bad_json", "JSON 里有过大的数") from None


def object_of(line: Line, faults: Mapping[str, str]) -> JsonObject | None:
    """The object on a line of JSON lines, None where it is blank. `faults`: what to say of a damaged line. Raises
    ShapeError."""
    if line.fault:
        raise ShapeError("encoding", faults[line.fault])
    if not line.text.strip("\ufeff \t\r\n"):
        return None
    value = parse_json(line.text.lstrip("\ufeff"))
    if not isinstance(value, dict):
        raise ShapeError("bad_shape", f"应是对象，却是{type_names[type(value)]}")
    return value


def objects(value: object, place: str) -> Sequence[JsonObject]:
    """`value` as a list of objects; None is an empty list."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise ShapeError("bad_shape", f"{place} 应是数组，却是{type_names[type(value)]}")
    for index, item in enumerate(value, 1):
        if not isinstance(item, dict):
            raise ShapeError("bad_shape", f"{place} 的第 {index} 项应是对象，却是{type_names[type(item)]}")
    return value


def words(value: object, place: str) -> str:
    """What was said or written: text, or a number typed as such; None and missing are empty."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict | list | bool):
        raise ShapeError("bad_shape", f"{place} 应是文字，却是{type_names[type(value)]}")
    return as_text(value)


def label(value: object) -> str | None:
    """A name or number as text; None when empty or no scalar."""
    return None if isinstance(value, dict | list) else as_text(value) or None


def millis(value: object, per_unit: int = 1) -> int | None:
    """A time from the start of the conversation in ms, `value` counting units of `per_unit` ms.

    None when not given or impossible (negative, beyond ten days, no number): unknown is better than wrong.
    """
    if value is None:
        return None
    try:
        found = round(number(value) * per_unit)
    except (ValueError, OverflowError):  # more than a number of the computer holds
        return None
    return found if 0 <= found <= MAX_MS else None


def index(value: object) -> int | None:
    """A small number counting from 0, such as an audio channel, or None."""
    if value is None:  # as nearly everywhere in a chat
        return None
    try:
        found = number(value)
    except ValueError:
        return None
    return int(found) if found.is_integer() and 0 <= found < 64 else None


def probability(value: object) -> float | None:
    """A confidence in 0..1, or None."""
    if value is None:
        return None
    try:
        found = number(value)
    except ValueError:
        return None
    return found if 0 <= found <= 1 else None


def mean(known: Sequence[float]) -> float | None:
    """The mean of probabilities, to four places; None of none."""
    return round(sum(known) / len(known), 4) if known else None
