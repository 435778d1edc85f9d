"""What a workbook may hold before anything reads it: a zip of kilobytes can unpack to gigabytes, and a reader of XML
makes of every few bytes an object ten times their size. openpyxl holds all shared strings, all cells of one row,
whatever stands between the rows, and the smaller parts whole; rows that are read are let go."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator

MOST_ROWS = 1_048_576
"""As many as Excel has."""
_LONGEST_ROW = 4 << 20
_MOST_AROUND = 32 << 20
"""Bytes of a sheet outside its rows: columns, links, merged cells."""
_MOST_STRINGS = 4_000_000
_MOST_OTHER = 8 << 20
_BLOCK = 1 << 20
_ROW = re.compile(rb"<(?:[\w.-]+:)?row(?:\s[^<>]*)?/?>|</(?:[\w.-]+:)?row\s*>")
_STRING = re.compile(rb"<(?:[\w.-]+:)?si[\s/>]")
_DECLARED = re.compile(rb"<!(?:DOCTYPE|ENTITY)")


class TooLargeError(Exception):
    """What is too much of what, in Chinese."""


def check(parts: zipfile.ZipFile, limit: int) -> None:
    """Raises TooLargeError when the parts unpack to more than `limit` bytes or to objects beyond all measure, or
    declare entities; what zipfile raises when the file is damaged. Sizes can be believed: zipfile unpacks no more."""
    if sum(part.file_size for part in parts.infolist()) > limit:
        raise TooLargeError(f"工作簿解压后超过 {limit // 2**20} MiB；请拆成几个，或存成 CSV")
    for part in parts.infolist():
        name = part.filename.lower()
        blocks = _blocks(parts, part)
        if "worksheets/" in name:
            _check_sheet(blocks)
        elif name.endswith("sharedstrings.xml"):
            _check_strings(blocks)
        else:
            _check_other(part, blocks)


def _blocks(parts: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """The part piece by piece, each beginning with a tag but the first, so that no tag is cut."""
    rest = b""
    with parts.open(part) as stream:
        while block := stream.read(_BLOCK):
            block = rest + block
            cut = max(block.rfind(b"<"), 0)
            block, rest = block[:cut], block[cut:]
            if _DECLARED.search(block):
                raise TooLargeError("工作簿里有实体声明（DTD）：Excel 不会写出它，没有读")
            if len(rest) > _LONGEST_ROW:
                raise TooLargeError(f"工作簿里有一段超过 {_LONGEST_ROW >> 20} MiB 的文字；请把数据另存为 CSV")
            yield block
    yield rest


def _check_sheet(blocks: Iterator[bytes]) -> None:
    rows = inside = around = 0
    is_inside = False
    for block in blocks:
        at = 0
        for tag in _ROW.finditer(block):
            if is_inside:
                inside += tag.start() - at
            else:
                around += tag.start() - at
            at = tag.start()
            _check_row(inside)
            if not tag[0].startswith(b"</"):
                rows += 1
            is_inside, inside = not tag[0].startswith(b"</") and not tag[0].endswith(b"/>"), 0
        if is_inside:
            inside += len(block) - at
        else:
            around += len(block) - at
        _check_row(inside)
        if around > _MOST_AROUND or rows > MOST_ROWS:
            raise TooLargeError("工作表的行数或格式超过 Excel 所能有的；请把数据另存为 CSV")


def _check_row(length: int) -> None:
    if length > _LONGEST_ROW:
        raise TooLargeError(f"工作表里有一行超过 {_LONGEST_ROW >> 20} MiB；请把数据另存为 CSV")


def _check_strings(blocks: Iterator[bytes]) -> None:
    seen = 0
    for block in blocks:
        seen += sum(1 for _ in _STRING.finditer(block))
        if seen > _MOST_STRINGS:
            raise TooLargeError(f"工作簿里的文字超过 {_MOST_STRINGS // 10_000} 万条；请拆成几个，或存成 CSV")


def _check_other(part: zipfile.ZipInfo, blocks: Iterator[bytes]) -> None:
    """Pictures may be large: nobody can read them as XML, whatever refers to them."""
    if part.file_size > _MOST_OTHER:
        if next(blocks).lstrip(b"\xef\xbb\xbf \t\r\n\xff\xfe\0").startswith(b"<"):
            raise TooLargeError(f"工作簿的格式部分超过 {_MOST_OTHER >> 20} MiB；请把数据另存为 CSV")
        return
    if part.filename.lower().endswith((".xml", ".rels", ".vml")):
        for _ in blocks:
            pass
