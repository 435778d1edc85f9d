"""“你是不是想写 …”."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def suggest(word: str, options: Iterable[str], fallback: str = "") -> str:
    """A hint naming the option closest to `word`; all options when there are few; else `fallback`.

    >>> suggest("titel", ["id", "title"])
    '你是不是想写“title”？'
    """
    names = sorted(set(options))
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"你是不是想写“{close[0]}”？"
    if names and len(names) <= 15:
        return f"可以写：{'、'.join(names)}。"
    return fallback
