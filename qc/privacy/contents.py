"""What files say, as lines of text with their places: Parquet, Arrow, pages, workbooks, archives, all that is text."""

from __future__ import annotations

import codecs
import gzip
import io
import lzma
import os
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc as ipc
import pyarrow.parquet as pq

from qc.errors import refusal
from qc.privacy.page import Page, one_line

_LARGEST = 1 << 30
"""Bytes of one member of an archive or one compressed file; a larger one is reported as not looked into."""
_HELD = 256 << 20
"""Bytes of a packed file that is read here and there, and so must be held."""
_TURNED_OVER = (b"PAR1", b"ARRO", b"PK\x03\x04")
_PIECE = 4 << 20
"""Characters of a text that are looked at together."""
_LONGEST_LINE = 64 << 20
_ROWS = 1 << 16
_DEEPEST = 3
_LOCKED = 1
"""The bit of a member's flags that says it is encrypted."""
_DAMAGED = (
    *(pa.ArrowException, zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError),
    *(EOFError, OSError, ValueError, LookupError, RuntimeError),
)
"""What a damaged file, or one that passes for what it is not, comes to."""
_LEAST_NUMBER = 10**10
"""A column of numbers may hold telephone numbers; smaller ones are counts, lengths and times."""
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
"""How JSON and scripts may write a character."""


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
    """What `path`, a file or a folder, says: names first. Links are not followed, and that is said."""
    if path.is_dir():
        for entry in sorted(path.rglob("*")):
            shown = str(entry.relative_to(path.parent))
            yield Lines(file=shown, where="文件名", lines=(entry.name,))
            if entry.is_symlink():
                yield Skipped(file=shown, reason="是链接，没有跟随")
            elif entry.is_file():
                yield from _opened(shown, entry)
            elif not (entry.is_dir() and os.access(entry, os.R_OK | os.X_OK)):
                yield Skipped(file=shown, reason="打不开")
    else:
        yield Lines(file=path.name, where="文件名", lines=(path.name,))
        yield from _opened(path.name, path)


def _opened(shown: str, path: Path) -> Iterator[Lines | Skipped]:
    try:
        file = path.open("rb")
    except OSError as error:
        yield Skipped(file=shown, reason=f"打不开（{refusal(error)}）")
        return
    with file:
        yield from _file(shown, file, 0)


def _file(shown: str, file: IO[bytes], depth: int) -> Iterator[Lines | Skipped]:
    """By what the file is, not by what it is called."""
    head = file.read(512)
    file.seek(0)
    try:
        if depth and head[:4] in _TURNED_OVER:  # packed files are slow to turn back in
            file = io.BytesIO(file.read(_HELD + 1))
            if file.getbuffer().nbytes > _HELD:
                yield Skipped(file=shown, reason="太大")
                return
        if head[:4] == b"PAR1":
            yield from _parquet(shown, file)
        elif head[:6] == b"ARROW1":
            yield from _arrow(shown, file)
        elif head[:4] == b"PK\x03\x04":
            yield from _zip(shown, file, depth)
        elif head[:2] == b"\x1f\x8b":
            yield from _gzip(shown, file, depth)
        elif head[257:262] == b"ustar":
            yield from _tar(shown, file, depth)
        elif head[:9] == b"qc vault ":
            yield Skipped(file=shown, reason="保管库，密封着")
        elif b"\0" in head:
            yield Skipped(file=shown, reason="不是文本")
        else:
            yield from _text(shown, file, depth)
    except _DAMAGED as error:
        yield Skipped(file=shown, reason=f"读不出来（{type(error).__name__}）")


def _parquet(shown: str, file: IO[bytes]) -> Iterator[Lines]:
    stored = pq.ParquetFile(file)
    yield _notes(shown, stored.schema_arrow)
    yield from _batches(shown, stored.iter_batches(_ROWS))


def _arrow(shown: str, file: IO[bytes]) -> Iterator[Lines]:
    stored = ipc.open_file(file)
    yield _notes(shown, stored.schema)
    yield from _batches(shown, map(stored.get_batch, range(stored.num_record_batches)))


def _notes(shown: str, schema: pa.Schema) -> Lines:
    notes = [f"{k.decode()}={v.decode('utf-8', 'replace')}" for k, v in (schema.metadata or {}).items()]
    notes += [f"{f.name} {v.decode('utf-8', 'replace')}" for f in schema for v in (f.metadata or {}).values()]
    notes += schema.names
    return Lines(file=shown, where="元数据", lines=notes)


