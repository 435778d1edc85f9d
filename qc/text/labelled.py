"""Digits directly behind the word that says what they are: 电话是138、0013、800; 密码是62889.

A recogniser drops and regroups digits, so such a number need not have the right shape: it is personal all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qc.text.numbers import DIGIT, NOT_PERSONAL, SEPARATORS, TO_ARABIC, Number, goes_on_masked

_LINK = "[ ：，、]{0,2}(?:(?:应该|好像|就)?是|为)?[ ：，、]{0,2}"
_LABELS = {
    "phone": rf"(?:电话|手机|座机|固话|联系方式)(?:号码?)?{_LINK}",
    "number": "号码(?:就?是|为)[ ：，、]{0,2}",
    "id_card": rf"(?:身份证|证件)(?:号码?)?{_LINK}",
    "bank_card": rf"(?:银行卡|卡号)(?:号码?)?{_LINK}",
    "account": rf"(?:户号|护号|(?:^|[^仓车])库号)码?{_LINK}",
    "secret": rf"(?:密码|验[证正][码马玛]|校验码|动态码)(?:的话|呢|啊|我(?:告诉|跟)你(?:说|讲)?)?{_LINK}",
}
LABELLED = "|".join(
    rf"{label}(?P<{kind}>[{DIGIT}](?:[{SEPARATORS}]{{0,2}}[{DIGIT}]){{{3 if kind == 'secret' else 5},}}x?)"
    for kind, label in _LABELS.items()
)
"""RE2: a label and its digits, those in a group named by the label; 护号 and 库号 are 户号 misheard, 验证马 验证码."""

_GROUP = re.compile(f"[{DIGIT}]+x?")
_UNIT = re.compile(r"[a-z元块毛角万亿年月日天号个台度点楼栋室兆折寸期斤米次位分秒倍%：./]")
"""Behind it the last group is no part of the number: 电话…，50元."""
_MIN, _MIN_SECRET, _MAX_SECRET = 6, 4, 8
_MIN_LOCAL = 7
"""Digits of a telephone number without its area code."""
_NEAR = 12
_HOTLINE = re.compile(r"(?:[48]00\d{7}|9\d{4,7}|100\d\d|12[0-9]{3}|1[12]\d)+")
"""Numbers of companies and authorities, which tell nothing of a person."""
_CODES = (*NOT_PERSONAL, "发票", "车牌", "证书")


def labelled(kind: str, text: str, before: str, after: str) -> Iterator[Number]:
    """The numbers in `text`, what group `kind` of LABELLED matched; `before` and `after` stand around it in the turn.

    None is certain (`valid` is False). What goes on with a mask has been masked before and is left alone.
    """
    groups = [found.span() for found in _GROUP.finditer(text)]
    if goes_on_masked(after):
        return
    if _UNIT.match(after):
        groups.pop()
    if not groups or _HOTLINE.fullmatch(_digits(text, groups)):
        return
    if kind == "secret":
        groups = _secret(groups)
    elif kind == "number" and any(word in before[-_NEAR:] for word in _CODES):
        return
    is_phone = kind in ("phone", "number")
    several = is_phone and all(end - start >= _MIN_LOCAL for start, end in groups)
    for parts in [[g] for g in groups] if several else [groups]:
        digits = _digits(text, parts)
        if len(digits) >= (_MIN_SECRET if kind == "secret" else _MIN) and not _HOTLINE.fullmatch(digits):
            phone = "mobile" if digits[0] == "1" else "landline"
            yield Number(phone if is_phone else kind, parts[0][0], parts[-1][1], False)


def _digits(text: str, groups: list[tuple[int, int]]) -> str:
    return "".join(text[start:end] for start, end in groups).translate(TO_ARABIC)


def _secret(groups: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The first group and those that still fit into a secret."""
    size = groups[0][1] - groups[0][0]
    for i, (start, end) in enumerate(groups[1:], 1):
        size += end - start
        if size > _MAX_SECRET:
            return groups[:i]
    return groups
