"""Items that are recognised where they stand: numbers, codes, shapes, names, addresses, answers to a question.

RE2 expressions find candidates in the joined buffer; checksums, calendars and the words around decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain

from qc.text.asked import ANSWERED
from qc.text.codes import CODED, codes
from qc.text.names import FOLLOWED, NAMED, is_name
from qc.text.numbers import numbers
from qc.text.places import ADDRESS, AT_HOME, extent, goes_on
from qc.text.regex import compile_pattern
from qc.text.shapes import SHAPES, holds
from qc.text.spans import CODE, Owner, Span, span_in, text_after, text_before

SAID_BEFORE = 400
"""Bytes: some four turns."""
_TURNS_BACK = 2
"""Turns between which a place and its building may be divided: the centre may say 嗯 in one."""


def recognised(buffer: bytes, runs: Iterable[tuple[int, str]], owner: Owner) -> Iterator[Span]:
    """The items in `buffer`; `runs` are its matches of NUMBER, with the byte at which each begins."""
    for start, text in runs:
        for number in numbers(text, text_before(buffer, start), text_after(buffer, start + len(text.encode()))):
            yield span_in(start, text, number.start, number.end, CODE[number.type], number.valid)
    for name, start, end in compile_pattern(SHAPES).named(buffer):
        if holds(name, buffer, start, end):
            yield Span(start, end, CODE[name], True)
    for start, end in compile_pattern(CODED).spans(buffer):
        text = buffer[start:end].decode()
        for number in codes(text, partial(_was_said, buffer, start, owner)):
            yield span_in(start, text, number.start, number.end, CODE[number.type], number.valid)
    for _, start, end in chain.from_iterable(compile_pattern(p).named(buffer) for p in (NAMED, FOLLOWED)):
        if is_name(buffer[start:end].decode()):
            yield Span(start, end, CODE["name"], True)
    yield from _answers(buffer, owner)
    yield from _addresses(buffer, owner)


def _was_said(buffer: bytes, at: int, owner: Owner, words: str) -> bool:
    """Whether one of the words was said in the turn of byte `at`, or shortly before it in its conversation."""
    first, last = max(0, at - SAID_BEFORE), buffer.find(b"\n", at)
    return any(
        owner(first + word.start()) == owner(at)
        for word in re.finditer(words.encode(), buffer[first : last if last >= 0 else None])
    )


def _answers(buffer: bytes, owner: Owner) -> Iterator[Span]:
    """Turns that are nothing but what the turn before asked for."""
    for name, start, end in compile_pattern(ANSWERED).named(buffer):
        same = owner(start) == owner(buffer.rfind(b"\n", 0, start))
        kind = "name" if name == "told" else name
        if same and (kind != "name" or is_name(buffer[start:end].decode())):
            yield Span(start, end, CODE[kind], True)


def _addresses(buffer: bytes, owner: Owner) -> Iterator[Span]:
    for start, end in chain.from_iterable(compile_pattern(p).spans(buffer) for p in (ADDRESS, AT_HOME)):
        before, found = text_before(buffer, start), buffer[start:end].decode()
        back = extent(before, found, text_after(buffer, end))
        if back is None:
            continue
        first = start - len(before[len(before) - back :].encode()) if back > 0 else start + len(found[:-back].encode())
        yield Span(first, end, CODE["address"], True)
        turn = first
        for _ in range(_TURNS_BACK):
            turn = buffer.rfind(b"\n", 0, turn)
            if turn < 0 or owner(turn) != owner(first):
                break
            last = text_before(buffer, turn)
            if (place := goes_on(text_before(buffer, first), last)) is not None:
                yield span_in(turn - len(last.encode()), last, *place, CODE["address"], True)
                break