def _batches(shown: str, batches: Iterable[pa.RecordBatch]) -> Iterator[Lines]:
    first = 1
    for batch in batches:
        batch.validate(full=True)  # Arrow takes offsets on trust: damaged ones would end the process
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            yield from _column(shown, f"{name} 列", column, first)
        first += batch.num_rows


def _column(shown: str, where: str, column: pa.Array, first: int) -> Iterator[Lines]:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.dictionary_decode(), kind.value_type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        yield Lines(file=shown, where=where, lines=[one_line(v) for v in column.to_pylist()], first=first)
    elif pa.types.is_int64(kind) or pa.types.is_uint64(kind):
        if (pc.max(column).as_py() or 0) >= _LEAST_NUMBER:
            lines = [str(v) if v is not None and v >= _LEAST_NUMBER else "" for v in column.to_pylist()]
            yield Lines(file=shown, where=where, lines=lines, first=first)
    elif pa.types.is_nested(kind) and _holds_text(kind):
        lines = [one_line(" | ".join(_strings(value))) for value in column.to_pylist()]
        yield Lines(file=shown, where=where, lines=lines, first=first)


def _holds_text(kind: pa.DataType) -> bool:
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return True
    if pa.types.is_dictionary(kind):
        return _holds_text(kind.value_type)
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
                yield from _file(name, inner, depth + 1)


def _gzip(shown: str, file: IO[bytes], depth: int) -> Iterator[Lines | Skipped]:
    if depth >= _DEEPEST:
        yield Skipped(file=shown, reason="嵌套太深")
        return
    with gzip.GzipFile(fileobj=file) as inner:
        yield from _file(shown, cast("IO[bytes]", inner), depth + 1)


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
                yield from _file(f"{shown}!{member.name}", inner, depth + 1)


def _text(shown: str, file: IO[bytes], depth: int) -> Iterator[Lines | Skipped]:
    """In pieces: what is packed small may be long."""
    page, first, size = None, 1, 0
    for piece in _pieces(file, _encoding(file)):
        if depth and size > _LARGEST:
            yield Skipped(file=shown, reason="太大，后面的没有查")
            break
        if not size and ("<html" in piece[:2000].lower() or piece.lstrip()[:5] in ("<?xml", "<!DOC", "<svg ")):
            page = Page()
        size += len(piece)
        if page is not None:
            yield from _of_page(shown, page, whole=False)
            try:
                page.feed(piece)
                continue
            except AssertionError:  # how html.parser gives up on declarations that are none
                yield from _of_page(shown, page, whole=True)
                first, page = page.getpos()[0], None
        yield Lines(file=shown, where="行", lines=piece.split("\n"), first=first)
        first += piece.count("\n")
    if page is not None:
        with suppress(AssertionError):
            page.close()
        yield from _of_page(shown, page, whole=True)


def _of_page(shown: str, page: Page, *, whole: bool) -> Iterator[Lines]:
    """What the page has said since it was asked last; unless it is there as a `whole`, its last text may go on."""
    for where, lines in (("页面文字", page.texts), ("页面属性", page.attributes)):
        last = len(lines) - (lines is page.texts and not whole)
        for number, line in lines[: max(last, 0)]:
            yield Lines(file=shown, where=where, lines=(line,), first=number)
        del lines[: max(last, 0)]


def _encoding(file: IO[bytes]) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while block := file.read(_PIECE):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "gb18030"
    finally:
        file.seek(0)
    return "utf-8-sig"


def _pieces(file: IO[bytes], encoding: str) -> Iterator[str]:
    """The text in pieces that end with a line; a line beyond all measure is parted."""
    reader = codecs.getreader(encoding)(file, "replace")
    kept, block = "", reader.read(_PIECE)
    while block:
        following = reader.read(_PIECE)
        cut = block.rfind("\n") + 1
        if not following or (not cut and len(kept) + len(block) > _LONGEST_LINE):
            cut = len(block)
        if cut:
            yield _ESCAPE.sub(_character, kept + block[:cut])
            kept = ""
        kept, block = kept + block[cut:], following


def _character(found: re.Match[str]) -> str:
    """What the escape stands for; what would be a line's end, or markup, stays as it is."""
    code = int(found[1], 16)
    return found[0] if (code < 0x80 and not chr(code).isdigit()) or 0xD800 <= code < 0xE000 else chr(code)
