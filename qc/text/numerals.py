"""One number, several ways to write it: 24 and 二十四, 2 and 两, 12398 and 一二三九八 or 幺二三九八."""

from __future__ import annotations

import re

_DIGITS = "零一二三四五六七八九"
_VALUES = {**{char: value for value, char in enumerate(_DIGITS)}, "〇": 0, "幺": 1, "两": 2}
_SMALL = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10_000, "亿": 100_000_000}
NUMERALS = "".join((*_VALUES, *_SMALL, *_LARGE))
"""Characters Chinese numbers are made of."""
_RUN = re.compile(rf"[0-9]+|[{NUMERALS}]+")
_MAX_DIGITS = 18
_READ_AS_NUMBER = 8
"""A longer row of digits is read digit by digit only."""


def spellings(word: str) -> tuple[str, ...]:
    """The other ways to write a word that holds numbers; each way is used for all its numbers. Empty for other words.

    >>> spellings("24小时")
    ('二十四小时',)
    >>> spellings("两小时")
    ('2小时', '二小时')
    >>> spellings("12398")
    ('一万二千三百九十八', '一二三九八', '幺二三九八')
    >>> spellings("万一")
    ()
    """
    if re.search(r"[0-9]\.[0-9]", word):
        return ()
    runs = list(_RUN.finditer(word))
    ways = [_ways(run[0]) for run in runs]
    if not any(len(way) > 1 for way in ways):
        return ()
    found: dict[str, None] = {}
    for style in range(max(map(len, ways))):
        parts, at = [], 0
        for run, way in zip(runs, ways, strict=True):
            parts += [word[at : run.start()], way[min(style, len(way) - 1)]]
            at = run.end()
        found["".join((*parts, word[at:]))] = None
    found.pop(word, None)
    return tuple(found)


def _ways(run: str) -> tuple[str, ...]:
    """How a number may be written, itself among them; only itself when it is none (万一, 千万)."""
    digits = arabic(run)
    if digits is None or len(digits) > _MAX_DIGITS:
        return (run,)
    ways = [digits]
    if (digits == "0" or digits[0] != "0") and len(digits) <= _READ_AS_NUMBER:
        value = int(digits)
        ways.append(_in_chinese(value))
        if value == 2 or 200 <= value < 300 or 2000 <= value < 3000 or 20_000 <= value < 30_000:
            ways.append("两" + ways[-1][1:])
    one_by_one = "".join(_DIGITS[int(digit)] for digit in digits)
    if len(digits) != 2:
        ways += [one_by_one, one_by_one.replace("一", "幺") if len(digits) > 2 else one_by_one]
    return tuple(dict.fromkeys(ways))


def arabic(run: str) -> str | None:
    """A run of numerals in Arabic digits; None for what is none, or none exactly (两三天).

    >>> arabic("二十四"), arabic("幺二三九八"), arabic("一万二"), arabic("万一")
    ('24', '12398', '12000', None)
    """
    if run[0] in "0123456789":
        return run
    if all(char in _VALUES for char in run):
        return None if len(run) == 2 else "".join(str(_VALUES[char]) for char in run)
    value = _value(run)
    return None if value is None else str(value)


def _value(run: str) -> int | None:
    """二十四 → 24, 一万二千 → 12000, 一万二 → 12000; None for what is no such number (万一, 十八九)."""
    if run[-1] in _VALUES and run[-2] == "亿":
        return None
    if run[-1] in _VALUES and run[-2] in "百千万":  # 一万二: the last unit is not said
        run += {"百": "十", "千": "百", "万": "千"}[run[-2]]
    total = section = 0
    digit: int | None = None
    unit = 10**12
    for char in run:
        if char in _VALUES:
            if digit:  # two digits in a row
                return None
            digit = _VALUES[char]
        elif char in _SMALL:
            if _SMALL[char] >= unit or digit == 0 or (digit is None and char != "十"):
                return None
            unit = _SMALL[char]
            section += (1 if digit is None else digit) * unit
            digit = None
        else:
            section += digit or 0
            if not section or total:
                return None
            total, section, digit, unit = section * _LARGE[char], 0, None, 10**12
    return total + section + (digit or 0)


def _in_chinese(value: int) -> str:
    """24 → 二十四, 105 → 一百零五, 12000 → 一万二千; below 10^8."""
    if value == 0:
        return "零"
    high, low = divmod(value, 10_000)
    if high:
        gap = "零" if 0 < low < 1000 else ""
        return _section(high) + "万" + gap + (_section(low, inner=True) if low else "")
    return _section(low)


def _section(value: int, *, inner: bool = False) -> str:
    text, zero = "", False
    for size, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // size % 10
        if digit:
            text += ("零" if zero and text else "") + _DIGITS[digit] + name
        zero = digit == 0
    return text[1:] if text.startswith("一十") and not inner else text
