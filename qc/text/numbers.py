"""Digit strings, typed or spoken: which are telephone numbers, identity cards, bank cards, account numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from enum import Enum
from itertools import pairwise
from typing import NamedTuple

from qc.text.digits import SEPARATORS, SPOKEN, arabic, groups_of

_MASKED = re.compile(rf"(?:[{SEPARATORS}]{{0,2}}\*){{2}}")
_MAX_DIGITS = 40
_OFTEN_SAID_TWICE = (11, 18)
"""Lengths of mobile numbers and identity cards."""
_MAX_GROUPS = 19
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10x98765432"
PROVINCES = frozenset(
    str(code)
    for codes in ((11, 16), (21, 24), (31, 38), (41, 47), (50, 55), (61, 66), (71, 72), (81, 83))
    for code in range(*codes)
)
NOT_PERSONAL = (
    "订单",
    "单号",
    "运单",
    "快递",
    "物流",
    "工单",
    "流水",
    "序列",
    "条码",
    "批次",
    "编码",
    "商品",
    "型号",
    "工号",
    "受理",
)
_CARD = ("银行卡", "卡号", "信用卡", "储蓄卡", "借记卡", "贷记卡", "打款", "转到", "汇到")
_ACCOUNT = (
    "户号",
    "呼号",
    "互号",
    "护号",
    "账号",
    "帐号",
    "账户",
    "帐户",
    "保单",
    "客户编号",
    "客户号",
    "合同号",
    "社保号",
    "会员号",
    "卡号",
    "保险单",
    "用户编号",
)
_IDENTITY = ("身份证", "证件")
_PERSONS = ("手机", "电话", "联系", "身份证", "卡号", "户号")
_SAID_BEHIND = re.compile(
    "[， ]?(?:(?P<phone>这个?(?:固话|座机|电话|手机|号(?!单)))|(?P<account>这个?户)"
    "|(?P<bank_card>这张[银信借储卡]|这个卡))"
)
CALLED = re.compile("(?:打|拨|拨打|打给|发短信到|联系)$")
_MIN_ACCOUNT = 6
_NEAR = 12
"""Characters before a number that may say what it is."""


class Number(NamedTuple):
    """A recognised number. `start`/`end` are characters of the text looked at."""

    type: str
    start: int
    end: int
    valid: bool


def numbers(text: str, before: str, after: str) -> Iterator[Number]:
    """The numbers in `text`, a match of NUMBER; `before` and `after` are what stands around it in the same turn.

    The longest joining of neighbouring groups that makes a number wins: 138 1234 5678 is one, and two telephone
    numbers with a space between them are two.
    """
    groups = groups_of(text)
    led, followed = _joint(_LATIN_BEFORE.search(before)), _joint(_LATIN_AFTER.match(after))
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
                kind = _telling("".join(parts[i:j]))
                found = [Number(kind, start, end, True)] if kind and _evenly_apart(text, groups[i:j]) else []
            touches = (led if i == 0 else _Joint.FREE, followed if j == len(groups) else _Joint.FREE)
            if found and _stands(touches, found, text):
                yield from (n for n in found if n.type != "account" or not _is_masked(n, text, before, after))
                i = j
                break
        else:
            i += 1


class _Joint(Enum):
    """What digits are joined to on one side: nothing or a word that says what they are (tel138…), letters alone
    (a138…), or a longer code (2b138…, 138…ms)."""

    FREE = 0
    LETTERS = 1
    CODE = 2


_LATIN_BEFORE, _LATIN_AFTER = re.compile("[a-z0-9]*[a-z]$"), re.compile("[a-z][a-z0-9]*")
_SAYS_WHAT = re.compile("tel|phone|mobile|mob|cell|call|fax|dianhua|shouji|sjh?|dh|wx|vx|weixin|qq|id|sfz")
_OF_CODES = re.compile(
    "rmb|cny|usd?|hkd|eur|k?wh?|kva?|[mun]s|hz|[kmgt]?b|kg|ml|sf|jd[a-z]{0,2}|yt|zto?|sto?|jt|yd|dpk?|ems|lp"
)
"""Currencies, measures, and what the parcels of China's carriers begin with."""


def _joint(found: re.Match[str] | None) -> _Joint:
    if found is None or _SAYS_WHAT.fullmatch(found.group()):
        return _Joint.FREE
    plain = found.group().isalpha() and not _OF_CODES.fullmatch(found.group())
    return _Joint.LETTERS if plain else _Joint.CODE


