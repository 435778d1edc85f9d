"""What only the word before it makes personal: 电话是138、0013、800; 密码是62889; 微信号abc_123; 护照E12345678.

A recogniser drops and regroups digits, so such a number need not have the right shape: it is personal all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qc.text.digits import DIGIT, GAP, ONE, SPOKEN, arabic, groups_of
from qc.text.number_types import NOT_PERSONAL
from qc.text.numbers import UNIT, Number, goes_on_masked

_IS = "[ ：，、(]{0,2}(?:(?:应该|好像|就)?是|为|报一下|改为|改成)?[ ：，、(]{0,2}"
_FILLER = "(?:[嗯啊呃哦，]{1,3})?"
_HOUSEHOLD = "[户护互呼沪忽胡湖虎]号|(?:^|[^仓车])库号|(?:^|[\n下的把您你])户后"
"""户号, and what recognisers hear instead."""
_CARD_CODE = "cv[vc]2?|安全码|(?:卡|[背反后]面)的?(?:最后|末尾|后)?的?[三3]位(?:数字?)?"
"""What a card has on its back: three digits with which anybody can pay."""
LABELS = {
    "phone": "(?:电话|手机|座机|固话|传真|联系方式|固定电话)(?:号码?)?",
    "id_card": "(?:身份证|证件|公民身份)(?:号码?)?",
    "bank_card": "(?:银行卡|卡号|储蓄卡|信用卡|收款账[号户]|退款账[号户])(?:号码?)?",
    "account": f"(?:{_HOUSEHOLD}|客户编?号|用户编?号|用电编号|账号|帐号)码?",
    "secret": f"(?:密码|验[证正][码马玛]|校验码|动态码|{_CARD_CODE})"
    "(?:的话|呢|啊|我(?:告诉|跟)你(?:说|讲)?|我?(?:自己)?[设改用][置成为]?[的了]?)?",
    "qq": "(?:qq|扣扣|球球)(?:号码?)?",
    "passport": "(?:护照|通行证|台胞证|回乡证)(?:号码?)?",
    "birthday": "(?:生日|出生(?:日期|年月日?)?|生于)",
    "wechat": "(?:微信|薇信|威信|weixin|vx|wx)(?:号码?|id|账号)?",
    "credit_code": "(?:税号|信用代码|识别号|税务登记号)",
}
"""Words that say what a number is, by type."""

_DIGITS = rf"{ONE}(?:{GAP}{{0,4}}{ONE}){{%d,}}x?"
BIRTHDAY = (
    r"(?:(?:19|20)?[0-9]{2}年)?[0-9]{1,2}月[0-9]{1,2}[日号]?|(?:19|20)[0-9]{2}(?:[\-/.][0-9]{1,2}){2}|(?:19|20)[0-9]{6}"
    "|[零〇一二三四五六七八九]{2,4}年[一二三四五六七八九十]{1,2}月[一二三四五六七八九十]{1,3}[日号]?"
)
_SHAPES = {
    "account": f"[a-z]{{0,6}}{_DIGITS % 5}",
    "secret": f"[a-z]{{0,12}}{_DIGITS % 2}",
    "passport": rf"(?:[a-z][a-z]?[ ]?)?[{DIGIT}](?:[ \-]?[{DIGIT}]){{6,9}}",
    "birthday": BIRTHDAY,
    "wechat": r"[a-z][a-z0-9_\-]{5,19}",
    "credit_code": rf"[a-z{DIGIT}](?:{GAP}{{0,3}}[a-z{DIGIT}])+",
}
_LINKS = {
    "wechat": r"(?:[吧呗啊呀，：、 ]|号?是|为){0,4}",
    "birthday": "(?:[ ：，、]{0,2}(?:是|在|为)?[ ：，、]{0,2})",
}
LABELLED = "|".join(
    rf"{label}{_LINKS.get(kind, _IS)}{_FILLER}(?P<{kind}>{_SHAPES.get(kind, _DIGITS % 5)})"
    for kind, label in {**LABELS, "number": "号码(?:就?是|为)"}.items()
)
"""RE2: a label and what it labels, that in a group named by the label. 验证马 is 验证码 misheard."""

_MIN, _MIN_SECRET, _MAX_SECRET = 6, 4, 8
_OF_A_CARD = re.compile(rf"(?:{_CARD_CODE})[^0-9]*$")
_SHORT_NUMBER = 5
_MIN_LOCAL = 7
"""Digits of a telephone number without its area code."""
_LEAST_CODE, _MOST_CODE = 14, 20
"""Characters of a credit code of which some were lost or said twice."""
_NEAR, _FAR = 12, 24
_HOTLINE = re.compile(r"(?:[48]00\d{7}|95\d{3}(?:\d{3})?|96\d{3,4}|100\d\d|12\d{3}|1[12]\d)+")
"""Numbers of companies and authorities, which tell nothing of a person."""
_CODES = (*NOT_PERSONAL, "发票", "车牌", "证书")
_AS_IT_STANDS = ("passport", "birthday", "wechat", "credit_code")


def labelled(kind: str, text: str, before: str, after: str) -> Iterator[Number]:
    """The numbers in `text`, what group `kind` of LABELLED matched; `before` and `after` stand around it in the turn.

    None is certain (`valid` is False). What goes on with a mask has been masked before and is left alone.
    """
    if goes_on_masked(after):
        return
    if kind in _AS_IT_STANDS:
        if kind == "credit_code" and not _LEAST_CODE <= sum(map(str.isalnum, text)) <= _MOST_CODE:
            return
        if kind == "birthday" or not (after[:1].isascii() and after[:1].isalnum()):
            yield Number(kind, 0, len(text), False)
        return
    groups = groups_of(text)
    if UNIT.match(after) or _is_a_word(text, groups):
        groups.pop()
    is_phone = kind in ("phone", "number")
    digits = _digits(text, groups)
    hotline = is_hotline(digits) and (is_phone or len(digits) == _SHORT_NUMBER) and not "a" <= text[0] <= "z"
    if not groups or hotline:
        return
    least = _MIN
    if kind == "secret":
        groups, least = _secret(groups), 3 if _OF_A_CARD.search(before[-_FAR:]) else _MIN_SECRET
    elif kind == "number" and any(word in before[-_NEAR:] for word in _CODES):
        return
    several = is_phone and all(end - start >= _MIN_LOCAL for start, end in groups)
    for parts in [[g] for g in groups] if several else [groups]:
        digits = _digits(text, parts)
        if len(digits) >= least and not (is_phone and is_hotline(digits)):
            yield Number(phone_type(digits) if is_phone else kind, parts[0][0], parts[-1][1], False)


def _is_a_word(text: str, groups: list[tuple[int, int]]) -> bool:
    """Whether the last group is a single Chinese digit behind 0–9: 身份证11010519491231，一代的."""
    return (
        len(groups) > 1 and groups[-1][1] - groups[-1][0] == 1 and text[groups[-1][0]] in SPOKEN and text[0].isascii()
    )


def is_hotline(digits: str) -> bool:
    """Whether it is a number, or several, of companies and authorities: 95598, 12398, 4008208820."""
    return _HOTLINE.fullmatch(digits) is not None


def phone_type(digits: str) -> str:
    """Which kind of telephone number digits behind 电话 are that are none by their shape."""
    return "mobile" if digits[:1] == "1" else "landline"


def _digits(text: str, groups: list[tuple[int, int]]) -> str:
    return "".join(arabic(text[start:end]) for start, end in groups)


def _secret(groups: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The first group and those that still fit into a secret."""
    size = groups[0][1] - groups[0][0]
    for i, (start, end) in enumerate(groups[1:], 1):
        size += end - start
        if size > _MAX_SECRET:
            return groups[:i]
    return groups
