"""Characters that people cannot see, or take for others: pasted from chats and web pages, they break keys and words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_NAMES = {
    "\u00a0": "不间断空格",
    "\u00ad": "软连字符",
    "\u200b": "零宽空格",
    "\u200c": "零宽不连字",
    "\u200d": "零宽连字",
    "\u2060": "零宽不换行",
    "\ufeff": "字节序标记 BOM",
    "\u3000": "全角空格",
}
_HIDDEN = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_SPACE = re.compile(r"^[ \t]*[\u00a0\u3000]|^\s*(?:- )*[^\s:#'\"]+:(?:[ ]*[\u00a0\u3000])")
"""Spaces other than ASCII where YAML needs one: before a key or after its colon."""
_JOINS_PICTURES = 0x2190
"""From here on come arrows, pictures and emoji, which a zero-width joiner puts together."""
_ANY = re.compile(_HIDDEN.pattern[:-1] + "\u00a0\u3000]")


class Invisible(NamedTuple):
    """One such character; line and column from 1."""

    line: int
    col: int
    message: str
    hint: str


def invisible(lines: Sequence[str]) -> Iterator[Invisible]:
    """Every hidden character, and other spaces where they break YAML, outside of comment lines."""
    for number, line in enumerate(lines, 1):
        if line.isascii() or not _ANY.search(line) or line.lstrip().startswith("#"):
            continue
        for found in _HIDDEN.finditer(line):
            at = found.start()
            if found[0] == "\u200d" and at and ord(line[at - 1]) >= _JOINS_PICTURES:
                continue
            name = _NAMES.get(found[0], "改变文字方向的字符")
            yield Invisible(
                number, at + 1, f"看不见的字符 U+{ord(found[0]):04X}（{name}）", "请删掉它，重新输入这几个字。"
            )
        if space := _SPACE.match(line):
            at = space.end() - 1
            name = _NAMES[line[at]]
            yield Invisible(number, at + 1, f"这里是{name}（U+{ord(line[at]):04X}）", "请改成普通的半角空格。")
