"""YAML text → plain data and the marks of where everything stands.

The dialect is small on purpose: one document of mappings, lists and YAML 1.2 core scalars (`no` and `12:30` are text;
`true`, `1.5` and `null` are not). Tags, anchors and duplicate keys are errors. Keys are always text. `.inf` and `.nan`
stay text, so that a number field refuses them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

import yaml

from qc.errors import Problem, SpecError
from qc.specs.invisible import invisible
from qc.specs.syntax import explain

MAX_DEPTH = 40

_BREAK = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")  # what libyaml counts as a line
_CONTROLS = dict.fromkeys((*range(10), 11, 12, *range(14, 32), *range(127, 133), *range(134, 160)), " ")
_SHOWN = 160  # characters of a line shown in a message
_INT = re.compile(r"[-+]?[0-9]{1,300}|0o[0-7]{1,300}|0x[0-9a-fA-F]{1,300}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CONSTANTS: Mapping[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class Mark(NamedTuple):
    """Where a value starts. `keys` holds line and column of a mapping's keys; `fields` or `elements` what is inside."""

    line: int
    col: int
    keys: dict[str, tuple[int, int]] | None = None
    fields: dict[str, Mark] | None = None
    elements: list[Mark] | None = None

    def inside(self, part: str | int) -> Mark | None:
        """The mark of a key's value or of a list's element; None when there is none."""
        if isinstance(part, str):
            return self.fields.get(part) if self.fields is not None else None
        return self.elements[part] if self.elements is not None and 0 <= part < len(self.elements) else None


class Composed(NamedTuple):
    """What a text says: `data` is dict, list, str, int, float, bool or None."""

    data: object
    marks: Mark
    lines: Sequence[str]


def compose(text: str, shown_as: str) -> Composed:
    """Parse YAML text. Raises SpecError with every problem that one pass can tell (a syntax error ends the pass)."""
    text = text.removeprefix("\ufeff")
    composer = _Composer(shown_as, _BREAK.split(text))
    for found in invisible(composer.lines):
        composer.add("Y015", *found)
    hidden = {problem.line for problem in composer.problems}
    try:
        for event in yaml.parse(text, Loader=yaml.CBaseLoader):
            composer.take(event)
    except yaml.YAMLError as error:
        line, col, message, hint = explain(error, text, composer.lines)
        if not hidden & {line, line - 1}:  # else that is the cause, and has been told
            composer.add("Y001", line, col, message, hint)
    if composer.problems:
        raise SpecError(composer.problems)
    data, marks = composer.root or (None, Mark(1, 1))
    return Composed(data, marks, composer.lines)


def _scalar(text: str) -> object:
    """A plain scalar by the YAML 1.2 core schema."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in "0123456789+-.":
        return text
    if _INT.fullmatch(text):
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if _FLOAT.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text


def source_line(lines: Sequence[str], line: int, col: int) -> str:
    """The line to show under a message; a very long one is cut, or left out when the place lies behind the cut."""
    source = lines[line - 1].translate(_CONTROLS) if 0 < line <= len(lines) else ""
    if len(source) <= _SHOWN:
        return source
    return source[:_SHOWN] + "…" if col <= _SHOWN else ""


class _List:
    """A list being filled."""

    __slots__ = ("data", "mark", "marks")
    wants_key = False

    def __init__(self, line: int, col: int) -> None:
        self.data: list[object] = []
        self.marks: list[Mark] = []
        self.mark = Mark(line, col, elements=self.marks)

    def put(self, value: object, mark: Mark) -> None:
        self.data.append(value)
        self.marks.append(mark)


class _Map:
    """A mapping being filled: a key, then its value."""

    __slots__ = ("data", "key", "keys", "mark", "marks", "wants_key")

    def __init__(self, line: int, col: int) -> None:
        self.data: dict[str, object] = {}
        self.keys: dict[str, tuple[int, int]] = {}
        self.marks: dict[str, Mark] = {}
        self.mark = Mark(line, col, keys=self.keys, fields=self.marks)
        self.key = ""
        self.wants_key = True

    def name(self, key: str, line: int, col: int) -> None:
        self.key = key
        self.keys[key] = (line, col)
        self.wants_key = False

    def put(self, value: object, mark: Mark) -> None:
        self.data[self.key] = value
        self.marks[self.key] = mark
        self.wants_key = True


class _Composer:
    """Parser events → data and marks. Iterative, so nesting cannot exhaust the stack."""

    def __init__(self, path: str, lines: Sequence[str]) -> None:
        self.path = path
        self.lines = lines
        self.problems: list[Problem] = []
        self.root: tuple[object, Mark] | None = None
        self._stack: list[_List | _Map] = []
        self._documents = 0

    def add(self, code: str, line: int, col: int, message: str, hint: str) -> None:
        source = source_line(self.lines, line, col)
        self.problems.append(
            Problem(path=self.path, line=line, col=col, code=code, message=message, hint=hint, source=source)
        )

    def take(self, event: yaml.Event) -> None:
        """One event. Raises SpecError for what makes going on pointless."""
        if isinstance(event, yaml.ScalarEvent):
            self._check_node(event)
            self._scalar(event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._check_node(event)
            self._open(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._stack.pop()
        elif isinstance(event, yaml.AliasEvent):
            self._stop("Y007", event, "不支持引用（*）", "请把内容直接写在这里；值以 * 开头时请加引号。")
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._stop("Y009", event, "一个文件里只能有一份文档", "请去掉中间的“---”，或拆成两个文件。")

    def _check_node(self, event: yaml.NodeEvent) -> None:
        if event.anchor is not None:
            self.add("Y007", *_at(event), "不支持锚点（&）", "请去掉它；值以 & 开头时请加引号。")
        if getattr(event, "tag", None) is not None:
            self.add("Y006", *_at(event), "不支持类型标签（!）", "请去掉它；值以 ! 开头时请加引号。")

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        line, col = _at(event)
        top = self._stack[-1] if self._stack else None
        if not isinstance(top, _Map) or not top.wants_key:
            plain = event.implicit[0] and event.tag is None
            self._put(_scalar(event.value) if plain else event.value, Mark(line, col))
            return
        key = event.value
        if key == "<<":
            self.add("Y007", line, col, "不支持合并（<<）", "请把内容直接写在这里。")
        if not key:
            self.add("Y013", line, col, "冒号前面没有键", "请写上键的名字。")
        if key in top.keys:
            self.add("Y008", line, col, f"“{key}”重复了，第 {top.keys[key][0]} 行已经写过", "请合并或删掉其中一处。")
        top.name(key, line, col)

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        if len(self._stack) >= MAX_DEPTH:
            self._stop("Y005", event, f"嵌套超过 {MAX_DEPTH} 层", "请把结构写得平一些。")
        if self._stack and self._stack[-1].wants_key:
            self._stop("Y013", event, "键应是文字，不能是列表或一组键值", "键以 [ 或 { 开头时请加引号。")
        opened = (_Map if isinstance(event, yaml.MappingStartEvent) else _List)(*_at(event))
        self._put(opened.data, opened.mark)
        self._stack.append(opened)

    def _put(self, value: object, mark: Mark) -> None:
        if self._stack:
            self._stack[-1].put(value, mark)
        else:
            self.root = (value, mark)

    def _stop(self, code: str, event: yaml.Event, message: str, hint: str) -> NoReturn:
        self.add(code, *_at(event), message, hint)
        raise SpecError(self.problems)


def _at(event: yaml.Event) -> tuple[int, int]:
    mark: Any = event.start_mark
    return mark.line + 1, mark.column + 1
