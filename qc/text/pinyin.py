"""What characters sound like: homophones, as a recogniser or a hasty typist confuses them.

Every character is read one way, its most common one, so that a text becomes a row of syllable numbers by one look into
a table and words are searched in it as in any other text. Syllables that southern speakers do not tell apart (zh/z,
ch/c, sh/s, n/l, ang/an, eng/en, ing/in) are one class of `fuzzy`. The table is `pinyin.tsv` beside this file.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.uint16]
_BASIC = 1 << 16
FIRST = 0x80
"""Syllable numbers begin here: as code points they are two bytes of UTF-8 each."""
_OTHER = 0x7FF
"""Stands for all that has no reading; no word holds it."""
_INITIAL = re.compile(r"^(?:zh|ch|sh|n)")
_FINAL = re.compile(r"(?<=[aei]n)g$")


class Syllables(NamedTuple):
    """For every code point of the basic plane: the number of its syllable, and that of the syllable's fuzzy class.
    `names[i]` is the syllable of number FIRST + i."""

    plain: Codes
    fuzzy: Codes
    names: tuple[str, ...]


@cache
def syllables() -> Syllables:
    """The tables, made once per process (some milliseconds)."""
    plain, fuzzy = np.full(_BASIC, _OTHER, np.uint16), np.full(_BASIC, _OTHER, np.uint16)
    rows = [
        line.split("\t")
        for line in files("qc.text").joinpath("pinyin.tsv").read_text("utf-8").splitlines()
        if not line.startswith("#")
    ]
    numbers = {syllable: FIRST + number for number, (syllable, _) in enumerate(rows)}
    classes: dict[str, int] = {}
    for syllable, chars in rows:
        codes = np.frombuffer(chars.encode("utf-32-le"), np.uint32)
        plain[codes] = numbers[syllable]
        fuzzy[codes] = classes.setdefault(blurred(syllable), numbers[syllable])
    return Syllables(plain, fuzzy, tuple(numbers))


def blurred(syllable: str) -> str:
    """The class of syllables that are mixed up with each other.

    >>> blurred("zhang"), blurred("nin"), blurred("ling")
    ('zan', 'lin', 'lin')
    """
    initial = _INITIAL.sub(lambda match: "l" if match[0] == "n" else match[0][0], syllable)
    return _FINAL.sub("", initial)


def read(codes: npt.NDArray[np.uint32], table: Codes) -> Codes:
    """Code points → syllable numbers by `table`, one of `syllables()`."""
    return table.take(np.minimum(codes, np.uint32(_BASIC - 1)))  # the last of the plane is no character


def is_readable(word: str) -> bool:
    """Whether every character has a reading."""
    codes = np.frombuffer(word.encode("utf-32-le", "surrogatepass"), np.uint32)
    return bool((read(codes, syllables().plain) != _OTHER).all())


def encode(numbers: Codes) -> bytes:
    """Syllable numbers as UTF-8: two bytes each, so that byte 2 i belongs to character i."""
    out = np.empty((len(numbers), 2), np.uint8)
    out[:, 0] = 0xC0 | (numbers >> 6)
    out[:, 1] = 0x80 | (numbers & 0x3F)
    return out.tobytes()