def _stands(touches: tuple[_Joint, _Joint], found: Iterable[Number], text: str) -> bool:
    """Whether numbers that are joined to letters are numbers all the same. Letters on one side are (a13812345678) where
    hardly any code has that shape; on both, or with more digits, they make a code."""
    if touches == (_Joint.FREE, _Joint.FREE):
        return True
    if _Joint.CODE in touches or _Joint.FREE not in touches:
        return False
    return all(n.valid and _is_unlike_codes(n.type, arabic(text[n.start : n.end])) for n in found)


def _is_unlike_codes(kind: str, digits: str) -> bool:
    if kind == "bank_card":
        return digits.startswith("62") and len(digits) in _UNIONPAY_SIZES
    return kind == "id_card" or (kind == "mobile" and len(digits) == _MOBILE_SIZE)


_MOBILE_SIZE = 11
_UNIONPAY_SIZES = (16, 19)


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
    for j in range(first, min(first + 3, len(parts))):
        digits += parts[j]
        if len(digits) == _HOTLINE_SIZE and digits[:3] in ("400", "800"):
            return j + 1
    return first


_HOTLINE_SIZE = 10


def _telling(digits: str) -> str | None:
    """The type of digits that hardly any others have the shape of: a mobile number, or what holds its check digit."""
    if is_mobile(digits):
        return "mobile"
    if len(digits) == _IDENTITY_SIZE and "x" not in digits[:17] and is_dated(digits[:6], digits[6:14]):
        return "id_card" if id_check_digit(digits) == digits[17] else None
    return "bank_card" if digits.isdecimal() and _is_card(digits) else None


_LONGEST = 24
_IDENTITY_SIZE = 18
_DECIMAL = re.compile(r"\.(?! )")
_BETWEEN_DOTS = 3
_COUNTED = re.compile("[元块毛角万亿年月日天个台度点兆折寸斤米位分秒倍%]")
UNITS = "元块毛角万亿年月日天号个台度点楼栋室兆折寸期斤米次位分秒倍%：./"
UNIT = re.compile(f"[a-z{UNITS}]")
"""Behind it the last group of digits is no part of the number: 电话…，50元."""


def _read(text: str, start: int, end: int, before: str, after: str) -> list[Number]:
    """The number at `start`..`end`, or the same kind of number said twice in one breath. A spoken one may touch a
    character that only looks like a digit: 张三|一三八…."""
    edges = [(0, 0)]
    if text[end - 1] == "x":
        edges.append((0, 1))  # the first letter of what follows: 13812345678xiexie
    elif text[start] in SPOKEN:
        led, followed = (
            _is_han(text[start - 1 : start] if start else before[-1:]),
            _is_han(text[end : end + 1] or after[:1]),
        )
        edges += [edge for edge in ((1, 0), (0, 1), (1, 1)) if edge[0] <= led and edge[1] <= followed]
    for first, last in edges:
        digits = arabic(text[start + first : end - last])
        at = start + first
        found = classify(digits, (before if at < _NEAR else "") + text[max(0, at - _NEAR) : at])
        if found is not None and (first == last == 0 or found[0] in ("mobile", "id_card")):
            return [Number(found[0], start + first, end - last, found[1])]
    if end == len(text) and (behind := _behind(arabic(text[start:end]), after)):
        return [Number(behind, start, end, False)]
    for size in _OFTEN_SAID_TWICE:
        if end - start in (2 * size, 3 * size) and len(arabic(text[start:end])) == end - start:
            parts = [(at, classify(arabic(text[at : at + size]), "")) for at in range(start, end, size)]
            if all(found is not None and found[1] for _, found in parts):
                return [Number(found[0], at, at + size, True) for at, found in parts if found is not None]
    return []


def _behind(digits: str, after: str) -> str | None:
    """What the words behind digits call them: 82330673 这个固话, 3012345678 这个户."""
    said = _SAID_BEHIND.match(after)
    if said is None or "x" in digits:
        return None
    if said["phone"]:
        return ("mobile" if digits[0] == "1" else "landline") if len(digits) in _LOCAL else None
    if said["account"]:
        return "account" if len(digits) >= _MIN_ACCOUNT else None
    return "bank_card" if len(digits) >= _CARD_SIZE else None


