"""Why RE2 refuses an expression, in Chinese, with what to do and where."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

_TOKEN = re.compile(r"\\.|[()\[\]]", re.DOTALL)
_LOOKING = re.compile(r"\(\?(?:<?[=!])")


class Reason(NamedTuple):
    """`at`: the character of the expression, from 0, that the trouble is at."""

    message: str
    hint: str
    at: int


_SAYINGS: Mapping[str, tuple[str, str]] = {
    "missing )": ("左括号“(”没有配对的右括号", "请补上“)”；要找括号这个字，写成 \\(。"),
    "unexpected )": ("右括号“)”没有配对的左括号", "请删掉它，或补上“(”；要找括号这个字，写成 \\)。"),
    "missing ]": ("左方括号“[”没有配对的右方括号", "请补上“]”；要找方括号这个字，写成 \\[。"),
    "no argument for repetition operator": ("{part} 前面没有可以重复的内容", "{part} 要写在字或括号的后面。"),
    "bad repetition operator": ("{part} 连写了几个重复次数", "请只留一个；要表示先后，用括号隔开。"),
    "invalid repetition size": ("重复次数 {part} 不对", "次数最多 1000（嵌套时相乘），前一个不能大于后一个。"),
    "invalid escape sequence": ("不认识 {part}", "请去掉反斜杠；反向引用（如 \\1）不支持。"),
    "trailing \\": ("末尾多了一个反斜杠", "请删掉它；要找反斜杠这个字，写成 \\\\。"),
    "invalid named capture group": ("组的名字写法不对：{part}", "不用起名字，直接写 ( ) 就可以。"),
    "invalid character class range": ("方括号里的 {part} 不对", "范围从小到大，如 [a-z]、[0-9]。"),
    "invalid perl operator": ("不认识 {part}", "“(?”后面只能写“:”；要找问号这个字，写成 \\?。"),
}
_UNPAIRED = ("missing )", "unexpected )", "missing ]")
_LOOKED = ("不支持 {part}：不能回看、前瞻", "请去掉它，把要排除的写在 except 里。")
_FALLBACK = ("写法不对（{part}）", "请检查括号、方括号是否成对，符号前面要不要加反斜杠。")


def reason(source: str, said: str) -> Reason:
    """What RE2 `said` of `source`: a kind, a colon and the part at fault."""
    kind, _, part = said.partition(": ")
    message, hint = _SAYINGS.get(kind, _FALLBACK)
    if kind == "trailing \\":
        return Reason(message, hint, max(0, len(source) - 1))
    if kind in _UNPAIRED:
        return Reason(message, hint, _brackets(source)[_UNPAIRED.index(kind)])
    at = max(0, source.find(part))
    if kind == "invalid perl operator" and (looking := _LOOKING.match(source, at)):
        (message, hint), part = _LOOKED, looking[0]
    shown = part if kind in _SAYINGS else said
    return Reason(message.format(part=shown), hint.format(part=shown), at)


def _brackets(source: str) -> tuple[int, int, int]:
    """Places of the last parenthesis left open, of the first that was never opened, of the class left open; else 0."""
    opened: list[int] = []
    unopened, class_at = -1, -1
    for token in _TOKEN.finditer(source):
        mark, at = token[0], token.start()
        if class_at >= 0:
            # a ] right after [ or [^ is a letter of the class
            if mark == "]" and source[class_at + 1 : at] not in ("", "^"):
                class_at = -1
        elif mark == "[":
            class_at = at
        elif mark == "(":
            opened.append(at)
        elif mark == ")" and opened:
            opened.pop()
        elif mark == ")" and unopened < 0:
            unopened = at
    return (opened[-1] if opened else 0), max(0, unopened), max(0, class_at)
