"""“你是不是想写 …”."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping


def suggest(word: str, options: Iterable[str], fallback: str = "") -> str:
    """A hint naming the option closest to `word`; all options when there are few; else `fallback`.

    >>> suggest("titel", ["id", "title"])
    '你是不是想写“title”？'
    """
    names = sorted(set(options))
    close = nearest(word, names)
    if close is not None:
        return f"你是不是想写“{close}”？"
    if names and len(names) <= 15:
        return f"可以写：{'、'.join(names)}。"
    return fallback


def nearest(word: str, options: Iterable[str]) -> str | None:
    """The option spelt most like `word`; None when none is like it."""
    return next(iter(difflib.get_close_matches(word, sorted(set(options)), n=1, cutoff=0.6)), None)


def suggest_field(word: str, fields: Mapping[str, str]) -> str:
    """A hint for a key that does not exist: the field closest in spelling or described by `word`, else all of them.

    >>> suggest_field("严重程度", {"severity": "严重程度 low、high", "title": "名称"})
    '你是不是想写“severity”？'
    """
    if not fields:
        return "请删掉它。"
    meant = [name for name, about in fields.items() if len(word) > 1 and about.startswith(word)]
    return suggest(meant[0] if meant else word, fields, f"可以写：{'、'.join(fields)}。")