def classify(digits: str, before: str) -> tuple[str, bool] | None:
    """(type, valid) of a digit string given the text before it; None when it is none of ours.

    An identity card whose birthday and province fit is one even if the check digit is wrong (misheard, misread);
    a bank card needs its check digit unless the words before say that it is one.
    """
    if not 6 <= len(digits) <= _MAX_DIGITS:
        return None
    near = before[-_NEAR:].replace("保单号", "保险单")
    other = _last(near, NOT_PERSONAL) > _last(near, _PERSONS) and not CALLED.search(near)
    if len(digits) == 18 and "x" not in digits[:17] and is_dated(digits[:6], digits[6:14]):
        valid = id_check_digit(digits) == digits[17]
        if valid or (not other and (_is_prefecture(digits[2:4]) or any(w in near for w in _IDENTITY))):
            return "id_card", valid
    if "x" in digits:
        return None
    if len(digits) == 15 and any(w in near for w in _IDENTITY) and is_dated(digits[:6], "19" + digits[6:12]):
        return "id_card", True
    if not other:
        if is_mobile(digits):
            return "mobile", True
        if is_landline(digits):
            return "landline", True
    card = any(w in near for w in _CARD)
    if 15 <= len(digits) <= 19 and (card or not other):
        genuine = _is_card(digits)
        if genuine or (card and len(digits) >= 16):
            return "bank_card", genuine
    if len(digits) >= _MIN_ACCOUNT and any(w in near for w in _ACCOUNT) and not other:
        return "account", True
    return None


def _last(text: str, words: Iterable[str]) -> int:
    """Where the last of the words begins; −1: none is there."""
    return max(text.rfind(word) for word in words)


def is_mobile(digits: str) -> bool:
    """A mainland mobile number, with or without 86."""
    core = digits.removeprefix("00").removeprefix("86") if len(digits) in (13, 15) else digits
    return len(core) == 11 and core[0] == "1" and core[1] in "3456789"


def is_landline(digits: str) -> bool:
    """An area code (010, 02x, 03xx–09xx) and a number of seven or eight digits that can exist."""
    if not digits.startswith("0") or len(digits) < 10:
        return False
    area = 3 if digits[1] in "12" else 4
    rest = digits[area:]
    return digits[1] != "0" and len(rest) in ((8,) if area == 3 else (7, 8)) and rest[0] in "2345678"


def _is_card(digits: str) -> bool:
    """Whether length, first digits (of UnionPay, Visa, Mastercard, JCB and American Express) and check digit are those
    of a bank card."""
    issued = digits.startswith("62") or (len(digits) == 16 and digits[0] in "345")
    return issued and 15 <= len(digits) <= 19 and luhn(digits)


def luhn(digits: str) -> bool:
    """The check digit of bank cards (ISO/IEC 7812)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def id_check_digit(digits: str) -> str:
    """The last character an identity card number must have (GB 11643): 0–9 or x."""
    return _CHECK[sum(w * int(d) for w, d in zip(_WEIGHTS, digits[:17], strict=True)) % 11]


def is_dated(region: str, birthday: str) -> bool:
    """Whether the first digits of an identity card are a province and a day on which a living person can be born."""
    if region[:2] not in PROVINCES or "x" in birthday:
        return False
    try:
        return 1900 <= date(int(birthday[:4]), int(birthday[4:6]), int(birthday[6:])).year <= 2100
    except ValueError:
        return False


def _is_prefecture(code: str) -> bool:
    """Whether third and fourth digit of an identity card can name a prefecture (GB/T 2260)."""
    return code in ("00", "40", "42", "43", "90") or "01" <= code <= "34" or "51" <= code <= "53"


def goes_on_masked(after: str) -> bool:
    """Whether what follows a number are its masked digits."""
    return _MASKED.match(after) is not None


def _is_masked(number: Number, text: str, before: str, after: str) -> bool:
    """Whether it is what a mask leaves of a longer number: 卡号110105********002x is no account 110105."""
    head = number.end == len(text) and goes_on_masked(after)
    return head or (number.start == 0 and goes_on_masked(before[::-1]))


def _is_han(char: str) -> bool:
    return "一" <= char <= "鿿"


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


_CARD_SIZE = 15
_LOCAL = (7, 8, 11)
"""Digits of a telephone number in its place."""
_TELEPHONES = (7, 8, 11)
_IN_PAIRS = [3, 2, 2, 2, 2]
_PAIR, _FEW, _WHOLE = 2, 3, 11
