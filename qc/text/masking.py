"""Masking of personal data (脱敏). Masks keep the length, so every span of a result stays valid; masking what is masked
changes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from qc.domain.conversation import Entity
from qc.text.digits import DIGIT, GAP, SPOKEN
from qc.text.entities import Entities, find_in
from qc.text.normalise import normalise
from qc.text.places import readable
from qc.text.shard import Shard

MASK = "*"
_KEPT = {
    "mobile": (3, 4),
    "landline": (4, 2),
    "id_card": (6, 4),
    "bank_card": (4, 4),
    "account": (2, 2),
    "plate": (2, 1),
    "passport": (1, 2),
    "credit_code": (2, 2),
    "wechat": (1, 0),
    "qq": (2, 2),
    "birthday": (0, 0),
}
"""How many digits (for a plate, characters) stay readable at either end."""
_EVERY_CHARACTER = frozenset(("plate", "passport", "credit_code", "wechat", "birthday"))
"""Types in which every character counts."""
_LEAST_HIDDEN = 4
"""A number in which fewer would be hidden loses all its digits."""
_DIGITS = frozenset("0123456789xoil|" + MASK) | frozenset(SPOKEN)
"""With the letters that stand for digits in a number."""
_WORTH_A_LOOK = re.compile(
    rf"(?:[{DIGIT}]{GAP}{{0,4}}){{10}}[{DIGIT}]|[0-9a-z|]{{11}}|@|qq|vx|wx|weixin|[一-龥][^一-龥]|[一-龥]{{6}}|[一-龥]{{2}}$"
)
"""A value without it cannot hold personal data: 华东一区, A001.wav, 000123. The shortest numbers that need no word to
say what they are, of telephones, have eleven digits."""


def mask(text: str, entities: Iterable[Entity]) -> str:
    """`text` with its personal entities masked; same length.

    >>> mask("我的手机13812345678", find_in("我的手机13812345678"))
    '我的手机138****5678'
    """
    chars = list(text)
    for entity in entities:
        if entity.personal:
            span = slice(entity.start, entity.end)
            chars[span] = _masked(entity.type, text[span])
    return "".join(chars)


def mask_turns(shard: Shard, entities: Entities) -> list[str]:
    """The texts of all turns of the shard, masked."""
    texts = list(shard.turn_columns.text)
    for turn, found in entities.by_turn().items():
        texts[turn] = mask(texts[turn], found)
    return texts


@lru_cache(maxsize=4096)  # teams, regions and column names come again with every conversation
def mask_value(text: str) -> str:
    """A metadata value (customer id, file name, any column of a manifest) with the personal data in it masked."""
    return mask(text, find_in(text)) if _WORTH_A_LOOK.search(normalise(text)) else text


def _masked(kind: str, text: str) -> list[str]:
    if kind == "email":
        name = normalise(text).find("@") % (len(text) + 1)  # one that was said loses its host too
        return [c if i == 0 or i >= name else MASK for i, c in enumerate(text)]
    if kind == "address":
        return [c if i < readable(text) else MASK for i, c in enumerate(text)]
    if kind == "name":
        return [c if i == 0 else MASK for i, c in enumerate(text)]
    head, tail = _KEPT.get(kind, (0, 0))
    every = kind in _EVERY_CHARACTER
    digits = [i for i, c in enumerate(normalise(text)) if every or c in _DIGITS]
    if len(digits) < head + tail + _LEAST_HIDDEN or "个" in text:  # 四个八 are two characters and four digits
        head = tail = 0
    hidden = frozenset(digits[head : len(digits) - tail])
    return [MASK if i in hidden else c for i, c in enumerate(text)]
