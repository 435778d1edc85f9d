"""Postal addresses with a house number: what locates a person. A bare city or district is not personal.

RE2 finds the certain part, a road, village or estate right before a number with its unit; where the address begins is
then decided by looking back from there.
"""

from __future__ import annotations

import re

_NUMBER = "0-9a-z一二三四五六七八九十百零〇两"
_DETAIL = rf"(?:[{_NUMBER}\-]{{1,8}}(?:号楼|号院|号|栋|幢|座|单元|室|弄|层|楼|户|组|队|门))"
_ROOM = r"(?:[ \-]?[0-9]{2,5}(?:室|号)?)?"
_ROAD = "路|街|大道|巷|胡同|街道|村|镇|乡|屯|庄|期"
_ESTATE = "小区|花园|家园|公寓|大厦|新村|社区|广场|苑|府|城|湾|郡|里"
_REGIONS = rf"(?:省|市|自治区|州)\p{{Han}}{{1,7}}(?:区|县|市|旗)\p{{Han}}{{1,10}}(?:{_ROAD}|{_ESTATE})"
_MORE = rf"(?:[ ，]?(?:\p{{Han}}{{1,8}}(?:{_ESTATE})[ ，]?)?{_DETAIL})*"
ADDRESS = rf"(?:{_REGIONS}|{_ROAD}|{_ESTATE})[ ，]?{_DETAIL}{_MORE}{_ROOM}|{_REGIONS}"
"""RE2: the part of an address from its road or estate on, or three levels from the province or city down."""

REACH = 36
"""How many characters before the match can belong to the address."""

_RUN = re.compile(r"[一-鿿0-9]*$")
_LEAD = re.compile(
    r".*(?:地址|住址|住在|家住|家在|住的|位于|送到|送至|寄到|寄至|寄往|发到|发往|邮到|改成|改为|改到|搬到|来到|收货|就是|应该是|我们|咱们|您在|你在|我在|在|是|我家|我|您|你|住)[是在为]?"
)
_REGION = re.compile(r".*(?:省|自治区|市)")
_NOT_NAMES = re.compile(
    r"(?:[电线网铁公马道半一上走出思退回套水门两这那条全来旱]路|[这那一本全农进下个]村|[上逛这那条]街|[这那哪心夜公城里个]里"
    r"|[政吃王住]府|[上进县长个]城|[这那个]镇|[这那个下]乡)$"
)
_DAY = re.compile(r"^.[0-9一二三四五六七八九十]{1,3}号$")


def beginning(before: str, found: str) -> int | None:
    """How many characters before `found`, a match of ADDRESS, belong to the address; None when it is none.

    `before` is what stands before it in the turn. 这条路3号 and 进村12号 are no addresses.
    """
    run = _RUN.search(before[-REACH:])
    text = run.group() if run else ""
    lead = _LEAD.match(text)
    name = text[lead.end() :] if lead else text
    if not name or _NOT_NAMES.search(name + found[0]) or (len(name) < 2 and _DAY.search(found)):
        return None
    return len(name)


def readable(text: str) -> int:
    """How many characters at the start name only province and city, and stay when the address is masked."""
    region = _REGION.match(text)
    return region.end() if region else 0
