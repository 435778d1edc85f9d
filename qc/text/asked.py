"""What a bare answer is: the turn before asks for a telephone number, a name, a passport.

A question is the last turn before it that names something one can ask for; what is nobody's data (an order number, a
meter reading) counts too, so that its answer is left alone.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from qc.domain.conversation import Role
from qc.text.digits import DIGIT, GAP
from qc.text.labelled import BIRTHDAY, LABELS
from qc.text.names import DOTTED, LIKELY, SURNAME
from qc.text.number_types import NOT_PERSONAL
from qc.text.shard import ROLE_CODES, Shard

_INNOCENT = (
    *NOT_PERSONAL,
    *("编号", "读数", "示数", "度数", "电量", "金额", "多少钱", "发票", "合同", "桩号", "电表", "屏幕", "航班", "几点"),
    *("报案", "案件", "版本", "错误", "报错", "故障", "表底", "表上", "数字念"),
    *("面积", "数量", "几号", "哪天", "什么时候", "多少度", "余额", "价格", "邮编", "表号", "资产"),
)
_MORE = {
    "phone": "留个号|留一个号|号码|联系方式|电话|手机|座机|固话",
    "account": "账户|客户号|用户号",
    "id_card": "身份证|证件号",
    "birthday": "出生|生日",
}
_KINDS = {kind: f"{label}|{_MORE[kind]}" if kind in _MORE else label for kind, label in LABELS.items()}
_ORDER = ("id_card", "bank_card", "account", "secret", "qq", "passport", "birthday", "wechat", "credit_code", "phone")
_ASKED = re.compile(
    f"(?P<innocent>{'|'.join(_INNOCENT)})|" + "|".join(f"(?P<{kind}>{_KINDS[kind]})" for kind in _ORDER)
)
_CUSTOMER, _UNKNOWN = ROLE_CODES[Role.CUSTOMER], ROLE_CODES[Role.UNKNOWN]
ANSWERING = (_CUSTOMER, _UNKNOWN)
"""Roles that answer the centre."""
_FURTHER = re.compile("[？吗呢]|多少|哪|什么")
_REFUSED = re.compile("不需要|不用|不要|不必|无需|别|不会|不能")
_GIVEN = re.compile(f"[^？?]{{0,6}}[{DIGIT}](?:{GAP}{{0,4}}[{DIGIT}]){{3}}")
"""Behind it, the word has its number already: nobody asks for it."""
_REACH = 8
"""Characters before a word in which it may be said that this is not asked for."""
_LOOKS_BACK = 8
"""Turns between a question and the last piece of its answer."""
_TAIL = 60
"""Characters at the end of a turn in which a question is looked for."""


class Question(NamedTuple):
    """What was asked for: a type (`phone`: any telephone number; `innocent`: nothing personal). Not `sure`: something
    innocent was asked for too. `turn` asked it, in the mouth of `role`."""

    kind: str
    sure: bool
    turn: int
    role: int

    def is_answered_by(self, turn: int, role: int) -> bool:
        """Whether the turn, said by `role`, can answer it: its own, or one of the customer to the centre."""
        return turn == self.turn or (self.role != _CUSTOMER and role in ANSWERING)


class Questions:
    """What the turns of a shard ask for. Turns in `passed` are answers themselves."""

    def __init__(self, shard: Shard, passed: frozenset[int]) -> None:
        self._shard = shard
        self._passed = passed
        self._words: dict[int, tuple[str, list[re.Match[str]]]] = {}

    def before(self, turn: int) -> Question | None:
        """The question that turn `turn` answers."""
        shard = self._shard
        first = int(shard.first_turn[shard.conversation[turn]])
        for before in range(turn, max(first, turn - _LOOKS_BACK) - 1, -1):
            if before in self._passed and before != turn:
                continue
            asked, words = self._said_last(before)
            kinds = [
                found.lastgroup or ""
                for found in words
                if not _REFUSED.search(asked, max(0, found.start() - _REACH), found.start())
                and not (before < turn and _GIVEN.match(asked, found.end()))
                and not (before == turn and found.group() == "编号")
            ]
            personal = [kind for kind in kinds if kind != "innocent"]
            if kinds:
                kind = personal[-1] if personal else "innocent"
                sure = len(personal) == len(kinds) and (kind != "secret" or set(personal) <= {"phone", "secret"})
                return Question(kind, sure, before, int(shard.role[before]))
            if before < turn and len(asked) > _SHORT and _FURTHER.search(asked):
                return None
        return None

    def _said_last(self, turn: int) -> tuple[str, list[re.Match[str]]]:
        """The end of a turn, and the words in it that name what may be asked for; each is looked for only once."""
        if turn not in self._words:
            asked = self._shard.normalised(turn)[-_TAIL:]
            self._words[turn] = asked, list(_ASKED.finditer(asked))
        return self._words[turn]


_SHORT = 6
"""A shorter turn (对吗？然后呢？) asks for nothing new."""

_LEAD = "(?:[嗯啊哦呃，。、 ]|好的?|对|我?(?:姓名|名字|微信)|我?叫|我?是|户主|就){0,4}"
_WHO = (
    "姓名|名字|名叫|称呼|贵姓|全名|叫什么|户主|户名|机主|联系人|收件人|收货人"
    "|开户人|持卡人|投保人|保险?人|本人|哪位|写谁|是谁"
)
_WHICH = "(?:什么|谁|哪位|呢|吗|是|？|一下|称呼您?|贵姓|全名)"
_DONE = r"(?:[。，！ ]|啊|吧|呀|的)?(?:\n|\z)"
ANSWERED = "|".join(
    (
        rf"(?:{_WHO})[^\n]{{0,12}}\n"
        rf"{_LEAD}(?P<name>{SURNAME}\p{{Han}}{{1,2}}|{DOTTED})(?:{_DONE}|，)",
        rf"(?:(?:{_WHO})[^\n]{{0,6}}{_WHICH}|全名|称呼您?|贵姓|姓名|叫什么名字)[？。 ]{{0,2}}\n"
        rf"[^\n]{{0,10}}?(?P<told>{LIKELY}|{DOTTED})",
        r"(?:护照|通行证|台胞证|回乡证|证件)[^\n]{0,16}\n"
        rf"{_LEAD}(?P<passport>(?:[a-z][a-z]?)?[0-9]{{7,10}}){_DONE}",
        rf"(?:出生|生日)[^\n]{{0,12}}\n{_LEAD}(?P<birthday>{BIRTHDAY}){_DONE}",
        rf"(?:微信|加您)[^\n]{{0,16}}\n{_LEAD}(?P<wechat>[a-z][a-z0-9_\-]{{5,19}}){_DONE}",
        rf"(?:税号|信用代码|识别号)[^\n]{{0,16}}\n{_LEAD}(?P<credit_code>[0-9a-z]{{15,20}}){_DONE}",
    )
)
"""RE2: a turn that asks for something and the next one that is nothing but the answer, in a group named by its type."""
