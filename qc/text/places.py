"""Postal addresses: what locates a person. A bare city or district is not personal, nor is the number of an agent.

RE2 finds the certain part: a road, village or estate with a number, levels from the province or city down to one, or
an estate or village after words such as 住在. Where the address begins is then decided by looking back from there.
"""

from __future__ import annotations

import re

_SAID = "一二三四五六七八九十百千零〇幺两洞拐"
_DIGIT = f"0-9a-z{_SAID}".replace("两", "")  # 两层 are two floors
_NUMBER = rf"[甲乙丙丁临附]?(?:[{_DIGIT}](?:[{_DIGIT}两\-]{{0,6}}[{_DIGIT}两])?|两[{_SAID}]{{2,6}})"
_BUILDING = rf"{_NUMBER}(?:号楼|号院|栋|幢|座|单元|弄)"
_HOUSE = rf"(?:{_NUMBER}段)?{_NUMBER}(?:号楼|号院|号|栋|幢|座|单元|弄|室|门)"
_FLAT = rf"(?:[0-9]{{3,4}}|[{_SAID}]{{3,8}})"
_UNIT = rf"{_NUMBER}(?:号楼|栋|幢|座) ?(?:{_NUMBER}单元 ?(?:{_FLAT}|[0-9]{{2}})|{_FLAT})[室号]?|{_NUMBER}号 ?{_FLAT}室"
_DASHED = "[0-9]{1,3}-[0-9]{1,2}-[0-9]{3,4}"
_STEP = (
    rf"(?:{_NUMBER}(?:号楼|号院|号|栋|幢|座|单元|弄|室|层|楼|组|队|社|门|段)|[0-9]{{3,5}}户"
    rf"|{_DASHED}|[0-9]{{1,3}}-[0-9]{{3,4}})"
)
_ROOM = rf"(?:[ \-]?(?:[0-9]{{2,5}}|[{_SAID}]{{3,8}})(?:室|号)?)?"
_PAUSE = "(?: ?[嗯呃啊的] ?| )?"
"""What may be said between an estate and its building."""

_ROAD = "路|街道|街|大道|巷|胡同"
_VILLAGE = "村|镇|乡|屯|庄|社区"
_ESTATE = "小区|花园|家园|公寓|大厦|新村|苑"
_WEAK = "广场|府|城|湾|郡|里|期|庭|邸|公馆|山庄|别墅"
_HALL = f"{_WEAK}|国际|中心|大楼|港|园"
"""Ends of estates that end many other words too (商城, 政府, 这里, 分期): a building must follow, or a district stand
before; behind those of _HALL a building or a number."""
_LEVEL = f"{_ROAD}|{_VILLAGE}|{_ESTATE}|{_WEAK}"

_SPEECH = "的了吗吧呢啊嗯哦呃唉哎是在我您你他她它们到往去找请帮把被让给说叫没么这住跟咱也还就"
"""Characters that stand in no place name."""
_HAN = f"[^\\x00-{chr(0x4DFF)}{chr(0x9FA6)}-{chr(0x10FFFF)}{_SPEECH}]"
_GAP = "[ ，]{0,2}"
_REGIONS = rf"(?:省|市|自治区|州)(?:{_GAP}{_HAN}{{1,7}}(?:区|县|市|州|旗)){{1,3}}{_GAP}{_HAN}{{1,10}}(?:{_LEVEL})"
_TELLING = r"(?:地址|住址|住在|家住|家在|送到|送至|寄到|寄至|寄往|邮到|发到|搬到|改到)(?:是|为|在|改成|改为|[： ]){0,3}"
_TOLD = (
    rf"(?:{_HAN}{{1,6}}{_REGIONS}|{_HAN}{{1,10}}(?:区|县|市|镇){_HAN}{{1,10}}(?:{_ROAD}|{_VILLAGE}|{_ESTATE})"
    rf"|{_HAN}{{2,12}}(?:{_ESTATE}|村))"
)
_MORE = (
    rf"(?:[ ，]?{_PAUSE}{_HAN}{{1,8}}(?:{_ESTATE}|{_HALL})[ ，]?{_PAUSE}{_STEP}"
    rf"|{_PAUSE}{_STEP}|，{_BUILDING})*"
)
ADDRESS = (
    rf"(?:{_TELLING}{_TOLD}|{_REGIONS})(?:(?: {{0,2}}{_HAN}{{0,8}}{_STEP}|，{_BUILDING}){_MORE}{_ROOM})?"
    rf"|(?:(?:{_ROAD})[ ，]?{_HOUSE}|(?:{_VILLAGE}) ?{_STEP}|(?:{_ESTATE})(?:{_PAUSE}{_STEP}|，{_BUILDING})"
    rf"|(?:{_HALL})(?:{_PAUSE}(?:{_HOUSE}|{_DASHED})|，{_BUILDING})"
    rf"|(?:[市区县镇]|街道) ?{_HAN}{{2,8}} ?{_BUILDING}){_MORE}{_ROOM}"
)
"""RE2: an address from its road or estate on, from the province or city, or from a word that tells one."""
AT_HOME = f"(?:{_UNIT}){_MORE}{_ROOM}"
"""RE2: a building and a flat, whatever stands before; by itself, as one automaton with ADDRESS would be slow."""

