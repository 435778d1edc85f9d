"""What is recognised by its shape alone: e-mail addresses, number plates, credit codes, dates and amounts."""

from __future__ import annotations

from qc.text.numbers import classify

_PROVINCE = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_COUNT = "一二三四五六七八九十百千万两零〇"
_CODE = "0-9a-hj-npqrtuwxy"
_ONES = "一二三四五六七八九十"
SHAPES = "|".join(
    (
        r"(?P<email>[a-z0-9][a-z0-9._%+\-]{0,63}@[a-z0-9\-]{1,63}(?:\.[a-z0-9\-]{1,63}){1,4})",
        rf"(?P<credit_code>[{_CODE}]{{2}}[0-9]{{6}}[{_CODE}]{{10}})",
        r"(?P<id_card>[0-9il|][0-9oil|]{16}[0-9oil|x])|(?P<mobile>[1il|][0-9oil|]{10})",
        rf"(?P<plate>[{_PROVINCE}][a-hj-z][·. ]?[a-hj-np-z0-9]{{5,6}})",
        r"(?P<date>(?:(?:19|20)?[0-9]{2}年)?[0-9]{1,2}月[0-9]{1,2}[日号]|20[0-9]{2}[\-/.][0-9]{1,2}[\-/.][0-9]{1,2}"
        rf"|(?:[{_COUNT}]{{2,4}}年)?[{_ONES}]{{1,2}}月[{_ONES}]{{1,3}}[日号])",
        rf"(?P<amount>[0-9][0-9,，]{{0,15}}(?:\.[0-9]{{1,4}})?[{_COUNT}]?(?:块钱|元|块|角|rmb|人民币)"
        rf"|[¥￥][0-9]{{1,12}}(?:\.[0-9]{{1,2}})?|[{_COUNT}]{{1,12}}(?:块钱|元)|[{_COUNT}]{{2,12}}块)",
    )
)
"""RE2: an alternation of named groups, one per entity type; candidates until `holds` agrees."""

_LATIN = frozenset(b"0123456789abcdefghijklmnopqrstuvwxyz")
_DIGITS = frozenset(b"0123456789")
_PROVINCE_BYTES = 3
_MONTHS, _DAYS = 12, 31


def holds(name: str, buffer: bytes, start: int, end: int) -> bool:
    """Whether the candidate `name` at these bytes of normalised UTF-8 is one."""
    if name == "email":
        return _stands_alone(buffer, start, end)
    if name == "plate":
        digits = sum(b in _DIGITS for b in buffer[start + _PROVINCE_BYTES : end])
        return digits > 1 and _stands_alone(buffer, start + _PROVINCE_BYTES, end)
    if name == "credit_code":
        return _stands_alone(buffer, start, end) and is_credit_code(buffer[start:end].decode())
    if name in ("mobile", "id_card"):
        return _stands_alone(buffer, start, end) and is_disguised(buffer[start:end].decode())
    if name == "date":
        return _exists(buffer[start:end].decode()) and (start == 0 or buffer[start - 1] not in _LATIN)
    return True


_CODE_CHARACTERS = "0123456789abcdefghjklmnpqrtuwxy"
_CODE_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def is_credit_code(code: str) -> bool:
    """Whether the check character of a unified social credit code holds (GB 32100)."""
    values = [_CODE_CHARACTERS.index(c) for c in code]
    total = sum(w * v for w, v in zip(_CODE_WEIGHTS, values[:17], strict=True))
    return any(c.isalpha() for c in code[:17]) and (31 - total % 31) % 31 == values[17]


_LOOKALIKES = str.maketrans("oil|", "0111")
_LEAST_DIGITS = 4


def is_disguised(text: str) -> bool:
    """Whether letters stand for digits in a mobile number or an identity card: 138OO13l234."""
    digits = text.translate(_LOOKALIKES)
    found = classify(digits, "")
    holds = found is not None and found[1] and found[0] in ("mobile", "id_card")
    return holds and digits != text and sum(c.isdigit() for c in text) >= _LEAST_DIGITS


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
