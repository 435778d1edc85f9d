"""pydantic's validation errors in Chinese."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from pydantic_core import ErrorDetails

from qc.specs.suggest import suggest, suggest_field
from qc.specs.syntax import FULL_WIDTH_BRACKET

Loc = tuple[str | int, ...]
"""Keys and list indexes from the top of a document, as in a pydantic error."""


class Complaint(NamedTuple):
    """One thing wrong at one place, in words. `key`: it is the key that is wrong, not its value."""

    loc: Loc
    code: str
    message: str
    hint: str
    key: bool


_TEXT, _NUMBER, _INT, _BOOL, _LIST, _MAP, _NULL = "文字", "数字", "整数", "true 或 false", "列表", "一组键值", "空值"
_DATE, _TIME, _MOMENT, _SPAN = (
    "日期（如 2026-01-31）",
    "时间（如 21:03:11）",
    "日期时间（如 2026-01-31T21:03:11）",
    "时长",
)

# what should stand there, for every error that means "another type"
_TYPES: Mapping[str, str] = {
    "string_type": _TEXT, "string_unicode": _TEXT, "bytes_type": _TEXT, "callable_type": _TEXT,
    "url_type": "网址", "url_parsing": "网址", "url_syntax_violation": "网址", "url_scheme": "网址",
    "uuid_type": "UUID", "uuid_parsing": "UUID", "uuid_version": "UUID",
    "int_type": _INT, "int_parsing": _INT, "int_parsing_size": _INT, "int_from_float": _INT,
    "float_type": _NUMBER, "float_parsing": _NUMBER, "finite_number": _NUMBER, "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER, "fraction_type": _NUMBER, "fraction_parsing": _NUMBER, "complex_type": _NUMBER,
    "complex_str_parsing": _NUMBER,
    "bool_type": _BOOL, "bool_parsing": _BOOL,
    "list_type": _LIST, "tuple_type": _LIST, "set_type": _LIST, "frozen_set_type": _LIST, "deque_type": _LIST,
    "iterable_type": _LIST, "set_item_not_hashable": "文字或数字",
    "dict_type": _MAP, "frozen_dict_type": _MAP, "ordered_dict_type": _MAP, "counter_type": _MAP,
    "mapping_type": _MAP, "model_type": _MAP, "model_attributes_type": _MAP, "dataclass_type": _MAP,
    "dataclass_exact_type": _MAP, "named_tuple_type": _MAP, "arguments_type": _MAP, "is_instance_of": _MAP,
    "is_subclass_of": _MAP,
    "none_required": _NULL, "missing_sentinel_error": _NULL, "ellipsis_error": _NULL,
    "date_type": _DATE, "date_parsing": _DATE, "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE, "time_type": _TIME, "time_parsing": _TIME, "datetime_type": _MOMENT,
    "datetime_parsing": _MOMENT, "datetime_object_invalid": _MOMENT, "datetime_from_date_parsing": _MOMENT,
    "time_delta_type": _SPAN, "time_delta_parsing": _SPAN,
}  # fmt: skip

# code and sentence of the others; {given} is what was written
_SENTENCES: Mapping[str, tuple[str, str]] = {
    "greater_than": ("S005", "应大于 {gt}，写成了 {given}"),
    "greater_than_equal": ("S005", "不能小于 {ge}，写成了 {given}"),
    "less_than": ("S005", "应小于 {lt}，写成了 {given}"),
    "less_than_equal": ("S005", "不能大于 {le}，写成了 {given}"),
    "multiple_of": ("S005", "应是 {multiple_of} 的倍数，写成了 {given}"),
    "decimal_max_digits": ("S005", "最多 {max_digits} 位数字，写成了 {given}"),
    "decimal_max_places": ("S005", "最多 {decimal_places} 位小数，写成了 {given}"),
    "decimal_whole_digits": ("S005", "整数部分最多 {whole_digits} 位，写成了 {given}"),
    "date_past": ("S005", "应是过去的日期，写成了 {given}"),
    "date_future": ("S005", "应是将来的日期，写成了 {given}"),
    "datetime_past": ("S005", "应是过去的时间，写成了 {given}"),
    "datetime_future": ("S005", "应是将来的时间，写成了 {given}"),
    "timezone_naive": ("S007", "时间不应带时区，写成了 {given}"),
    "timezone_aware": ("S007", "时间应带时区，写成了 {given}"),
    "timezone_offset": ("S007", "时区不对，写成了 {given}"),
    "too_short": ("S006", "至少要有 {min_length} 项，现在有 {actual_length} 项"),
    "too_long": ("S006", "最多 {max_length} 项，写得太多了"),
    "string_too_short": ("S006", "至少要有 {min_length} 个字，写成了 {given}"),
    "string_too_long": ("S006", "最多 {max_length} 个字，写得太长了"),
    "bytes_too_short": ("S006", "至少要有 {min_length} 个字节"),
    "bytes_too_long": ("S006", "最多 {max_length} 个字节，写得太长了"),
    "url_too_long": ("S006", "最多 {max_length} 个字，写得太长了"),
    "string_pattern_mismatch": ("S007", "写法不对：{given}"),
    "string_not_ascii": ("S007", "只能用英文字母、数字和半角符号，写成了 {given}"),
    "bytes_invalid_encoding": ("S007", "编码不对"),
    "invalid_key": ("S007", "键应是文字"),
    "union_tag_not_found": ("S001", "缺少字段 {discriminator}"),
    "recursion_loop": ("S007", "内容引用了自己"),
    "recursion_depth_exceeded": ("S007", "嵌套太深"),
}

# how to write the type that should stand there
_WRITTEN: Mapping[str, str] = {
    _TEXT: "请直接写文字，不加方括号、花括号。",
    _NUMBER: "请写半角数字，不加引号和单位，例如 1.5。",
    _INT: "请写半角整数，不加引号和单位，例如 3。",
    _BOOL: "请写 true（是）或 false（否），不加引号。",
    _LIST: "写作 [甲, 乙]，只有一个也要方括号：[甲]。",
    _MAP: "写作 {键: 值, 键: 值}，或另起一行缩进着写“键: 值”。",
    _DATE: "写作 2026-01-31，用减号分隔；请确认有这一天。",
}
_HINTS: Mapping[str, str] = {
    "S005": "请改成允许范围内的值。",
    "too_short": "请补上，或删掉这个键。",
    "too_long": "请删掉一些。",
    "string_too_short": "请写得长一些。",
    "string_too_long": "请写得短一些。",
}
# what the patterns of `scalars` and of the shapes ask for
_WANTED: Mapping[str, str] = {
    r"\S": "请写上内容，不能只有空格。",
    r"^\S(.*\S)?$": "词的前后不能有空格，中间不能换行。",
    r"^\w+(\.\w+)+$": "写作 文件夹名.文件名，例如 service.greeting。",
    r"^\w+$": "只用文字、字母、数字和下划线，不要空格和标点。",
    r"^[^\W\d]\w*$": "只用文字、字母、数字和下划线，不以数字开头，中间没有空格。",
    r"^[a-z][a-z0-9_]*$": "只用小写字母、数字和下划线，以字母开头。",
    r"^\d+\.\d+\.\d+$": "写作三个数字，例如 1.0.0。",
}

_FEW = 15
"""Keys that are worth listing."""
_MISSING = {"missing", "missing_argument", "missing_keyword_only_argument", "missing_positional_only_argument"}
_UNKNOWN = {"extra_forbidden", "unexpected_keyword_argument", "unexpected_positional_argument", "no_such_attribute"}
_CHOICE = {"enum", "literal_error", "union_tag_invalid"}


def explain(
    errors: Sequence[ErrorDetails], holds: Callable[[Loc], bool], fields: Callable[[Loc], Mapping[str, str]]
) -> list[Complaint]:
    """Complaints for the errors of one validation.

    `holds` tells whether a loc is in the document, `fields` which keys may stand at a loc, with their meaning. The
    branches of a union are judged together: the branch that came furthest speaks, or all together say what could stand
    there.
    """
    # a list that lost an element to an error is not also too short
    told = [e["loc"] for e in errors]
    errors = [
        e for e in errors if e["type"] != "too_short" or not any(x != e["loc"] == x[: len(e["loc"])] for x in told)
    ]
    found = []
    for group in _settle(errors, 0, holds):
        found.append(_say_types(group, fields) if len(group) > 1 else _say(group[0], fields))
    return found


def _settle(errors: Sequence[ErrorDetails], depth: int, holds: Callable[[Loc], bool]) -> list[list[ErrorDetails]]:
    """Errors that stay, grouped; a group of several is one union whose branches all want another type."""
    settled: list[list[ErrorDetails]] = []
    unions: dict[Loc, list[ErrorDetails]] = {}
    for error in errors:
        at = _label_at(error, depth, holds)
        if at is None:
            settled.append([error])
        else:
            unions.setdefault(error["loc"][:at], []).append(error)
    for base, members in unions.items():
        branches: dict[str | int, list[ErrorDetails]] = {}
        for error in members:
            branches.setdefault(error["loc"][len(base)], []).append(error)
        tried = [_settle(branch, len(base) + 1, holds) for branch in branches.values()]
        entered = [(len(branch), branch) for branch in tried if not _refused_at_once(branch, base, holds)]
        if entered:
            settled += min(entered, key=itemgetter(0))[1]
        else:
            settled.append([error for branch in tried for group in branch for error in group])
    return settled


def _label_at(error: ErrorDetails, depth: int, holds: Callable[[Loc], bool]) -> int | None:
    """Index of the first part of the loc, from `depth` on, that names a branch and not a place in the document."""
    loc = error["loc"]
    path = _in_document(loc[:depth], holds)
    end = len(loc) - 1 if error["type"] in _MISSING or (loc and loc[-1] == "[key]") else len(loc)
    for index in range(depth, end):
        if not holds((*path, loc[index])):
            return index
        path = (*path, loc[index])
    return None


def _in_document(loc: Loc, holds: Callable[[Loc], bool]) -> Loc:
    path: Loc = ()
    for part in loc:
        if holds((*path, part)):
            path = (*path, part)
    return path


def _refused_at_once(branch: list[list[ErrorDetails]], base: Loc, holds: Callable[[Loc], bool]) -> bool:
    """The branch wants another type for the whole value, and has nothing to say of what is inside it."""
    here = _in_document(base, holds)
    return len(branch) == 1 and all(e["type"] in _TYPES and _in_document(e["loc"], holds) == here for e in branch[0])


def _say_types(group: list[ErrorDetails], fields: Callable[[Loc], Mapping[str, str]]) -> Complaint:
    *others, last = dict.fromkeys(_TYPES[e["type"]] for e in group)
    wanted = f"{'、'.join(others)}或{last}" if others else last
    wanted = wanted if wanted != _BOOL else f" {_BOOL}"
    first = group[0]
    hint = _quote_hint(first["input"]) if _TEXT in wanted else ""
    if first["input"] is None:
        hint = "请补上值，或删掉这个键。"
    elif (
        wanted == _MAP
        and first["loc"]
        and isinstance(first["loc"][-1], str)
        and 0 < len(inside := fields(first["loc"])) <= _FEW
    ):
        hint = f"写作 {first['loc'][-1]}: {{键: 值}}，可以写的键有 {'、'.join(inside)}。"
    elif not hint:
        hint = _WRITTEN.get(wanted.strip(), "请改成其中一种写法。" if others else "")
    return Complaint(first["loc"], "S003", f"类型不对：应为{wanted}，写成了 {show(first['input'])}", hint, False)


def _say(error: ErrorDetails, fields: Callable[[Loc], Mapping[str, str]]) -> Complaint:
    kind, loc, given = error["type"], error["loc"], error["input"]
    context = {name: _plain(value) for name, value in (error.get("ctx") or {}).items()}
    if kind in _TYPES:
        return _say_types([error], fields)
    if kind in _MISSING:
        return Complaint(loc, "S001", f"缺少字段 {loc[-1] if loc else ''}".rstrip(), "请补上这个字段。", False)
    if kind in _UNKNOWN:
        name = str(loc[-1]) if loc else ""
        mark = FULL_WIDTH_BRACKET.search(name)
        hint = f"“{mark[0]}”是全角的，列表要用半角方括号：[甲, 乙]。" if mark else suggest_field(name, fields(loc[:-1]))
        return Complaint(loc, "S002", f"未知字段 {name}", hint, True)
    if kind in _CHOICE:
        expected = str((error.get("ctx") or {}).get("expected" if kind != "union_tag_invalid" else "expected_tags"))
        options = re.findall(r"'([^']*)'", expected) or re.findall(r"-?\d+", expected)
        written = context.get("tag", given)
        message = "没有写值" if written is None else f"不认识的取值 {show(written)}"
        return Complaint(loc, "S004", message, suggest(str(written), options, "请改成允许的取值。"), False)
    if kind in _SENTENCES:
        code, sentence = _SENTENCES[kind]
        hint = _HINTS.get(kind) or _HINTS.get(code, "")
        if kind == "less_than_equal" and context.get("le") == 1 and isinstance(given, int | float) and given <= 100:
            hint = "百分之几要写成小数，例如 80% 写 0.8。"
        if "pattern" in context:
            hint = _WANTED.get(str(context["pattern"]), f"应符合 {context['pattern']}")
        return Complaint(loc, code, sentence.format_map({**context, "given": show(given)}), hint, False)
    # our own validators raise Chinese sentences, with a hint on the second line if need be
    reason = str(context.get("error") if kind in ("value_error", "assertion_error") else error["msg"])
    message, _, hint = (reason if not reason.isascii() else f"内容不合要求（{kind}）").partition("\n")
    return Complaint(loc, "S008", message, hint, False)


def _plain(value: Any) -> Any:
    """A context value as it reads in a sentence: 10.0 as 10, 'kind' without its quotes."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value[1:-1] if isinstance(value, str) and re.fullmatch(r"'[^']*'", value) else value


def _quote_hint(given: object) -> str:
    return f'请给它加引号："{show(given)}"。' if isinstance(given, int | float) else ""


def show(value: object) -> str:
    """A value as it may stand in a message: short, one line."""
    if value is None:
        return "空值"
    if isinstance(value, dict):
        return "一组键值"
    if isinstance(value, list | tuple | set):
        return "列表"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 40 else text[:38] + "…" + ('"' if text.endswith('"') else "")
