"""A change of some characters of a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Change(NamedTuple):
    """Characters `start`..`end` (exclusive) of a text that read `text` instead."""

    start: int
    end: int
    text: str


def changed(text: str, changes: Sequence[Change]) -> str:
    """The text with changes made that are in order and do not overlap.

    >>> changed("等二十天", [Change(1, 3, "20")])
    '等20天'
    """
    parts, at = [], 0
    for change in changes:
        parts += [text[at : change.start], change.text]
        at = change.end
    return "".join((*parts, text[at:]))
