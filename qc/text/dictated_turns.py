"""Turns in which a number is told, or a part of one: nothing but digits, or digits among a few words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from qc.text.digits import CROSS, DIGIT, GAP, ONE, SPOKEN, arabic, groups_of
from qc.text.numbers import UNITS

_LEAD = (
    "[嗯啊呃哦喂诶是对好的那就您你行我说，。、： ]|手机号?码?|电话|[户护互呼库]号|号码|卡号|身份证号?|[工农中建交招]行"
    "|记一下|记下|再?说一遍|重复一遍|再报一[遍下]|应该|不好意思|等一下|[说报念打写记搞弄]错了?"
)
_TAIL = (
    "[，。、 \ufe0f\u20e3啦了吗呢吧啊嗯对是好的？！]|然后呢?|后面呢?|还有呢?|[您你请]?继续|请讲|[您你请]说"
    "|没错|收到|记下了"
)
_RUN = rf"(?:{ONE}(?:{GAP}{{0,4}}{ONE})+(?:{GAP}{{0,2}}(?:{CROSS}))?|[{DIGIT}]个[{DIGIT}])"
_END = rf"(?:{_TAIL}){{0,6}}(?:[，。、 ][^\n{DIGIT}]{{1,6}})?"
_BARE = rf"(?:{_LEAD}|{GAP}){{0,8}}{_RUN}{_END}"
_TAILED = rf"(?:{_LEAD}|{GAP}){{0,8}}{_RUN}[^\na-z¥*{DIGIT}{UNITS}][^\n]*"
_WITHIN = rf"[^\n¥]*[^\na-z0-9¥.*]{_RUN}[^\na-z¥*{DIGIT}{UNITS}][^\n]*"
_LED = rf"[^\n¥]*[^\na-z0-9¥.*]{_RUN}{_END}"
DICTATED = {
    how: rf"(?m)^(?:{line})$"
    for how, line in (("bare", _BARE), ("led", _LED), ("tailed", _TAILED), ("within", _WITHIN))
}
"""RE2: a turn that is nothing but digits, with what people say around them; one of a few words that ends in digits, and
one that begins with them or has them in the middle, which count only where they answer a question or make a whole
number together. The first that fits a turn says how it was told. Four expressions: as groups of one they would have to
be told apart by simulation, ten times as slow as all four automata."""
MAX_CHARS = 50
"""A longer turn tells more than a number."""
FEWEST_DIGITS = 4
"""Of the shortest number that only a question makes personal, a password."""
_BEHIND_ONE = frozenset("位般下直些样起个遍共定")
_ONE_DIGIT = re.compile(f"[{DIGIT}]")
_FIRST_RUN = re.compile(rf"(?:{_LEAD}|{GAP}){{0,8}}(?P<run>{_RUN})")
_ONLY_RUN = re.compile(rf".*?(?P<run>{_RUN})")
_LAST_RUN = re.compile(rf".*?(?P<run>{ONE}(?:{GAP}{{0,4}}{ONE})*(?:{GAP}{{0,2}}(?:{CROSS}))?)[^{DIGIT}]*$")
_RUNS = {"bare": _FIRST_RUN, "led": _LAST_RUN, "tailed": _FIRST_RUN, "within": _ONLY_RUN}


@dataclass(frozen=True, kw_only=True, eq=False)
class Piece:
    """A turn that matches one of DICTATED: its index, who speaks in which conversation (conversation, role), its
    normalised text, and `how` it matched."""

    turn: int
    speaker: tuple[int, int]
    text: str
    how: str

    @property
    def begins(self) -> bool:
        """Whether the number it tells may go on in the next turns."""
        return self.how in ("bare", "led")

    @cached_property
    def groups(self) -> list[tuple[int, int]]:
        """Where the groups of its digits stand."""
        found = _RUNS[self.how].match(self.text)
        if found is None:
            return []
        start, end = found.span("run")
        groups = [(start + a, start + b) for a, b in groups_of(self.text[start:end])]
        return groups[:-1] if self.how != "bare" and _begins_a_word(self.text, groups) else groups

    @cached_property
    def digits(self) -> str:
        """Its digits, as 0–9."""
        return "".join(arabic(self.text[start:end]) for start, end in self.groups)

    def may_tell_a_number(self) -> bool:
        """False: it has too few digits for a number of its own, whatever was asked, even with an x behind them."""
        return "个" in self.text or len(_ONE_DIGIT.findall(self.text)) >= FEWEST_DIGITS - 1


def _begins_a_word(text: str, groups: Sequence[tuple[int, int]]) -> bool:
    """Whether the last group is a Chinese digit that stands apart behind 0–9 and goes on as a word: 27647493，一般."""
    if len(groups) < 2:
        return False
    (_, end), (start, stop) = groups[-2:]
    if stop - start != 1 or text[start] not in SPOKEN:
        return False
    if text[end - 1] in SPOKEN:
        return start > end and text[start] == "一" and text[stop : stop + 1] in _BEHIND_ONE
    return bool(text[stop:].strip("。 ")) and (start > end or "一" <= text[stop] <= "鿿")
