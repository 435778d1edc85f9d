"""Real chats whose personal data was replaced by placeholders: invented values in their places."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

from bench.planted import Planted, Talk
from bench.planted_values import INNOCENT, PERSONAL, words_of
from qc.domain.conversation import CallMeta, Channel, Conversation, Role, Source, Turn

_PLACEHOLDER = re.compile(r"\[(电话|身份证号|邮箱|地址|姓名|订单|金额|日期|时间|数字)x\]")
_PERSONAL = {"电话": "mobile", "身份证号": "id_card", "邮箱": "email", "地址": "address", "姓名": "name"}
_INNOCENT = {"订单": "order", "金额": "amount", "日期": "date", "时间": "time", "数字": "quantity"}
_NAMED = re.compile(r"(?:收货人|收件人|联系人|配送员|户名|姓名|姓)[：: ]*$")
_PARTS = re.compile(r"(?:\[(?:数字|组织机构)x\]|[a-z0-9])", re.I)


def chats(path: Path, seed: int) -> Iterator[Talk]:
    """The chats with values planted. Whoever made the placeholders took many words for names (好吧，[姓名x]) and
    parts of codes for telephones: a name is planted only where a label or other personal data stands beside it, a
    number only where nothing of a longer code touches it; other places get a word or a plain number."""
    words = words_of("held_out")
    for number, line in enumerate(path.read_text("utf-8").splitlines()):
        chat = json.loads(line)
        draw = random.Random(f"{seed} {number}")
        turns, planted = [], []
        for index, turn in enumerate(chat["turns"]):
            text, found = _planted(turn["text"], index, draw, words)
            turns.append(Turn(role=Role(turn["role"]), text=text))
            planted.extend(found)
        yield Talk(
            conversation=Conversation(
                id=str(chat["id"]),
                project="电商",
                channel=Channel.CHAT,
                turns=tuple(turns),
                meta=CallMeta(),
                source=Source(path=path.name, format="chat_jsonl", sha256=""),
            ),
            planted=tuple(planted),
        )


def _planted(pattern: str, index: int, draw: random.Random, words: object) -> tuple[str, list[Planted]]:
    text, last, out = "", 0, []
    for slot in _PLACEHOLDER.finditer(pattern):
        text += pattern[last : slot.start()]
        last = slot.end()
        before, after = pattern[: slot.start()], pattern[slot.end() :]
        kind, personal = slot[1], slot[1] in _PERSONAL
        name = _PERSONAL[kind] if personal else _INNOCENT[kind]
        if personal and not _is_one(kind, before, after):
            text += "那个" if kind in ("姓名", "地址") else str(draw.randrange(10, 99))
            continue
        if kind == "数字" and not _is_innocent(before, after):
            text += str(draw.randrange(10, 99))
            continue
        value = PERSONAL[name](draw, words) if personal else INNOCENT[name](draw)  # type: ignore[arg-type]
        if kind == "数字":
            value = str(draw.randrange(1, 100))
        if name == "address":
            value = _without_province(value, before)
        out.append(
            Planted(
                turn=index,
                start=len(text),
                end=len(text) + len(value),
                type=name,
                personal=personal,
                value=value,
                spelling="plain",
            )
        )
        text += value
    return text + pattern[last:], out


def _is_one(kind: str, before: str, after: str) -> bool:
    if kind == "姓名":
        beside = re.search(r"\[(?:电话|身份证号)x\]\s*$|\[地址x\]\s+$", before) or re.match(
            r"\s*\[(?:电话|身份证号)x\]", after
        )
        return bool(_NAMED.search(before) or beside)
    if kind == "地址":
        return not re.search("中国$|命中站点: ..$", before)
    if kind == "电话" and re.search("订单号: ?$", before):
        return False
    return not (_PARTS.search(before[-6:].strip()[-6:]) and before and not before.endswith((" ", "，", ":"))) and not (
        _PARTS.match(after)
    )


def _is_innocent(before: str, after: str) -> bool:
    """Whether a number stands for itself: not for a part of a telephone number, a tax code or an address."""
    told = re.search(r"(?:电话|税号|地址|\[地址x\] ?)[^，。 ]{0,12}$|[\]a-zA-Z0-9\-]$", before)
    return not told and not re.match(r"[\[a-zA-Z0-9\-]|号楼|栋|幢|单元|室|号铺", after)


def _without_province(value: str, before: str) -> str:
    """湖北[地址x] names its province itself."""
    return value.split("省", 1)[-1] if re.search(r"[一-龥]{2}$", before) else value
