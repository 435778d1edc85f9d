"""Numbers of letters and digits, spelt out in any way: 九幺三三 零幺零六 MA二…, E 幺二三四 五六七八.

One expression finds runs of letters and digits with what people say between them; a check digit, or a word for
passports said shortly before, makes a number of one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from qc.text.digits import GAP, ONE, TO_ARABIC
from qc.text.identifiers import PROVINCES
from qc.text.numbers import Number

SIGN = f"(?:[a-z]|{ONE})"
"""RE2 and re: a letter or a digit."""
CODED = rf"{SIGN}(?:{GAP}{{0,4}}{SIGN}){{4,}}"
"""RE2: a run of at least five letters and digits, or of fewer if it tells how many: 三个八."""
PASSPORT_WORDS = "护照|通行证|台胞证|回乡证|证件"
CREDIT_CODE_WORDS = "税号|信用代码|识别号|税务登记"

_CHARACTERS = "0123456789abcdefghjklmnpqrtuwxy"
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_CREDIT_SIZE = 18
CREDIT_CODE = re.compile("[1-9any][1239g][0-9]{6}[0-9a-hj-npqrtuwxy]{10}")
PASSPORT = re.compile("[ecdsp][a-hj-np-z][0-9]{7}|[egdspchmlktw][0-9]{8}|[dsp][0-9]{7}|[hm][0-9]{10}")
_SIZES = (18, 11, 10, 9, 8)
"""Of a credit code, of travel documents."""
_LETTER = re.compile("[a-z]")
_PAUSE = re.compile(GAP)
_SIGN = re.compile(SIGN)


class Spelt(NamedTuple):
    """`symbols` told in a text (letters and 0–9), the character each stands at, and where groups begin and end: at
    gaps, and where letters, figures and Chinese digits meet."""

    symbols: str
    at: tuple[int, ...]
    edges: frozenset[int]


def spelt(text: str) -> Spelt:
    """What a match of CODED tells.

    >>> told = spelt("e 幺二，嗯三")
    >>> told.symbols, told.at, sorted(told.edges)
    ('e123', (0, 2, 3, 6), [0, 1, 3, 4])
    """
    hidden = {i for pause in _PAUSE.finditer(text) for i in range(*pause.span())}
    symbols, at, edges = "", list[int](), {0}
    for sign in _SIGN.finditer(text):
        start, end = sign.span()
        if start in hidden:
            continue
        if at and (at[-1] != start - 1 or _script(text[at[-1]]) != _script(text[start])):
            edges.add(len(at))
        told = sign[0].translate(TO_ARABIC)
        times = int(told[0]) if end - start > 1 else 1
        symbols += told[-1] * times
        at += [start] * (times - 1) + [end - 1]
    return Spelt(symbols, tuple(at), frozenset((*edges, len(at))))


def _script(char: str) -> int:
    return 0 if char.isdecimal() else 1 if char.isascii() else 2


def codes(text: str, near: Callable[[str], bool]) -> Iterator[Number]:
    """The codes in `text`, a match of CODED; `near` says whether one of the words of an expression was said in the turn
    or shortly before it."""
    if len(text) < _CREDIT_SIZE and not _LETTER.search(text):
        return
    told = spelt(text)
    taken = 0
    for first in sorted(told.edges):
        for size in _SIZES if first >= taken else ():
            if first + size in told.edges and (kind := _kind(told.symbols[first : first + size], near)):
                taken = first + size
                yield Number(kind, told.at[first], told.at[taken - 1] + 1, kind == "credit_code")
                break


def _kind(symbols: str, near: Callable[[str], bool]) -> str | None:
    if len(symbols) == _CREDIT_SIZE:
        return (
            "credit_code"
            if is_credit_code(symbols) and (not symbols[:17].isdecimal() or near(CREDIT_CODE_WORDS))
            else None
        )
    return "passport" if PASSPORT.fullmatch(symbols) and near(PASSPORT_WORDS) else None


def is_credit_code(code: str) -> bool:
    """Whether the code has the shape of a unified social credit code and its check character holds (GB 32100)."""
    if CREDIT_CODE.fullmatch(code) is None or not (code[2:4] in PROVINCES or code[2:8] == "100000"):
        return False
    values = [_CHARACTERS.index(c) for c in code]
    total = sum(w * v for w, v in zip(_WEIGHTS, values[:17], strict=True))
    return (31 - total % 31) % 31 == values[17]
