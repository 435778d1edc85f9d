"""Digits however they are written or spoken, and what stands between the groups of one number.

Works on normalised text. Spoken digits are read as a recogniser writes them: 幺三八…, 一三八…, 洞, 拐, 两.
"""

from __future__ import annotations

import re

_SAID = {"零": "0", "〇": "0", "洞": "0", "一": "1", "幺": "1", "妖": "1", "腰": "1", "二": "2", "两": "2", "三": "3",
         "四": "4", "五": "5", "六": "6", "七": "7", "拐": "7", "八": "8", "九": "9", "勾": "9"}  # fmt: skip
_FORMAL = dict(zip("壹贰叁肆伍陆柒捌玖", "123456789", strict=True))
_FROM_ZERO = (0x0660, 0x06F0, 0x0966, 0x2080, *range(0x1D7CE, 0x1D800, 10))
_FROM_ONE = (0x2460, 0x2474, 0x2488, 0x2776, 0x2780, 0x278A)
_DECORATED = {
    **{chr(first + i): str(i) for first in _FROM_ZERO for i in range(10)},
    **{chr(first + i): str(i + 1) for first in _FROM_ONE for i in range(9)},
    **dict(zip("⓪⓿⁰¹²³⁴⁵⁶⁷⁸⁹", "000123456789", strict=False)),
}
"""Circled, raised, Arabic–Indic and mathematical digits: nobody dictates them, who hides a number types them."""

SPOKEN = {**_SAID, **_FORMAL, **_DECORATED}
"""Digits that are not 0–9, and what they mean."""
DIGIT = "0-9" + "".join(SPOKEN)
TO_ARABIC = str.maketrans(SPOKEN)
SEPARATORS = " \\-，、。.·•~—–()\ufe0f\u20e3"
"""What stands between the groups of a number, as a class of RE2: also what draws a frame around a digit."""
_MARKS = frozenset(" -，、。.·•~—–()\ufe0f\u20e3")
_HESITATION = (
    "(?:前|中间|后|最后|末尾?)[一二三四五六七八]位(?:数字?)?"
    "|那个|这个|然后|接着|接下来|后面|下面|前面|中间|末尾|最后|完了|再来|横杠|杠|嗯|啊|呃|哦|额|呢|对|再|是"
)
"""What people say between the groups of one number."""
GAP = f"(?:{_HESITATION}|[{SEPARATORS}])"
ONE = f"[{DIGIT}](?:个[{DIGIT}])?"
"""RE2: a digit, or one told with how many of it there are: 三个八."""
CROSS = "x|叉|[艾埃爱]克斯"
"""RE2 and re: the last character of an identity card, written or said."""
NUMBER = rf"{ONE}(?:{GAP}{{0,4}}{ONE}){{5,}}(?:{GAP}{{0,2}}(?:{CROSS}))?"
"""RE2: a run of at least six digits, in groups or not, with the x of an identity card."""

_KIND = {
    **dict.fromkeys("0123456789", 0),
    **dict.fromkeys(_SAID, 1),
    **dict.fromkeys(_FORMAL, 1),
    **dict.fromkeys(_DECORATED, 2),
}
_PAUSES = re.compile(f"(?:{_HESITATION})+")
_SEVERAL = re.compile(f"[2-6二两三四五六]个[{DIGIT}]")
_CROSS = re.compile(CROSS)
_OTHERS = re.compile("[^0-9x]+")
_SEVERAL_ARABIC = re.compile("([2-6])个([0-9])")


def groups_of(text: str) -> list[tuple[int, int]]:
    """Spans between gaps; a change between Arabic, spoken and decorated digits separates too (张三13812345678)."""
    if text.isdigit() and text.isascii():
        return [(0, len(text))]
    out: list[tuple[int, int]] = []
    hidden = {i for pause in _PAUSES.finditer(text) for i in range(*pause.span())}
    counted = {i for several in _SEVERAL.finditer(text) for i in range(several.start() + 1, several.end())}
    crosses = {i for cross in _CROSS.finditer(text) for i in range(*cross.span())}
    for i, char in enumerate(text):
        if char in _MARKS or i in hidden:
            continue
        joins = out and out[-1][1] == i and _KIND.get(char) == _KIND.get(text[i - 1])
        if joins or i in counted:
            out[-1] = (out[-1][0], i + 1)
        elif char in _KIND:
            out.append((i, i + 1))
        elif i in crosses and out and out[-1][1] == i:
            out[-1] = (out[-1][0], i + 1)
        elif i in crosses and out:
            out.append((i, i + 1))
    return out


def arabic(text: str) -> str:
    """The digits of `text`, and an x, as 0–9.

    >>> arabic("一三八，0013"), arabic("四个八")
    ('1380013', '8888')
    """
    if text.isdigit() and text.isascii():
        return text
    said = _CROSS.sub("x", _PAUSES.sub("", text)).translate(TO_ARABIC)
    if "个" in said:
        said = _SEVERAL_ARABIC.sub(lambda several: several[2] * int(several[1]), said)
    return _OTHERS.sub("", said)
