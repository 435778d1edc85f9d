"""Ways a personal number is typed into a chat or comes out of speech recognition: groups, fillers, turns, echoes.

A saying is a list of turns, each a list of ``(text, told)`` parts; only the told parts give the number away.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

from bench.examiner.people import email
from bench.examiner.reading import PLAIN, digit_words
from bench.examiner.values import Number

Part = tuple[str, bool]

RADIO = dict(zip("0123456789", "洞幺两三四五六拐八勾", strict=True))
MISHEARD = {"幺": "腰"}
WIDE = {
    ord(narrow): chr(ord(narrow) + 0xFEE0)
    for narrow in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
}
FILLERS = [
    " 嗯 ",
    " 呃 ",
    " 那个 ",
    " 然后 ",
    " 后面是 ",
    "啊 ",
    " 再是 ",
    " 对 ",
    " 接着 ",
    " 完了是 ",
    "，嗯，",
    "，然后是，",
]
CHAT_WAYS = {
    "plain": 50,
    "space": 12,
    "dash": 8,
    "wide": 7,
    "dot": 2,
    "comma": 3,
    "turns": 10,
    "typed words": 4,
    "prefix": 4,
}
VOICE_WAYS = {
    "words": 26,
    "words space": 11,
    "words comma": 8,
    "plain": 11,
    "space": 7,
    "comma": 3,
    "mixed": 7,
    "filler": 8,
    "radio": 5,
    "misheard": 2,
    "turns": 12,
}


@dataclass(slots=True, kw_only=True)
class Saying:
    """One number as told: its ``way``, its turns, and whether the agent repeats each part in between."""

    way: str
    turns: list[list[Part]]
    echo: bool = False
    same_speaker: bool = False


def _runs(group: str, said: str) -> str:
    """三个八: three or four of one digit told as a count, where the words stand one for one."""
    if len(group) != len(said):
        return said
    return re.sub(r"(.)\1{2,3}", lambda run: ("三个" if len(run[0]) == 3 else "四个") + run[1], said)


def _words(group: str, rng: Random, *, one: str, kind: str, runs: bool) -> str:
    said = digit_words(group, rng, one=one)
    if runs:
        said = _runs(group, said)
    if kind == "id_card" and group.endswith("X"):
        said = said[:-1] + rng.choice(("X", "x", "叉", "艾克斯", "X"))
    return said


def _render(groups: list[str], way: str, number: Number, rng: Random) -> list[str]:
    """Each group as it is written in ``way``."""
    one, runs, low = rng.choice("幺幺幺一"), rng.random() < 0.5, rng.random() < 0.2
    if way == "radio":
        out = ["".join(RADIO.get(symbol, symbol) for symbol in group) for group in groups]
    elif way == "misheard":
        out = ["".join(MISHEARD.get(word, word) for word in digit_words(group, rng, one="幺")) for group in groups]
    elif way == "mixed" and rng.random() < 0.3:
        told = PLAIN | {"1": one}
        out = ["".join(told.get(s, s) if rng.random() < 0.5 else s for s in group) for group in groups]
    elif way == "mixed":
        out = [_words(g, rng, one=one, kind=number.kind, runs=False) if rng.random() < 0.5 else g for g in groups]
    elif way.startswith(("words", "filler", "typed words")):
        out = [_words(group, rng, one=one, kind=number.kind, runs=runs) for group in groups]
    else:
        out = list(groups)
    return [group.lower() for group in out] if low else out


def _cut(number: Number) -> list[str]:
    groups, at = [], 0
    for size in number.groups:
        groups.append(number.symbols[at : at + size])
        at += size
    return groups


def _join(groups: list[str], separator: str) -> list[Part]:
    parts: list[Part] = []
    for place, group in enumerate(groups):
        if place and separator:
            parts.append((separator, False))
        parts.append((group, True))
    return parts


def _choose(weights: dict[str, int], rng: Random) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]


def say(number: Number, voice: bool, rng: Random, *, whole: bool = False) -> Saying:
    """``number`` as one speaker tells it; ``whole`` keeps it in one turn."""
    way = _choose(VOICE_WAYS if voice else CHAT_WAYS, rng)
    if way == "turns" and (whole or number.kind == "plate" or len(number.symbols) < 8):
        way = "words" if voice else "plain"
    groups = _cut(number)
    if way == "turns":
        return _turns(number, groups, voice, rng)
    if way == "prefix":
        if number.kind != "mobile":
            return Saying(way="plain", turns=[[(number.symbols, True)]])
        country = rng.choice(("+86", "+86 ", "86-", "0086", "(+86)"))
        return Saying(way=way, turns=[[(country, False), (number.symbols, True)]])
    if way == "wide":
        return Saying(way=way, turns=[[(number.symbols.translate(WIDE), True)]])
    if number.kind == "plate" and way in {"dash", "dot"}:
        return Saying(way=way, turns=[_join([number.symbols[:2], number.symbols[2:]], rng.choice("·-.•"))])
    said = _render(groups, way, number, rng)
    if way == "filler":
        parts: list[Part] = []
        for place, group in enumerate(said):
            if place:
                parts.append((rng.choice(FILLERS) if rng.random() < 0.7 else " ", False))
            parts.append((group, True))
        return Saying(way=way, turns=[parts])
    separator = {
        "space": " ",
        "dash": "-",
        "dot": ".",
        "comma": "，",
        "words space": " ",
        "words comma": rng.choice("，、,"),
    }
    return Saying(way=way, turns=[_join(said, separator.get(way, rng.choice(("", "", " ")) if way == "mixed" else ""))])


def _turns(number: Number, groups: list[str], voice: bool, rng: Random) -> Saying:
    """The groups over two or three turns of the speaker, none of a single symbol."""
    if len(groups[0]) == 1:
        groups = [groups[0] + groups[1], *groups[2:]]
    if len(groups[-1]) == 1:
        groups = [*groups[:-2], groups[-2] + groups[-1]]
    way = rng.choice(("words", "words", "words", "plain", "mixed")) if voice else "plain"
    said = _render(groups, way, number, rng)
    count = min(rng.choice((2, 2, 3)), len(said))
    cuts = sorted(rng.sample(range(1, len(said)), count - 1)) if count > 1 else []
    turns, last = [], 0
    for cut in [*cuts, len(said)]:
        turns.append(_join(said[last:cut], rng.choice(("", "", " "))))
        last = cut
    return Saying(way="turns", turns=turns, echo=rng.random() < 0.4, same_speaker=rng.random() < 0.35)


def say_email(voice: bool, rng: Random) -> Saying:
    """An e-mail address typed, or said with 艾特 and 点."""
    local, host = email(rng)
    if not voice:
        draw = rng.random()
        if draw < 0.72:
            return Saying(way="plain", turns=[[(f"{local}@{host}", True)]])
        if draw < 0.82:
            return Saying(way="space", turns=[[(f"{local} @ {host}", True)]])
        if draw < 0.92:
            return Saying(
                way="wide",
                turns=[[(local.translate(WIDE) + "＠" + host.translate(WIDE).replace(".", rng.choice(".．")), True)]],
            )
        return Saying(way="upper", turns=[[(f"{local}@{host}".upper(), True)]])
    at = rng.choice(("艾特", " 艾特 ", "at", " at ", "@", " @ ", "圈a"))
    point = rng.choice(("点", " 点 ", "点", "."))
    spoken_host = {"163.com": rng.choice(("幺六三", "一六三", "163")), "126.com": rng.choice(("幺二六", "126"))}
    head = spoken_host.get(host, host.rsplit(".", 1)[0].replace(".", point))
    tail = host.rsplit(".", 1)[1]
    local = local.replace("_", rng.choice(("下划线", " 下划线 ", "_"))).replace(".", point)
    if rng.random() < 0.55:
        local = digit_words(local, rng)
    if rng.random() < 0.2:
        local = re.sub(r"(?<=[a-z])(?=[a-z])", " ", local)
    return Saying(way="words", turns=[[(f"{local}{at}{head}{point}{tail}", True)]])