REACH = 36
"""How many characters before the match can belong to the address."""

_TOLD_NAME = re.compile(rf"{_TELLING}(?P<name>{_TOLD})")
_IN_DISTRICT = rf"(?:[市区县镇]|街道)(?= ?{_HAN}{{2,8}} ?{_BUILDING})"
_HEAD = re.compile(rf"{_REGIONS}|{_IN_DISTRICT}|(?P<road>{_ROAD})|(?P<weak>{_HALL})|{_VILLAGE}|{_ESTATE}")
_RUN = re.compile(r"[一-鿿0-9]*$")
_LEAD = re.compile(
    rf".*(?:{_TELLING}|[我你您他她们]家|[{_SPEECH}]|[0-9]{{3,}}|从(?!化)|那(?!曲)|个(?!旧)"
    r"|收货|位于|改成|改为|公司|客服|联系|一下|来自|应该|大概|附近|隔壁|旁边|小姐|先生|女士)"
)
_TELLS = re.compile(f"{_TELLING}$")
_DISTRICT = re.compile(r"[一-鿿]{2}(?:省|市|区|县|旗|镇|街道|路)")
_AT_BUILDING = re.compile(f"[ ，]?{_PAUSE}(?:{_BUILDING}|{_DASHED})")
_NOT_NAMES = re.compile(
    rf"(?:[电线网铁马道走思套半水短断干速]路|[回农全乡]村|[哪心夜公城手家店院群天区]里|[政吃王]府|[商上进县长全同]城"
    rf"|[这那哪个条](?:{_LEVEL})|(?:^|[省市区县镇])(?:老旧?|本|旧|新|大|各|每|高档|同一|整个|其他|隔壁|附近|旁边|单位"
    r"|学校|学生|人才|青年|安置|封闭)(?:小区|公寓|社区|家园|大厦|新村)|^(?:[^东南西北中](?:路|街)|(?:高速)?公路|[上下]一路"
    r"|[一本进下山每各某邻外同]村|隔壁村|回?[老家故下城]乡|[乡城集村]镇))$"
)
"""Words and phrases that end like a road, village or estate."""
_DAY = re.compile(r"^.(?:[0-9]{1,2}|[一二三四五六七八九十]{1,3})号$")
_OF_AN_AGENT = re.compile(r"[ ，]?(?:客服|坐席|座席|话务|很高兴|竭诚|[为位给][您你民们]?服务)")
_OF_A_THING = re.compile(r"[线口码机窗柜桌杆变箱台仓库馆]|出口")
_COUNTED = re.compile("[年月元块度个户万多伏瓦k米人台]")
_UNIT_ONLY = re.compile(_UNIT)
_BEGINS_TURN = re.compile("[嗯呃啊哦对就是说那个，。 ]{0,6}$")
_PLACE_LAST = re.compile(rf"({_HAN}{{2,12}}(?:{_LEVEL}|{_NUMBER}[弄号]))[，。 ]{{0,2}}$")
_LONGEST_ESTATE = 8
_REGION = re.compile(r"(?:[^路街村镇乡区县市]{2,7}(?:省|自治区)[ ，]{0,2})?(?:[^路街村镇乡区县市]{2,6}市)?")


def extent(before: str, found: str, after: str) -> int | None:
    """Where the address begins whose certain part is `found`, a match of ADDRESS: so many characters before it
    (negative: inside it); None when it is none.

    `before` and `after` are what stands around it in the turn. 这条路3号, 进村12号, 人民路1号 before 窗口 and
    江湾社区5011号 before 为您服务 are no addresses.
    """
    if found[-1] == "号" and (_OF_AN_AGENT.match(after) or _OF_A_THING.match(after)):
        return None
    told = _TOLD_NAME.match(found)
    if told:
        return None if _NOT_NAMES.search(told["name"]) else -told.start("name")
    run = _RUN.search(before[-REACH:])
    text = run.group() if run else ""
    lead = _LEAD.match(text)
    if _UNIT_ONLY.match(found):
        if _COUNTED.match(after):
            return None
        return min(len(text) - (lead.end() if lead else 0), _LONGEST_ESTATE)
    name = text[lead.end() :] if lead else text
    head = _HEAD.match(found)
    if not name or head is None or _NOT_NAMES.search(name + head.group()) or (len(name) < 2 and _DAY.search(found)):
        return None
    located = _DISTRICT.search(name)
    if head["weak"] and not located and not _AT_BUILDING.match(found, head.end()):
        return None
    if head["road"] and found[head.end()] == "，" and not located and not (lead and _TELLS.search(lead.group())):
        return None
    return len(name)


def goes_on(before: str, last: str) -> tuple[int, int] | None:
    """Where in `last`, what the same speaker said in the turn before, the place stands whose building begins this turn
    with nothing but `before` in front; None where it does not."""
    place = _PLACE_LAST.search(last) if _BEGINS_TURN.fullmatch(before) else None
    if place is None or place[1].endswith("广场") or _NOT_NAMES.search(place[1]):
        return None
    lead = _LEAD.match(place[1])
    return place.start(1) + (lead.end() if lead else 0), place.end(1)


def readable(text: str) -> int:
    """How many characters at the start name only province and city, and stay when the address is masked."""
    region = _REGION.match(text)
    return region.end() if region else 0
