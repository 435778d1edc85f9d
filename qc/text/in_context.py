"""Items that only what was said around them makes ones: a label, somebody's number beside a name, a number put right,
an item named before."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from qc.text.digits import DIGIT, arabic, groups_of
from qc.text.echoes import repeated_numbers, repeated_texts
from qc.text.labelled import LABELLED, labelled
from qc.text.names import beside
from qc.text.recognised import SAID_BEFORE
from qc.text.regex import compile_pattern
from qc.text.spans import CODE, IS_PERSONAL, Owner, Span, span_in, text_after, text_before

_CORRECTS = re.compile(f"(?:[说报念打写记搞弄]错|不对|应该是|更正)[^{DIGIT}a-z¥单]{{0,12}}$")
_WEAKER = (CODE["amount"], CODE["account"])
_LONGER = ("account", "bank_card", "id_card")
_PUT_RIGHT = frozenset(CODE[name] for name in ("account", "landline", "mobile", "bank_card", "id_card", "qq"))
_LEAST_CORRECTED, _LOST = 6, 12
"""Digits of a number put right; how many more or fewer than before."""
_HAVE_OWNERS = frozenset(CODE[name] for name in ("mobile", "landline", "id_card", "bank_card", "address"))
_SAID_AGAIN = tuple(CODE[name] for name in ("name", "wechat", "passport"))
_NOT_NUMBERS = frozenset(CODE[name] for name in ("name", "address", "email", "plate", "birthday", "secret", "wechat"))
_NUMBERS = frozenset(code for code in CODE.values() if IS_PERSONAL[code]) - _NOT_NUMBERS


def labelled_items(buffer: bytes, found: Sequence[Span]) -> Iterator[Span]:
    """What only its label makes a number: what is left of it before the first item that was `found` in it. A secret
    is one whatever it looks like, and any of these may have looked like an amount or a date."""
    found = [span for span in found if span.type not in _WEAKER]
    ends = [span.end for span in found]
    for kind, start, end in compile_pattern(LABELLED).named(buffer):
        text = buffer[start:end].decode()
        for number in labelled(kind, text, text_before(buffer, start), text_after(buffer, end)):
            span = span_in(start, text, number.start, number.end, CODE[number.type], number.valid)
            at = bisect_right(ends, span.start)
            free = at == len(found) or found[at].start >= span.end
            if free or number.type == "secret" or (number.type == "birthday" and found[at].type == CODE["date"]):
                yield span
            else:
                if found[at].start > span.start:
                    yield span._replace(end=found[at].start)
                rest = buffer[found[at].end : max(span.end, found[at].end)].decode()
                if (
                    kind in _LONGER
                    and found[at].start <= span.start
                    and (len(arabic(rest)) > 1 or rest[-1:].isdecimal())
                ):
                    yield span._replace(start=found[at].end)  # a telephone number is only seen in its first digits


def names_beside(buffer: bytes, found: Iterable[Span]) -> Iterator[Span]:
    """Names that stand directly beside what tells of a person."""
    for span in found:
        if span.type in _HAVE_OWNERS:
            before, after = text_before(buffer, span.start), text_after(buffer, span.end)
            for start, end in beside(before, after):
                if start < 0:
                    first = span.start - len(before[start:].encode())
                    yield Span(first, first + len(before[start : end or None].encode()), CODE["name"], True)
                else:
                    yield span_in(span.end, after, start, end, CODE["name"], True)


def corrected_numbers(
    buffer: bytes, runs: Iterable[tuple[int, str]], found: Sequence[Span], owner: Owner
) -> Iterator[Span]:
    """Numbers put right, 说错了，是…: of the type of the number shortly before."""
    before = [span for span in found if span.type in _PUT_RIGHT]
    starts, taken = [span.start for span in before], {span.start for span in found}
    for at, text in runs:
        k = bisect_right(starts, at) - 1
        if k < 0 or at in taken or at - starts[k] > SAID_BEFORE or not _CORRECTS.search(text_before(buffer, at)):
            continue
        digits, said = arabic(text), arabic(buffer[before[k].start : before[k].end].decode())
        if owner(at) == owner(starts[k]) and abs(len(digits) - len(said)) <= _LOST and len(digits) >= _LEAST_CORRECTED:
            groups = groups_of(text)
            yield span_in(at, text, groups[0][0], groups[-1][1], before[k].type, False)


def said_again(buffer: bytes, runs: Iterable[tuple[int, str]], found: Sequence[Span], owner: Owner) -> Iterator[Span]:
    """What was found once and is said again in the same conversation."""
    for code in _SAID_AGAIN:
        texts = [(span.start, span.end) for span in found if span.type == code]
        for start, end in repeated_texts(buffer, texts, owner):
            yield Span(start, end, code, True)
    known: dict[int, dict[str, int]] = {}
    for span in found:
        if span.type in _NUMBERS:
            known.setdefault(owner(span.start), {})[arabic(buffer[span.start : span.end].decode())] = span.type
    for at, text in runs if known else ():
        here = known.get(owner(at))
        for start, end, kind in repeated_numbers(text, here) if here else ():
            yield span_in(at, text, start, end, kind, False)
