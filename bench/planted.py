"""Conversations with planted personal data and innocent numbers, of which every character's meaning is known.

A phrasing file (bench/phrasings) holds conversations with slots: {mobile} a value, {mobile/2} its second piece,
{mobile#2} another value of the type, {-kwh} an innocent number. Each value is spelled in one of the ways of its file.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.planted_values import INNOCENT, PERSONAL, Words, words_of
from qc.domain.conversation import CallMeta, Channel, Conversation, Role, Source, Turn

PHRASINGS = Path(__file__).parent / "phrasings"
NUMERIC = frozenset(("mobile", "landline", "id_card", "id15", "bank_card", "account", "qq", "secret"))
"""Types whose digits are spelled in different ways."""

_SLOT = re.compile(r"\{(-?)([a-z_0-9]+?)(?:/(\d))?(?:#(\d))?\}")
_ROLES = {"坐席": Role.AGENT, "客户": Role.CUSTOMER}
_PIECES = {11: (3, 4, 4), 18: (6, 8, 4), 10: (4, 6), 12: (4, 8), 13: (5, 8), 9: (4, 5)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """Characters `start`..`end` of turn `turn` are a value of `type` (an innocent number if not `personal`).
    `value` is what stands there without any spelling; `spelling` how it is written; `piece`: only a part of it."""

    turn: int
    start: int
    end: int
    type: str
    personal: bool
    value: str
    spelling: str
    piece: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A conversation and what was planted in it."""

    conversation: Conversation
    planted: tuple[Planted, ...]


def talks(phrasing: str, count: int, seed: int) -> Iterator[Talk]:
    """`count` conversations from the phrasings of that name, each phrasing in its turn."""
    blocks, spellings = _read(PHRASINGS / f"personal_{phrasing}.txt")
    words = words_of(phrasing)
    for number in range(count):
        draw = random.Random(f"{phrasing} {seed} {number}")
        yield _filled(f"{phrasing}-{number:06d}", blocks[number % len(blocks)], spellings, words, draw)


def _read(path: Path) -> tuple[list[list[str]], Sequence[str]]:
    spellings: Sequence[str] = ()
    blocks: list[list[str]] = [[]]
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("# spellings:"):
            spellings = line.split(":")[1].split()
        elif line.startswith("#"):
            continue
        elif line:
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block], spellings


def _filled(name: str, block: Sequence[str], spellings: Sequence[str], words: Words, draw: random.Random) -> Talk:
    values: dict[tuple[str, str], str] = {}
    turns, planted = [], []
    for index, line in enumerate(block):
        role, _, pattern = line.partition("：")
        text, last = "", 0
        for slot in _SLOT.finditer(pattern):
            text += pattern[last : slot.start()]
            last = slot.end()
            innocent, kind, piece, other = slot.groups()
            spelling = "plain"
            if innocent:
                value = shown = INNOCENT[kind](draw)
            else:
                value = values.setdefault((kind, other or ""), PERSONAL[kind](draw, words))
                if piece:
                    value = _piece(value, int(piece))
                shown = value
                if kind in NUMERIC:
                    spelling = draw.choice([s for s in spellings if not piece or s in _OF_PIECES] or ["plain"])
                    spelling = spelling if _suits(spelling, kind) else "plain"
                    shown = SPELLINGS[spelling](value, draw)
            planted.append(
                Planted(
                    turn=index,
                    start=len(text),
                    end=len(text) + len(shown),
                    type=kind,
                    personal=not innocent,
                    value=value,
                    spelling=spelling,
                    piece=piece is not None,
                )
            )
            text += shown
        turns.append(Turn(role=_ROLES[role], text=text + pattern[last:]))
    conversation = Conversation(
        id=name,
        project="95598",
        channel=Channel.CHAT,
        turns=tuple(turns),
        meta=CallMeta(),
        source=Source(path=f"{name}.jsonl", format="chat_jsonl", sha256=""),
    )
    return Talk(conversation=conversation, planted=tuple(planted))


def _piece(value: str, number: int) -> str:
    sizes = _PIECES[len(value)]
    start = sum(sizes[: number - 1])
    return value[start : start + sizes[number - 1]]


def _suits(spelling: str, kind: str) -> bool:
    """Whether people write values of the type so: digits are taken for letters in numbers that are easily told."""
    odd = ("lookalike", "corrected", "twice", "pairs", "single", "commas_between")
    return kind in ("mobile", "id_card") or spelling not in odd


def _cut(digits: str, sizes: Sequence[int]) -> list[str]:
    out, at = [], 0
    for size in sizes:
        out.append(digits[at : at + size])
        at += size
    return [*out, digits[at:]] if at < len(digits) else [part for part in out if part]


