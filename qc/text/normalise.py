"""One-to-one character normalisation: full width → half width, upper → lower case, traditional → simplified.

Every character maps to exactly one character, so an offset into the normalised text is an offset into the text
people see.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from opencc import OpenCC

_CJK = range(0x3400, 0xA000)


@cache
def table() -> dict[int, str]:
    """`str.translate` table. Traditional → simplified comes from OpenCC, character by character."""
    from opencc import OpenCC

    mapping: dict[int, str] = {}
    han = [chr(c) for c in _CJK]
    for before, after in zip(han, OpenCC("t2s").convert("\n".join(han)).split("\n"), strict=True):
        if before != after and len(after) == 1:
            mapping[ord(before)] = after
    for code in [*range(0xFF01, 0xFF5F), 0x3000]:
        mapping[code] = unicodedata.normalize("NFKC", chr(code)).lower()
    for mark in "，！？；：":  # clause marks stay as written: rules and people use the Chinese ones
        mapping.pop(ord(mark), None)
    for mark, full in zip(",!?;:", "，！？；：", strict=True):
        mapping[ord(mark)] = full
    for code in range(ord("A"), ord("Z") + 1):
        mapping[code] = chr(code).lower()
    for code in (*range(0x0A, 0x0E), 0x85, 0x2028, 0x2029):  # a line break is the joiner of a shard's buffer
        mapping[code] = " "
    for code in (0, 0x09, 0xA0, 0xAD, 0x1680, *range(0x2000, 0x2010), 0x202F, 0x205F, 0x2060, 0x3000, 0xFEFF):
        mapping[code] = " "  # spaces of all widths, none among them, divide a word no more than a plain one
    return mapping


def normalise(text: str) -> str:
    """The normalised form of `text`; same length.

    >>> normalise("ＡＢＣ您好!臺灣")
    'abc您好！台湾'
    """
    if len(text) < _LONG:
        return text.translate(table())
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    return normalise_codes(codes).tobytes().decode("utf-32-le", "surrogatepass")


def normalise_codes(codes: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """`normalise` on code points, a new array of the same length."""
    normalised = _codes().take(codes, mode="clip")
    beyond = np.flatnonzero(codes >= len(_codes()))
    normalised[beyond] = codes[beyond]
    return normalised


_LONG = 500
"""From this length on numpy is quicker than `str.translate` (ten times, on a shard)."""


@cache
def _codes() -> npt.NDArray[np.uint32]:
    """`table()` for the basic plane as an array; it maps nothing beyond."""
    codes = np.arange(1 << 16, dtype=np.uint32)
    codes[list(table())] = [ord(c) for c in table().values()]
    return codes


def simplify(text: str) -> str:
    """Traditional → simplified for text people will read, word by word as a Taiwanese writer means it (著 → 着, but
    著名 stays), case and width untouched.

    >>> simplify("他等著妳，WiFi 很著名")
    '他等着你，WiFi 很著名'
    """
    simplified: str = _taiwanese().convert(text)
    return simplified.replace("妳", "你")


@cache
def _taiwanese() -> OpenCC:
    from opencc import OpenCC

    return OpenCC("tw2s")
