"""A YAML file that remembers where everything stands, and the check of it against a pydantic type.

`read` → `Document` → `check(document, Model)` → a validated value, or a SpecError with every problem at its line and
column. `Problems` collects over many files.

Codes: Y001 syntax, Y003 encoding, Y004 size, Y005 nesting, Y006 tag, Y007 anchor or alias, Y008 key twice, Y009 second
document, Y010 no mapping, Y011 empty, Y013 key, Y014 unreadable, Y015
invisible character; S001 missing field, S002 unknown field, S003 type,
S004 choice, S005 range, S006 length, S007 format, S008 what a model's own validator says.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TypeVar

from pydantic import TypeAdapter, ValidationError

from qc.errors import Problem, SpecError, refusal
from qc.specs import wording
from qc.specs.compose import Mark, compose, source_line
from qc.specs.fields import fields_at
from qc.specs.suggest import suggest
from qc.specs.syntax import full_width_hint
from qc.specs.wording import Complaint, Loc

__all__ = ["MAX_BYTES", "Document", "Loc", "Place", "Problems", "check", "parse", "read", "read_text", "suggest"]

MAX_BYTES = 2_000_000

T = TypeVar("T")


class Place(NamedTuple):
    """A position in a file, counted from 1, and the text of its line."""

    line: int
    col: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One parsed file. `path` is how it is shown to people; `data` is dict, list, str, int, float, bool or None."""

    path: str
    data: object
    lines: Sequence[str]
    marks: Mark

    def where(self, loc: Loc, *, key: bool = False) -> Place:
        """The place of the value (or, with `key`, of the key) at `loc`.

        Parts that are not in the document (a missing field, the branch label of a union) are skipped, so the
        answer is the innermost place that exists. A final `[key]`, as pydantic writes it, asks for the key.
        """
        mark = self.marks
        line, col = mark.line, mark.col
        for part in loc:
            inside = mark.inside(part)
            if inside is None:
                key = key or part == "[key]"
                continue
            line, col = mark.keys[part] if mark.keys and isinstance(part, str) else (inside.line, inside.col)
            mark = inside
        return self.place(line, col) if key else self.place(mark.line, mark.col)

    def place(self, line: int, col: int) -> Place:
        """The place at a line and column that are already known."""
        return Place(line, col, source_line(self.lines, line, col))

    def within(self, loc: Loc, text: str, offset: int) -> Place:
        """The place of one character of the text at `loc`, from 0; its length is the place behind it. The text's own
        place where it stands in the file with escapes."""
        line, col, source = self.where(loc)
        start = source.find(text, col - 1)
        if start >= 0:
            return Place(line, start + offset + 1, source)
        at = self._followed(line, col, text, offset)
        return Place(line, col, source) if at is None else self.place(*at)

    def _followed(self, line: int, col: int, text: str, offset: int) -> tuple[int, int] | None:
        """Line and column of a character of a text over several lines, whose spaces and breaks YAML may change."""
        first = self.lines[line - 1][col - 1 :].strip()
        if first[:1] in "|>" and first[1:].split("#")[0].strip(" +-0123456789") == "":
            line, col = line + 1, 1  # a block begins below its mark
        elif first[:1] in "'\"":
            col += 1
        last = (line, col)
        for index, wanted in enumerate(text):
            if wanted.isspace():
                continue
            while line <= len(self.lines) and not self.lines[line - 1][col - 1 :].strip():
                line, col = line + 1, 1
            if line > len(self.lines):
                return None
            row = self.lines[line - 1]
            col += len(row[col - 1 :]) - len(row[col - 1 :].lstrip())
            if row[col - 1] != wanted:
                return None
            if index >= offset:
                return line, col
            col += 1
            last = (line, col)
        return last

    def holds(self, loc: Loc) -> bool:
        """Whether every part of `loc` stands in the document."""
        mark: Mark | None = self.marks
        for part in loc:
            mark = mark.inside(part) if mark is not None else None
        return mark is not None

    def part(self, loc: Loc) -> object:
        """The data at `loc`. Raises LookupError or TypeError when it is not there."""
        data = self.data
        for part in loc:
            if not isinstance(data, dict | list):
                raise KeyError(part)
            data = data[part]  # type: ignore[index]
        return data


def read(path: Path, shown_as: str | None = None, *, mapping: bool = True) -> Document:
    """Read and parse one file. `shown_as` replaces the path in messages.

    Raises SpecError when it cannot be read, is over 2 MB, is not UTF-8, or for anything `parse` refuses.
    """
    shown = shown_as if shown_as is not None else str(path)
    return parse(read_text(path, shown), shown, mapping=mapping)


