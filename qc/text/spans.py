"""Candidates for items of information as spans of a shard's buffer, and which of them stay where they overlap."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import NamedTuple, get_args

from qc.domain.operators import EntityType
from qc.text.places import REACH

ENTITY_TYPES: tuple[str, ...] = get_args(EntityType)
PERSONAL_TYPES = frozenset(ENTITY_TYPES) - {"amount", "date"}
CODE = {name: i for i, name in enumerate(ENTITY_TYPES)}
"""The code of a type is its place in ENTITY_TYPES."""
IS_PERSONAL = tuple(name in PERSONAL_TYPES for name in ENTITY_TYPES)

_SURE = ("secret", "email", "birthday", "credit_code", "id_card", "bank_card", "mobile", "landline", "plate")
_RANK = tuple(_SURE.index(name) if name in _SURE else len(_SURE) for name in ENTITY_TYPES)
_CONTEXT_BYTES = 3 * REACH

Owner = Callable[[int], int]
"""The conversation of a byte of the buffer."""


class Span(NamedTuple):
    """A candidate that held, in bytes of the buffer; `type` is a code."""

    start: int
    end: int
    type: int
    valid: bool


def span_in(at: int, text: str, start: int, end: int, code: int, valid: bool) -> Span:
    """Characters of `text`, which begins at byte `at`, as a span."""
    if text.isascii():
        return Span(at + start, at + end, code, valid)
    first = at + len(text[:start].encode())
    return Span(first, first + len(text[start:end].encode()), code, valid)


def text_before(buffer: bytes, start: int) -> str:
    """What stands before `start` in the same turn."""
    part = buffer[max(0, start - _CONTEXT_BYTES) : start]
    return part[part.rfind(b"\n") + 1 :].decode("utf-8", "ignore")


def text_after(buffer: bytes, end: int) -> str:
    """What stands after `end` in the same turn."""
    return buffer[end : end + _CONTEXT_BYTES].partition(b"\n")[0].decode("utf-8", "ignore")


def without_overlaps(spans: Iterable[Span]) -> list[Span]:
    """Spans in order. Of two that overlap the more certain type stays whole, then the longer; the other one keeps what
    lies before or behind it if that is personal (建国路12号|13812345678), and is dropped if not."""
    spans = list(spans)
    if all(a.start < b.start and a.end <= b.start for a, b in pairwise(spans)):
        return spans
    out: list[Span] = []
    for span in sorted(spans, key=_order):
        rest: Span | None = span
        if out and span.start < out[-1].end:
            last = out[-1]
            if _rank(span) < _rank(last):
                out.pop()
                if IS_PERSONAL[last.type] and last.start < span.start:
                    out.append(last._replace(end=span.start))
            else:
                rest = span._replace(start=last.end) if IS_PERSONAL[span.type] and span.end > last.end else None
        if rest is not None:
            out.append(rest)
    return out


def _order(span: Span) -> tuple[int, int, int]:
    return span.start, _RANK[span.type], span.start - span.end


def _rank(span: Span) -> tuple[int, int]:
    return _RANK[span.type], span.start - span.end