def _natural(digits: str) -> list[str]:
    """As people group it: 138 1234 5678; others by fours."""
    return _cut(digits, (3, 4, 4) if len(digits) == 11 else (4,) * (len(digits) // 4))


def _random_groups(digits: str, draw: random.Random) -> list[str]:
    if len(digits) < 6:
        return [digits]
    cuts = sorted(draw.sample(range(3, len(digits) - 2), k=1 if len(digits) < 9 else draw.choice((1, 2))))
    return [g for g in _cut(digits, [b - a for a, b in zip([0, *cuts], cuts, strict=False)]) if g]


def _in(table: str) -> dict[int, str]:
    return str.maketrans("0123456789", table)


YAO = _in("零幺二三四五六七八九")
YI = _in("零一二三四五六七八九")
RADIO = _in("洞幺两三四五六拐八九")
_CIRCLED = _in("⓪①②③④⑤⑥⑦⑧⑨")
_FORMAL = _in("零壹贰叁肆伍陆柒捌玖")
_WIDE = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
_LOOKALIKE = str.maketrans("01", "OI")
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"


def _between(marks: Sequence[str]) -> Callable[[str, random.Random], str]:
    return lambda digits, draw: draw.choice(marks).join(_natural(digits))


def _recogniser(marks: Sequence[str]) -> Callable[[str, random.Random], str]:
    def spelled(digits: str, draw: random.Random) -> str:
        groups = _random_groups(digits, draw)
        return "".join(g + (draw.choice(marks) if g is not groups[-1] else "") for g in groups)

    return spelled


def _corrected(digits: str, draw: random.Random) -> str:
    wrong = digits[:5] + str((int(digits[5]) + 1 + draw.randrange(8)) % 10) + digits[6:]
    return f"{wrong}，不对，{digits}"


SPELLINGS: dict[str, Callable[[str, random.Random], str]] = {
    "plain": lambda d, _: d,
    "spaced": _between((" ",)),
    "yao": lambda d, _: d.translate(YAO),
    "yi_grouped": lambda d, _: "，".join(_natural(d.translate(YI))),
    "recogniser": _recogniser(("，", " ", "、")),
    "full_width": lambda d, _: d.translate(_WIDE),
    "zero_width": lambda d, _: "\u200b".join(_natural(d)),
    "single": lambda d, _: " ".join(d),
    "mixed": lambda d, draw: "".join(c.translate(YI) if draw.random() < 0.4 else c for c in d),
    "hesitating": lambda d, draw: draw.choice(("嗯", "，嗯，", "然后", "啊")).join(_natural(d.translate(YI))),
    "dashed": _between(("-", " - ", "－")),
    "yi": lambda d, _: d.translate(YI),
    "yao_paused": lambda d, draw: draw.choice(("。", "、", "，", " ")).join(_natural(d.translate(YAO))),
    "radio": lambda d, _: d.translate(RADIO),
    "recogniser_other": _recogniser(("。", ", ", ". ", "，")),
    "pairs": lambda d, _: " ".join(_cut(d, (2,) * (len(d) // 2))),
    "circled": lambda d, _: d.translate(_CIRCLED),
    "formal": lambda d, _: d.translate(_FORMAL),
    "lookalike": lambda d, _: d[0] + d[1:].translate(_LOOKALIKE),
    "invisible": lambda d, draw: "".join(c + draw.choice(_INVISIBLE) for c in d[:-1]) + d[-1],
    "twice": lambda d, _: f"{d}，{d}",
    "corrected": _corrected,
    "halting": lambda d, draw: draw.choice(("那个", "呃", "，后面是", "，接着", "完了")).join(_natural(d)),
    "fast_spoken": lambda d, _: d.translate(_in("零一两三四五六七八九")),
    "mixed_halves": lambda d, _: d[: len(d) // 2] + d[len(d) // 2 :].translate(YAO),
    "commas_between": lambda d, _: "，".join(d),
    "keycap": lambda d, _: "".join(f"{c}\ufe0f\u20e3" if c.isdigit() else c for c in d),
    "dotted": lambda d, _: "·".join(_natural(d)),
    "brackets": lambda d, _: f"（{_natural(d)[0]}）" + "".join(_natural(d)[1:]),
    "thirds": lambda d, draw: draw.choice(("，", " ", "、")).join(_cut(d, (3,) * (len(d) // 3))),
    "grouped_oddly": lambda d, _: " ".join(_cut(d, (4, 3, 4) if len(d) == 11 else (5, 5, 5))),
}
_OF_PIECES = frozenset(
    ("plain", "yao", "full_width", "mixed", "keycap", "fast_spoken", "yi", "radio", "circled", "formal", "invisible")
)
"""Spellings of a piece of three or four digits."""
