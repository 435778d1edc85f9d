"""Draft: a conversation as a reader found it, before manifest and configuration have had their say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

from qc.domain.conversation import Channel, Role, Turn
from qc.ingest.details import Details
from qc.ingest.json_value import ShapeError

_CLAUSE_MARKS = "。！？!?；;\n，,、：: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """`format` as in Source. `channel` is what the format suggests (a chat is CHAT); None: a call, as configured.

    `key` tells it apart from others in the same file, where the file gives no conversation id.
    """

    format: str
    turns: tuple[Turn, ...]
    details: Details = field(default_factory=Details)
    channel: Channel | None = None
    key: str | None = None


def spoken(role: Role, text: str, start_ms: int | None, end_ms: int | None, **more: float | int | None) -> Turn:
    """A turn of a call. An end before its start is dropped; `more`: confidence, audio_channel."""
    if start_ms is None or (end_ms is not None and end_ms < start_ms):
        end_ms = None
    return Turn(role=role, text=text, start_ms=start_ms, end_ms=end_ms, **more)  # type: ignore[arg-type]


def in_order(turns: Iterable[Turn], max_chars: int) -> tuple[Turn, ...]:
    """Turns with words, in time order when all have times (stable), the overlong ones split.

    Raises ShapeError (empty_conversation) when nobody says anything.
    """
    kept = [t for t in turns if t.text]
    if not kept:
        raise ShapeError("empty_conversation", "会话里没有任何文字")
    starts = [t.start_ms for t in kept if t.start_ms is not None]
    if len(starts) == len(kept) and any(a > b for a, b in pairwise(starts)):
        kept.sort(key=lambda t: t.start_ms or 0)
    if all(len(t.text) <= max_chars for t in kept):
        return tuple(kept)
    return tuple(part for t in kept for part in split(t, max_chars))


def split(turn: Turn, max_chars: int) -> Iterator[Turn]:
    """`turn` cut into turns of at most `max_chars` characters, at clause ends where there are any, losing no
    character. Times of speech are shared out by length.
    """
    text = turn.text
    if len(text) <= max_chars:
        yield turn
        return
    first = 0
    while first < len(text):
        last = _cut(text, first, min(first + max_chars, len(text)))
        if turn.start_ms is None or turn.end_ms is None:
            yield replace(turn, text=text[first:last])
        else:
            length = turn.end_ms - turn.start_ms
            start_ms = turn.start_ms + length * first // len(text)
            yield replace(
                turn, text=text[first:last], start_ms=start_ms, end_ms=turn.start_ms + length * last // len(text)
            )
        first = last


def _cut(text: str, first: int, limit: int) -> int:
    if limit == len(text):
        return limit
    half = first + (limit - first) // 2  # no crumbs: look for a mark in the second half only
    for marks in (_CLAUSE_MARKS[:7], _CLAUSE_MARKS[7:]):
        if (best := max(text.rfind(mark, half, limit) for mark in marks)) >= 0:
            return best + 1
    return limit
