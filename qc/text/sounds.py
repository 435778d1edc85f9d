"""Texts as rows of syllables, Latin letters and digits among them, and how near two syllables are to each other."""

from __future__ import annotations

import re
from functools import cache
from itertools import product

import numpy as np
import numpy.typing as npt

from qc.text.pinyin import FIRST, Codes, blurred, read, syllables

Cost = npt.NDArray[np.int8]
NONE = 0
"""The number of what has no sound: marks, spaces."""
SAME, FUZZY, NEAR, FAR = 0, 1, 2, 4
"""Distances: the same syllable; one that southern speakers mix up with it; one with the same initial or final; none
of these."""
_INITIAL = re.compile(r"^(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?")
_SPOKEN = {**dict(zip("0123456789", "零一二三四五六七八九", strict=True)),
           **dict(zip("abcdefgijkopqrtuvyz", "诶比西弟易爱吉爱杰开欧批球阿提优为外贼", strict=True))}  # fmt: skip
"""Characters that sound like a letter or a digit. Letters of two syllables (w, x, h …) have none."""
_TWO_READINGS = (
    "行航重虫长常还环都督乐月率帅调条差拆传撰藏脏单善朝招便骈更京觉叫角决了聊会快参深曾增给几降祥系记卡掐车居得嘚弹谈大代省醒盛成石但似是说税"
    "提滴血写约要择宅着招属主奇机强降圈倦露漏壳俏宁泞解谢查扎仇求区欧校叫"
)
_READINGS = dict(zip(_TWO_READINGS[::2], _TWO_READINGS[1::2], strict=True))
"""Characters with a second reading, and one that is read so."""
_MOST_READINGS = 4


@cache
def _table() -> Codes:
    """Code point → syllable number from 1; NONE for the rest."""
    plain = syllables().plain.astype(np.int32) - FIRST + 1
    plain[plain > len(syllables().names)] = NONE
    for char, like in _SPOKEN.items():
        plain[ord(char)] = plain[ord(char.upper())] = plain[ord(like)]
    return plain.astype(np.uint16)


def sounds(text: str) -> Codes:
    """The syllable number of each character; same length."""
    return read(np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32), _table())


def has_sound(word: str) -> bool:
    """Whether every character has one."""
    return bool((sounds(word) != NONE).all())


def readings(word: str) -> list[Codes]:
    """The ways a word may be read: characters with two readings in both, all others as in a text."""
    choices = [char if char not in _READINGS else char + _READINGS[char] for char in word]
    return [sounds("".join(way)) for way, _ in zip(product(*choices), range(_MOST_READINGS), strict=False)]


@cache
def distances() -> Cost:
    """[from, to] by syllable number."""
    names = ("", *syllables().names)
    initials = [_INITIAL.match(name)[0] for name in names]  # type: ignore[index]
    parts = [
        np.unique(own, return_inverse=True)[1]
        for own in (
            [blurred(name) for name in names],
            [blurred(i) for i in initials],
            [blurred("a" + n.removeprefix(i)) for n, i in zip(names, initials, strict=True)],
        )
    ]
    fuzzy, initial, final = (p[:, None] == p[None, :] for p in parts)
    out = np.where(fuzzy, FUZZY, np.where(initial | final, NEAR, FAR)).astype(np.int8)
    np.fill_diagonal(out, SAME)
    out[NONE, :] = out[:, NONE] = np.int8(100)
    return out
