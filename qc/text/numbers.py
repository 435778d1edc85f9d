"""The numbers in a run of digits, typed or spoken: where one begins and ends.

The groups of a run are joined as people group their numbers; what a joining is, `number_types` says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Enum
from itertools import pairwise
from typing import NamedTuple

from qc.text.digits import SEPARATORS, SPOKEN, arabic, groups_of
from qc.text.identifiers import IDENTITY_SIZE, MOBILE_SIZE, UNIONPAY_SIZES, telling_type
from qc.text.number_types import NEAR, classify, type_said_behind

_OFTEN_SAID_TWICE = (MOBILE_SIZE, IDENTITY_SIZE)
_LONGEST, _MAX_GROUPS = 24, 19
"""Digits and groups that one number can have."""
_HOTLINE_SIZE, _HOTLINE_GROUPS = 10, 3
_LATIN_BEFORE, _LATIN_AFTER = re.compile("[a-z0-9]*[a-z]$"), re.compile("[a-z][a-z0-9]*")
_SAYS_WHAT = re.compile("tel|phone|mobile|mob|cell|call|fax|dianhua|shouji|sjh?|dh|wx|vx|weixin|qq|id|sfz")
_OF_CODES = re.compile(
    "rmb|cny|usd?|hkd|eur|k?wh?|kva?|[mun]s|hz|[kmgt]?b|kg|ml|sf|jd[a-z]{0,2}|yt|zto?|sto?|jt|yd|dpk?|ems|lp"
)
"""Currencies, measures, and what the parcels of China's carriers begin with."""
_MASKED = re.compile(rf"(?:[{SEPARATORS}]{{0,2}}\*){{2}}")
_DECIMAL = re.compile(r"\.(?! )")
_COUNTED = re.compile("[元块毛角万亿年月日天个台度点兆折寸斤米位分秒倍%]")
UNITS = "元块毛角万亿年月日天号个台度点楼栋室兆折寸期斤米次位分秒倍%：./"
UNIT = re.compile(f"[a-z{UNITS}]")
"""Behind it the last group of digits is no part of the number: 电话…，50元."""
_CARD_SIZE = 15
_TELEPHONES = (7, 8, 11)
_IN_PAIRS = [3, 2, 2, 2, 2]
_BETWEEN_DOTS, _PAIR, _FEW, _WHOLE = 3, 2, 3, 11


class Number(NamedTuple):
    """A recognised number. `start`/`end` are characters of the text looked at."""

    type: str
    start: int
    end: int
    valid: bool


class _Joint(Enum):
    """What digits are joined to on one side: nothing or a word that says what they are (tel138…), letters alone
    (a138…), or a longer code (2b138…, 138…ms)."""

    FREE = 0
    LETTERS = 1
    CODE = 2


_FREE = _Joint.FREE
_APART = (_FREE, _FREE)


def numbers(text: str, before: str, after: str) -> Iterator[Number]:
    """The numbers in `text`, a match of NUMBER; `before` and `after` are what stands around it in the same turn.

    The longest joining of neighbouring groups that makes a number wins: 138 1234 5678 is one, and two telephone
    numbers with a space between them are two.
    """
    groups = groups_of(text)
    led = _joint(_LATIN_BEFORE.search(before)) if before[-1:].isascii() else _FREE
    followed = _joint(_LATIN_AFTER.match(after))
    if len(groups) > 1 and _COUNTED.match(after):
        groups.pop()  # 户号60123456，2005年
    parts = [arabic(text[start:end]) for start, end in groups]
    i = 0
    while i < len(groups):
        if (hotline := _hotline(parts, i)) > i:
            i = hotline
            continue
        for j in range(_reach(parts, i), i, -1):
            start, end = groups[i][0], groups[j - 1][1]
            sizes = list(map(len, parts[i:j]))
            if _DECIMAL.search(text, start, end) and min(sizes) < _BETWEEN_DOTS and sizes != _IN_PAIRS:
                continue  # an address of the internet, a sum, a date
            if _may_join(groups[i:j]):
                found = _read(text, start, end, before, after)
            else:
                kind = telling_type("".join(parts[i:j]))
                found = [Number(kind, start, end, True)] if kind and _evenly_apart(text, groups[i:j]) else []
            touches = (led if i == 0 else _FREE, followed if j == len(groups) else _FREE)
            if found and _stands(touches, found, text):
                yield from (n for n in found if n.type != "account" or not _is_masked(n, text, before, after))
                i = j
                break
        else:
            i += 1


def goes_on_masked(after: str) -> bool:
    """Whether what follows a number are its masked digits."""
    return _MASKED.match(after) is not None


def _is_masked(number: Number, text: str, before: str, after: str) -> bool:
    """Whether it is what a mask leaves of a longer number: 卡号110105********002x is no account 110105."""
    head = number.end == len(text) and goes_on_masked(after)
    return head or (number.start == 0 and goes_on_masked(before[::-1]))


