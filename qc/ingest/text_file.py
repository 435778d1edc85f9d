"""Text files of unknown encoding, line by line: UTF-8 (with or without BOM), UTF-16 with BOM, GBK / GB18030."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

MAX_LINE_CHARS = 64 * 2**20
_SAMPLE_BYTES = 2**20
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_UNDECODED = re.compile("[\udc80-\udcff]")
_MARK = "qc.undecoded"
"""An error handler for UTF-16: surrogateescape keeps no ASCII byte of a damaged or cut off character."""
codecs.register_error(_MARK, lambda error: ("\udcff", error.end))  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Line:
    """Physical line `number` (from 1) with its line end. `fault`: None, `encoding` or `too_large` (text cut off)."""

    number: int
    text: str
    fault: str | None = None


def detect_encoding(file: Path) -> str:
    """The encoding of most lines holding more than ASCII, judged on the first megabyte.

    A BOM decides. Else a line speaks for UTF-8 when it is valid UTF-8, for GB18030 (which contains GBK) when it is
    not: one damaged line does not turn a whole UTF-8 file into mojibake. Raises OSError.
    """
    with file.open("rb") as stream:
        head = stream.read(4)
        for bom, name in _BOMS.items():
            if head.startswith(bom):
                return name
        stream.seek(0)
        sample = stream.read(_SAMPLE_BYTES)
    if _is_utf8(sample):
        return "utf-8"
    votes = sum(1 if _is_utf8(line) else -1 for line in sample.split(b"\n") if not line.isascii())
    return "utf-8" if votes >= 0 else "gb18030"


def _is_utf8(line: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(line)  # incremental: the sample may end inside a character
    except UnicodeDecodeError:
        return False
    return True


def open_text(file: Path, encoding: str | None = None) -> TextIO:
    """Open for reading with line ends kept; bytes that do not decode become lone surrogates.

    Raises OSError, and LookupError for an unknown `encoding`.
    """
    encoding = encoding or detect_encoding(file)
    errors = _MARK if codecs.lookup(encoding).name.startswith("utf-16") else "surrogateescape"
    return file.open(encoding=encoding, errors=errors, newline="")


def is_damaged(text: str) -> bool:
    """Whether `text` was read with bytes that do not decode."""
    return not text.isascii() and _UNDECODED.search(text) is not None


def lines(file: Path, encoding: str | None = None, limit: int = MAX_LINE_CHARS) -> Iterator[Line]:
    """All lines; one longer than `limit` characters is given once, cut off and marked. Raises OSError."""
    with open_text(file, encoding) as stream:
        number = 0
        while text := stream.readline(limit):
            number += 1
            if len(text) >= limit and not text.endswith("\n"):
                while (rest := stream.readline(limit)) and not rest.endswith("\n"):
                    pass
                yield Line(number, "", "too_large")
            elif is_damaged(text):
                yield Line(number, text, "encoding")
            else:
                yield Line(number, text)
