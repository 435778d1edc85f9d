"""What files say, as lines of text with their places: Parquet, HTML, workbooks, archives and anything that is text."""

from __future__ import annotations

import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

_LARGEST = 1 << 30
"""Bytes of one member of an archive or one compressed file; a larger one is reported as not looked into."""
_ROWS = 1 << 16
_DEEPEST = 3
_LOCKED = 1
"""The bit of a member's flags that says it is encrypted."""
_DAMAGED = (
    *(pa.ArrowException, zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError),
    *(EOFError, OSError, ValueError, LookupError, RuntimeError),
)
"""What a damaged file, or one that passes for what it is not, comes to."""
_GEOMETRY = frozenset(
    (
        "d",
        "points",
        "transform",
        "viewbox",
        "x",
        "y",
        "x1",
        "x2",
        "y1",
        "y2",
        "cx",
        "cy",
        "r",
        "width",
        "height",
        "style",
    )
)
"""Attributes that hold coordinates of drawings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Lines of one place: line `i` (from 0) is number `first + i` of `where` (行 for text, a column's rows in Parquet).
    `file` names a member of an archive behind 「!」."""

    file: str
    where: str
    lines: Sequence[str]
    first: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A file nothing was read from, and why."""

    file: str
    reason: str


def contents(path: Path) -> Iterator[Lines | Skipped]:
    """What `path`, a file or a folder, says: names first. Links are not followed."""
    if path.is_dir():
        for entry in sorted(path.rglob("*")):
            shown = str(entry.relative_to(path.parent))
            yield Lines(file=shown, where="文件名", lines=(entry.name,))
            if entry.is_file() and not entry.is_symlink():
                yield from _opened(shown, entry)
    else:
        yield Lines(file=path.name, where="文件名", lines=(path.name,))
        yield from _opened(path.name, path)


def _opened(shown: str, path: Path) -> Iterator[Lines | Skipped]:
    with path.open("rb") as file:
        yield from _file(shown, file, 0)


def _file(shown: str, file: IO[bytes], depth: int) -> Iterator[Lines | Skipped]:
    """By what the file is, not by what it is called."""
    head = file.read(512)
    file.seek(0)
    try:
        if head[:4] == b"PAR1":
            yield from _parquet(shown, file)
        elif head[:4] == b"PK\x03\x04":
            yield from _zip(shown, file, depth)
        elif head[:2] == b"\x1f\x8b":
            yield from _gzip(shown, file, depth)
        elif head[257:262] == b"ustar":
            yield from _tar(shown, file, depth)
        elif b"\0" in head:
            yield Skipped(file=shown, reason="不是文本")
        else:
            yield from _text(shown, file)
    except _DAMAGED as error:
        yield Skipped(file=shown, reason=f"读不出来（{type(error).__name__}）")


def _parquet(shown: str, file: IO[bytes]) -> Iterator[Lines]:
    stored = pq.ParquetFile(file)
    schema = stored.schema_arrow
    notes = [f"{k.decode()}={v.decode('utf-8', 'replace')}" for k, v in (schema.metadata or {}).items()]
    notes += [f"{f.name} {v.decode('utf-8', 'replace')}" for f in schema for v in (f.metadata or {}).values()]
    yield Lines(file=shown, where="元数据", lines=notes)
    first = 1
    for batch in stored.iter_batches(_ROWS):
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            yield from _column(shown, f"{name} 列", column, first)
        first += batch.num_rows


def _column(shown: str, where: str, column: pa.Array, first: int) -> Iterator[Lines]:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.dictionary_decode(), kind.value_type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        yield Lines(file=shown, where=where, lines=[_one_line(v) for v in column.to_pylist()], first=first)
    elif pa.types.is_nested(kind) and _holds_text(kind):
        lines = [_one_line(" | ".join(_strings(value))) for value in column.to_pylist()]
        yield Lines(file=shown, where=where, lines=lines, first=first)


def _holds_text(kind: pa.DataType) -> bool:
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return True
    return any(_holds_text(kind.field(i).type) for i in range(kind.num_fields))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)


def _one_line(value: str | None) -> str:
    return "" if value is None else value.replace("\n", " ").replace("\r", " ")


def _zip(shown: str, file: IO[bytes], depth: int) -> Iterator[Lines | Skipped]:
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            name = f"{shown}!{member.filename}"
            if member.is_dir():
                continue
            yield Lines(file=shown, where="其中的文件名", lines=(member.filename,))
            if member.file_size > _LARGEST or depth >= _DEEPEST:
                yield Skipped(file=name, reason="太大或嵌套太深")
                continue
            if member.flag_bits & _LOCKED:
                yield Skipped(file=name, reason="有密码，打不开")
                continue
            with archive.open(member) as inner:
                data = inner.read(_LARGEST)
            yield from _file(name, io.BytesIO(data), depth + 1)


def _gzip(shown: str, file: IO[bytes], depth: int) -> Iterator[Lines | Skipped]:
    with gzip.GzipFile(fileobj=file) as inner:
        data = inner.read(_LARGEST + 1)
    if len(data) > _LARGEST or depth >= _DEEPEST:
        yield Skipped(file=shown, reason="太大或嵌套太深")
    else:
        yield from _file(shown, io.BytesIO(data), depth + 1)


def _tar(shown: str, file: IO[bytes], depth: int) -> Iterator[Lines | Skipped]:
    with tarfile.open(fileobj=file, mode="r:") as archive:
        for member in archive:
            yield Lines(file=shown, where="其中的文件名", lines=(member.name,))
            inner = archive.extractfile(member) if member.isfile() else None
            if inner is None:
                continue
            if member.size > _LARGEST or depth >= _DEEPEST:
                yield Skipped(file=f"{shown}!{member.name}", reason="太大或嵌套太深")
            else:
                yield from _file(f"{shown}!{member.name}", io.BytesIO(inner.read()), depth + 1)


def _text(shown: str, file: IO[bytes]) -> Iterator[Lines]:
    data = file.read()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030", "replace")
    if "<html" in text[:2000].lower() or text.lstrip()[:5] in ("<?xml", "<!DOC", "<svg "):
        page = _Page()
        try:
            page.feed(text)
        except AssertionError:  # how html.parser gives up on declarations that are none
            yield Lines(file=shown, where="行", lines=text.split("\n"))
            return
        for where, lines in (("页面文字", page.texts), ("页面属性", page.attributes)):
            for number, line in lines:
                yield Lines(file=shown, where=where, lines=(line,), first=number)
    else:
        yield Lines(file=shown, where="行", lines=text.split("\n"))


class _Page(HTMLParser):
    """Text, scripts and attributes of a page, each with its line; drawings only by their words."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[tuple[int, str]] = []
        self.attributes: list[tuple[int, str]] = []
        self._style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._style = tag == "style"
        line = self.getpos()[0]
        self.attributes += [(line, _one_line(v)) for k, v in attrs if v and k not in _GEOMETRY and not v.isascii()]
        self.attributes += [(line, v) for k, v in attrs if v and k not in _GEOMETRY and v.isascii() and len(v) > 5]

    def handle_endtag(self, tag: str) -> None:
        self._style = False

    def handle_data(self, data: str) -> None:
        if not self._style:
            first = self.getpos()[0]
            self.texts += [(first + i, line) for i, line in enumerate(data.split("\n")) if line.strip()]

    def handle_comment(self, data: str) -> None:
        self.texts.append((self.getpos()[0], _one_line(data)))
