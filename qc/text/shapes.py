"""What is recognised by its shape alone, typed or said: e-mail addresses, number plates, dates and amounts."""

from __future__ import annotations

import re

from qc.text.digits import DIGIT, GAP, TO_ARABIC, arabic
from qc.text.number_types import classify

_PROVINCE = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_COUNT = "一二三四五六七八九十百千万两零〇"
_SIGN = f"[a-z{DIGIT}]"
_AT = "@|艾特|爱特|圈a|小老鼠"
_POINT = r"(?: ?(?:\.|点) ?)"
_HOST = rf"{_SIGN}(?:[ \-]?{_SIGN}|{_POINT})*{_POINT}(?:com|cn|net|org|edu|vip|cc)"
_BOX = rf"{_SIGN}(?: ?{_SIGN}|[._%+\-]|{_POINT}| ?(?:下划线|横杠|减号|杠) ?)*"
_MARK = f"{GAP}{{0,4}}[a-hj-np-z{DIGIT}](?:个[{DIGIT}])?"
_ELECTRIC = f"{GAP}{{0,4}}[a-hjk]"
_PLATE = rf"{_ELECTRIC}(?:{_MARK}){{5}}|(?:{_MARK}){{5}}{_ELECTRIC}|(?:{_MARK}){{1,4}}(?:{_MARK}|[学警挂港澳领])"
_ONES = "一二三四五六七八九十"
SHAPES = "|".join(
    (
        r"(?P<email>[a-z0-9][a-z0-9._%+\-]{0,63} ?@ ?[a-z0-9\-]{1,63}(?:\.[a-z0-9\-]{1,63}){1,4}"
        rf"|{_BOX}(?: ?(?:{_AT}) ?| at |at){_HOST})",
        r"(?P<id_card>[0-9il|][0-9oil|]{16}[0-9oil|x])|(?P<mobile>[1il|][0-9oil|]{10})",
        rf"(?P<plate>[{_PROVINCE}]{GAP}?[a-hj-z](?:{_PLATE}))",
        r"(?P<date>(?:(?:19|20)?[0-9]{2}年)?[0-9]{1,2}月[0-9]{1,2}[日号]|20[0-9]{2}[\-/.][0-9]{1,2}[\-/.][0-9]{1,2}"
        rf"|(?:[{_COUNT}]{{2,4}}年)?[{_ONES}]{{1,2}}月[{_ONES}]{{1,3}}[日号])",
        rf"(?P<amount>[0-9][0-9,，]{{0,15}}(?:\.[0-9]{{1,4}})?[{_COUNT}]?(?:块钱|元|块|角|rmb|人民币)"
        rf"|[¥￥][0-9]{{1,12}}(?:\.[0-9]{{1,2}})?|[{_COUNT}]{{1,12}}(?:块钱|元)|[{_COUNT}]{{2,12}}块)",
    )
)
"""RE2: an alternation of named groups, one per entity type; candidates until `holds` agrees."""

_LATIN = frozenset(b"0123456789abcdefghijklmnopqrstuvwxyz")
_TOLD = re.compile(f"{_AT}|点| at |[{DIGIT}]{{3}}at")
_NEAR = 200
"""Bytes around an address in which it is said that it is one: of three letters, at is also a part of words."""
_PROVINCE_BYTES = 3
_MONTHS, _DAYS = 12, 31


def holds(name: str, buffer: bytes, start: int, end: int) -> bool:
    """Whether the candidate `name` at these bytes of normalised UTF-8 is one."""
    if name == "email":
        around = buffer[max(0, start - _NEAR) : end + _NEAR]
        sure = _TOLD.search(buffer[start:end].decode()) is not None or "邮".encode() in around
        return sure and _stands_alone(buffer, start, end)
    if name == "plate":
        return _stands_alone(buffer, start + _PROVINCE_BYTES, end) and is_plate(buffer[start:end].decode())
    if name in ("mobile", "id_card"):
        return _stands_alone(buffer, start, end) and is_disguised(buffer[start:end].decode())
    if name == "date":
        return _exists(buffer[start:end].decode()) and (start == 0 or buffer[start - 1] not in _LATIN)
    return True


_TYPED_DIGITS, _SAID_DIGITS = 2, 3
_PLATE_SIZES = (5, 6)


def is_plate(text: str) -> bool:
    """Whether a province, a letter and what follows have the length of a plate, and enough of it are digits."""
    tail = [c for c in text[1:] if c.isascii() and c.isalpha()][1:]
    digits = arabic(text.replace("x", ""))
    said = any(ord(c) in TO_ARABIC for c in text)
    size = len(tail) + len(digits) + (text[-1] in "学警挂港澳领")
    return size in _PLATE_SIZES and len(digits) >= (_SAID_DIGITS if said else _TYPED_DIGITS)


_LOOKALIKES = str.maketrans("oil|", "0111")
_LEAST_DIGITS = 4


def is_disguised(text: str) -> bool:
    """Whether letters stand for digits in a mobile number or an identity card: 138OO13l234."""
    digits = text.translate(_LOOKALIKES)
    if digits == text or sum(c.isdigit() for c in text) < _LEAST_DIGITS:
        return False
    found = classify(digits, "")
    return found is not None and found[1] and found[0] in ("mobile", "id_card")


def _stands_alone(buffer: bytes, start: int, end: int) -> bool:
    """Not a piece of a longer code such as vb13812345678 or 13812345678abc."""
    return (start == 0 or buffer[start - 1] not in _LATIN) and (end == len(buffer) or buffer[end] not in _LATIN)


def _exists(date: str) -> bool:
    """Arabic months and days must exist; Chinese ones are taken as they are."""
    for mark in "年月日号/-.":
        date = date.replace(mark, " ")
    parts = date.split()
    if not all(p.isascii() for p in parts):
        return True
    return 1 <= int(parts[-2]) <= _MONTHS and 1 <= int(parts[-1]) <= _DAYS