def _joint(found: re.Match[str] | None) -> _Joint:
    if found is None or _SAYS_WHAT.fullmatch(found.group()):
        return _FREE
    plain = found.group().isalpha() and not _OF_CODES.fullmatch(found.group())
    return _Joint.LETTERS if plain else _Joint.CODE


def _stands(touches: tuple[_Joint, _Joint], found: Iterable[Number], text: str) -> bool:
    """Whether numbers that are joined to letters are numbers all the same. Letters on one side are (a13812345678) where
    hardly any code has that shape; on both, or with more digits, they make a code."""
    if touches == _APART:
        return True
    if _Joint.CODE in touches or _FREE not in touches:
        return False
    return all(n.valid and _is_unlike_codes(n.type, arabic(text[n.start : n.end])) for n in found)


def _is_unlike_codes(kind: str, digits: str) -> bool:
    if kind == "bank_card":
        return digits.startswith("62") and len(digits) in UNIONPAY_SIZES
    return kind == "id_card" or (kind == "mobile" and len(digits) == MOBILE_SIZE)


def _reach(parts: list[str], first: int) -> int:
    """One past the last group that one number can have in common with group `first`."""
    size, end = len(parts[first]), first + 1
    while end < len(parts) and end - first < _MAX_GROUPS and size + len(parts[end]) <= _LONGEST:
        size += len(parts[end])
        end += 1
    return end


def _hotline(parts: list[str], first: int) -> int:
    """One past the groups that make a number of a company, 400 or 800 and seven digits; `first` if they do not."""
    digits = ""
    for j in range(first, min(first + _HOTLINE_GROUPS, len(parts))):
        digits += parts[j]
        if len(digits) == _HOTLINE_SIZE and digits[:3] in ("400", "800"):
            return j + 1
    return first


def _may_join(groups: list[tuple[int, int]]) -> bool:
    """Numbers are read in groups of three and more (the last may be the rest); 3，12，2500 are not one number."""
    sizes = [b - a for a, b in groups]
    return len(sizes) == 1 or (
        min(sizes[:-1]) >= 3 and (sizes[-1] >= 2 or set(sizes[:-1]) == {4}) and max(sizes) <= 8 and sizes[:2] != [8, 8]
    )


def _evenly_apart(text: str, groups: list[tuple[int, int]]) -> bool:
    """Digits one by one or in pairs, or with nothing between them: 1 3 8 …, 13 81 23 …, 1三8…"""
    gaps = {text[a:b] for (_, a), (b, _) in pairwise(groups)}
    sizes = [b - a for a, b in groups]
    if sizes == _IN_PAIRS:
        return True
    if len(groups) <= _FEW and sum(size < _BETWEEN_DOTS for size in sizes) <= 1:  # a recogniser cut it anywhere
        card = sum(sizes) >= _CARD_SIZE and not all(size in _TELEPHONES for size in sizes)
        return card or (min(sizes) < _BETWEEN_DOTS and max(sizes) < _WHOLE - 1)
    if len(gaps) == 1 and sum(sizes) >= _CARD_SIZE and min(sizes[:-1]) == max(sizes[:-1]):
        return True
    return gaps in ({""}, {" "}) or (min(sizes[:-1]) == max(sizes[:-1]) <= _PAIR and "." not in gaps)


def _read(text: str, start: int, end: int, before: str, after: str) -> list[Number]:
    """The number at `start`..`end`, or the same kind of number said twice in one breath. A spoken one may touch a
    character that only looks like a digit: 张三|一三八…."""
    edges = [(0, 0)]
    if text[end - 1] == "x":
        edges.append((0, 1))  # the first letter of what follows: 13812345678xiexie
    elif text[start] in SPOKEN:
        led = _is_han(text[start - 1 : start] if start else before[-1:])
        followed = _is_han(text[end : end + 1] or after[:1])
        edges += [edge for edge in ((1, 0), (0, 1), (1, 1)) if edge[0] <= led and edge[1] <= followed]
    for first, last in edges:
        digits = arabic(text[start + first : end - last])
        at = start + first
        found = classify(digits, (before if at < NEAR else "") + text[max(0, at - NEAR) : at])
        if found is not None and (first == last == 0 or found[0] in ("mobile", "id_card")):
            return [Number(found[0], start + first, end - last, found[1])]
    if end == len(text) and (kind := type_said_behind(arabic(text[start:end]), after)):
        return [Number(kind, start, end, False)]
    return _said_twice(text, start, end)


def _said_twice(text: str, start: int, end: int) -> list[Number]:
    for size in _OFTEN_SAID_TWICE:
        if end - start in (2 * size, 3 * size) and len(arabic(text[start:end])) == end - start:
            parts = [(at, classify(arabic(text[at : at + size]), "")) for at in range(start, end, size)]
            if all(found is not None and found[1] for _, found in parts):
                return [Number(found[0], at, at + size, True) for at, found in parts if found is not None]
    return []


def _is_han(char: str) -> bool:
    return "一" <= char <= "鿿"
