"""What a digit string is: by itself, and by what is said before and behind it."""

from __future__ import annotations

import re

from qc.text.identifiers import (
    CARD_SIZES,
    id_check_digit,
    is_card,
    is_dated,
    is_identity,
    is_landline,
    is_mobile,
    is_prefecture,
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
_PERSONS = ("手机", "电话", "联系", "身份证", "卡号", "户号")
_CARD = re.compile("银行卡|卡号|信用卡|储蓄卡|借记卡|贷记卡|打款|转到|汇到")
_ACCOUNT = re.compile("[户呼互护]号|账号|帐号|账户|帐户|保单|客户编号|客户号|合同号|社保号|会员号|卡号|保险单|用户编号")
_IDENTITY = re.compile("身份证|证件")
CALLED = re.compile("(?:打|拨|拨打|打给|发短信到|联系)$")
_SAID_BEHIND = re.compile(
    "[， ]?(?:(?P<phone>这个?(?:固话|座机|电话|手机|号(?!单)))|(?P<account>这个?户)"
    "|(?P<bank_card>这张[银信借储卡]|这个卡))"
)
NEAR = 12
"""Characters before a number that may say what it is."""
_LEAST_ACCOUNT, _MOST_DIGITS = 6, 40
_OLD_IDENTITY_SIZE = 15
_LEAST_CARD = 15
_LOCAL_SIZES = (7, 8, 11)
"""Digits of a telephone number in its place."""


def classify(digits: str, before: str) -> tuple[str, bool] | None:
    """(type, valid) of a digit string given the text before it; None when it is none of ours.

    An identity card whose birthday and province fit is one even if the check digit is wrong (misheard, misread);
    a bank card needs its check digit unless the words before say that it is one.
    """
    size = len(digits)
    if not _LEAST_ACCOUNT <= size <= _MOST_DIGITS:
        return None
    near = before[-NEAR:].replace("保单号", "保险单")
    other = _is_of_a_thing(near)
    if is_identity(digits):
        valid = id_check_digit(digits) == digits[17]
        if valid or (not other and (is_prefecture(digits[2:4]) or _IDENTITY.search(near))):
            return "id_card", valid
    if "x" in digits:
        return None
    if size == _OLD_IDENTITY_SIZE and _IDENTITY.search(near) and is_dated(digits[:6], "19" + digits[6:12]):
        return "id_card", True
    if not other:
        if is_mobile(digits):
            return "mobile", True
        if is_landline(digits):
            return "landline", True
    if size in CARD_SIZES:
        card = _CARD.search(near) is not None
        if card or not other:
            genuine = is_card(digits)
            if genuine or (card and size > _LEAST_CARD):
                return "bank_card", genuine
    if not other and _ACCOUNT.search(near):
        return "account", True
    return None


def _is_of_a_thing(near: str) -> bool:
    """Whether the words before digits say last of something else than a person that it has a number: an order."""
    thing = _last(near, NOT_PERSONAL)
    return thing >= 0 and thing > _last(near, _PERSONS) and not CALLED.search(near)


def _last(text: str, words: tuple[str, ...]) -> int:
    """Where the last of the words begins; −1: none is there."""
    return max(map(text.rfind, words))


def type_said_behind(digits: str, after: str) -> str | None:
    """What the words behind digits call them: 82330673 这个固话, 3012345678 这个户."""
    said = _SAID_BEHIND.match(after)
    if said is None or "x" in digits:
        return None
    if said["phone"]:
        return ("mobile" if digits[0] == "1" else "landline") if len(digits) in _LOCAL_SIZES else None
    if said["account"]:
        return "account" if len(digits) >= _LEAST_ACCOUNT else None
    return "bank_card" if len(digits) >= _LEAST_CARD else None