def read_text(path: Path, shown: str) -> str:
    """The text of a file. Raises SpecError when it cannot be read, is over 2 MB, or is not UTF-8."""
    try:
        if path.is_fifo() or path.is_socket() or path.is_char_device():  # nobody would write there, we would wait
            _refuse(shown, "Y014", "这不是普通文件", "管道和设备不能当作规则文件，请换成文件。")
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        _refuse(shown, "Y014", "找不到这个文件", "请检查路径和文件名。")
    except OSError as error:
        reason = refusal(error)
        _refuse(shown, "Y014", f"读不了这个文件（{reason}）", "请检查它是不是文件、有没有读取权限。")
    if len(raw) > MAX_BYTES:
        _refuse(shown, "Y004", f"文件超过 {MAX_BYTES // 1_000_000} MB", "请拆成几个文件。")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig").split("\n")
        hint = "请用编辑器打开，另存为 UTF-8 编码。"
        _refuse(shown, "Y003", _encoding(raw, error), hint, line=len(before), col=len(before[-1]) + 1)


def parse(text: str, shown_as: str, *, mapping: bool = True) -> Document:
    """Parse YAML text. With `mapping` (default) the top level must be a mapping.

    Raises SpecError with every problem that one pass can tell (a syntax error ends the pass).
    """
    data, marks, lines = compose(text, shown_as)
    document = Document(path=shown_as, data=data, lines=lines, marks=marks)
    if mapping and data is None:
        _refuse(shown_as, "Y011", "文件是空的", "请写上内容，或删掉这个文件。")
    if mapping and not isinstance(data, dict):
        problems = Problems()
        hint = full_width_hint(document.where(()).source) or "最外层应是一行一个“键: 值”，冒号后面要有空格。"
        problems.add(document, (), "Y010", "文件的最外层应是一组键值", hint)
        problems.raise_if_errors()
    return document


def check(document: Document, shape: type[T] | TypeAdapter[T], at: Loc = ()) -> T:
    """The document (or the part at `at`) validated as `shape`: a pydantic model, any type, or a TypeAdapter.

    Types are strict: "5" is not a number, 1 is not true; a list may become a tuple or set, text an enum.
    Raises SpecError with all problems.
    """
    problems = Problems()
    value = problems.check(document, shape, at)
    problems.raise_if_errors()
    return value  # type: ignore[return-value]


class Problems:
    """Problems of any number of files, in the order of files and lines."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    @property
    def all(self) -> tuple[Problem, ...]:
        """Errors and warnings, sorted by place."""
        return tuple(sorted(self._found, key=lambda p: (p.path, p.line, p.col, p.code, p.message)))

    @property
    def empty(self) -> bool:
        """No error so far; warnings do not count."""
        return not any(p.level == "error" for p in self._found)

    def add(
        self,
        document: Document,
        loc: Loc,
        code: str,
        message: str,
        hint: str = "",
        level: str = "error",
        *,
        key: bool = False,
    ) -> None:
        """Note a problem of the value (or, with `key`, of the key) at `loc`. `level`: error or warning."""
        line, col, source = document.where(loc, key=key)
        self._found.append(
            Problem(
                path=document.path,
                line=line,
                col=col,
                code=code,
                message=message,
                hint=hint,
                source=source,
                level=level,
            )
        )

    def extend(self, problems: Iterable[Problem]) -> None:
        """Take over problems found elsewhere."""
        self._found.extend(problems)

    @contextmanager
    def catch(self) -> Iterator[None]:
        """Take over the problems of a SpecError raised inside, and go on after the block."""
        try:
            yield
        except SpecError as error:
            self.extend(error.problems)

    def check(
        self,
        document: Document,
        shape: type[T] | TypeAdapter[T],
        at: Loc = (),
        reword: Callable[[Complaint], Complaint] = lambda complaint: complaint,
    ) -> T | None:
        """As the function `check`, but the problems are noted here, as `reword` puts them, and the answer is None."""
        adapter = shape if isinstance(shape, TypeAdapter) else _adapter(shape)  # type: ignore[arg-type]
        try:
            # JSON mode is strict on scalars and yet takes lists for tuples and text for enums
            return adapter.validate_json(json.dumps(document.part(at)), strict=True)
        except ValidationError as error:
            complaints = wording.explain(
                error.errors(include_url=False),
                holds=lambda loc: document.holds((*at, *loc)),
                fields=lambda loc: fields_at(adapter, loc),
            )
        for found in map(reword, complaints):
            self.add(document, (*at, *found.loc), found.code, found.message, found.hint, key=found.key)
        return None

    def raise_if_errors(self) -> None:
        """Raises SpecError with everything noted, when there is an error among it."""
        if not self.empty:
            raise SpecError(self.all)


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def _refuse(path: str, code: str, message: str, hint: str, *, line: int = 1, col: int = 1) -> NoReturn:
    raise SpecError([Problem(path=path, line=line, col=col, code=code, message=message, hint=hint)])


def _encoding(raw: bytes, error: UnicodeDecodeError) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or raw.count(0, 0, 200) > 20:  # every other byte of ASCII is zero
        return "文件是 UTF-16 编码，应为 UTF-8"
    try:
        raw.decode("gb18030")
    except UnicodeDecodeError:
        return f"文件不是 UTF-8 文本（第 {error.start + 1} 个字节有误）"
    return "文件不是 UTF-8 编码，多半是 GBK"
