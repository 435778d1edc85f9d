"""Items of information in the turns: numbers, addresses, amounts, dates; which of them are personal.

RE2 expressions scan the joined buffer (numbers; e-mail, plate, amount and date; letters and digits; names; addresses;
answers; turns in which somebody dictates a piece of a number; digits behind a label). What they match are candidates:
checksums, calendars and the words before decide.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from qc.domain.conversation import Entity
from qc.domain.operators import EntityType
from qc.text.asked import ANSWERED, question
from qc.text.codes import CODED, codes
from qc.text.dictation import DICTATED, MAX_CHARS, Piece, dictated
from qc.text.digits import DIGIT, NUMBER, arabic, groups_of
from qc.text.echoes import repeated_numbers, repeated_texts
from qc.text.labelled import LABELLED, labelled
from qc.text.names import FOLLOWED, NAMED, beside, is_name
from qc.text.normalise import normalise
from qc.text.numbers import numbers
from qc.text.places import ADDRESS, AT_HOME, REACH, extent, goes_on
from qc.text.regex import compile_pattern
from qc.text.shapes import SHAPES, holds
from qc.text.shard import Ints, Shard
from qc.text.spelling import told_in_turns

ENTITY_TYPES: tuple[str, ...] = get_args(EntityType)
PERSONAL_TYPES = frozenset(ENTITY_TYPES) - {"amount", "date"}

_CORRECTS = re.compile(f"(?:[说报念打写记搞弄]错|不对|应该是|更正)[^{DIGIT}a-z¥单]{{0,12}}$")
_CONTEXT_BYTES = 3 * REACH
_TURNS_BACK = 2
"""Turns between which a place and its building may be divided: the centre may say 嗯 in one."""
_SAID_BEFORE = 400
"""Bytes: some four turns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entities:
    """One row per span, ordered by turn and start; spans of one turn never overlap.

    `turn` is an index into the shard's turns, `type` into ENTITY_TYPES, `start`/`end` are characters of the turn.
    """

    turn: Ints
    type: npt.NDArray[np.int8]
    start: Ints
    end: Ints
    valid: npt.NDArray[np.bool_]
    personal: npt.NDArray[np.bool_]

    def of_turn(self, turn: int) -> tuple[Entity, ...]:
        """The entities of one turn, in order."""
        lo, hi = np.searchsorted(self.turn, (turn, turn + 1))
        return tuple(self._entity(i) for i in range(int(lo), int(hi)))

    def by_turn(self) -> dict[int, tuple[Entity, ...]]:
        """All entities by turn index; turns without any are left out."""
        out: dict[int, list[Entity]] = {}
        for i, turn in enumerate(self.turn.tolist()):
            out.setdefault(turn, []).append(self._entity(i))
        return {turn: tuple(found) for turn, found in out.items()}

    def _entity(self, i: int) -> Entity:
        return Entity(
            type=ENTITY_TYPES[self.type[i]],
            start=int(self.start[i]),
            end=int(self.end[i]),
            valid=bool(self.valid[i]),
            personal=bool(self.personal[i]),
        )


class _Span(NamedTuple):
    """A candidate that held, in bytes of the buffer."""

    start: int
    end: int
    type: int
    valid: bool


def find_entities(shard: Shard) -> Entities:
    """The entities of every turn. Turns that carry theirs already (read back from a stored, masked run) keep those."""
    stored_entities = shard.turn_columns.entities or [None] * len(shard.turns)
    known = np.fromiter((e is not None for e in stored_entities), bool, len(shard.turns))
    spans = [] if known.all() else _spans(shard.buffer, _owner(shard), (*_dictated(shard), *_spelt(shard)))
    flat = np.array(spans, np.int64).reshape(-1, 4)
    turn, start, end = shard.locate(flat[:, 0], flat[:, 1])
    fresh = ~known[turn]
    rows = [np.column_stack((turn, start, end, flat[:, 2], flat[:, 3], _PERSONAL[flat[:, 2]]))[fresh]]
    stored = [
        (i, e.start, e.end, ENTITY_TYPES.index(e.type), e.valid, e.personal)
        for i in np.flatnonzero(known).tolist()
        for e in stored_entities[i] or ()
    ]
    rows.append(np.array(stored, np.int64).reshape(-1, 6))
    table = np.concatenate(rows)
    table = table[np.lexsort((table[:, 1], table[:, 0]))]
    return Entities(
        turn=table[:, 0],
        start=table[:, 1],
        end=table[:, 2],
        type=table[:, 3].astype(np.int8),
        valid=table[:, 4].astype(bool),
        personal=table[:, 5].astype(bool),
    )


def _owner(shard: Shard) -> Callable[[int], int]:
    """The conversation of a byte of the buffer."""
    starts, owners = shard.byte_start.tolist(), shard.conversation.tolist()
    return lambda at: owners[bisect_right(starts, at) - 1]


def find_in(text: str) -> tuple[Entity, ...]:
    """The entities of one text, in order."""
    buffer = normalise(text).encode("utf-8", "replace")
    out = []
    chars = at = 0
    for span in _spans(buffer, lambda _: 0):
        chars += len(buffer[at : span.start].decode())
        start, at = chars, span.start
        name = ENTITY_TYPES[span.type]
        out.append(
            Entity(
                type=name,
                start=start,
                end=start + len(buffer[span.start : span.end].decode()),
                valid=bool(span.valid),
                personal=name in PERSONAL_TYPES,
            )
        )
    return tuple(out)


_PERSONAL = np.array([t in PERSONAL_TYPES for t in ENTITY_TYPES])
_CODE = {name: i for i, name in enumerate(ENTITY_TYPES)}
_ORDER = ("secret", "email", "birthday", "credit_code", "id_card", "bank_card", "mobile", "landline", "plate")
_PRIORITY = {name: i for i, name in enumerate(_ORDER)}
_WEAKER = (_CODE["amount"], _CODE["account"])
_LONGER = ("account", "bank_card", "id_card")
_PUT_RIGHT = frozenset(_CODE[name] for name in ("account", "landline", "mobile", "bank_card", "id_card", "qq"))
_LEAST_CORRECTED, _LOST = 6, 12
"""Digits of a number put right; how many more or fewer than before."""
_HAVE_OWNERS = frozenset(_CODE[name] for name in ("mobile", "landline", "id_card", "bank_card", "address"))
_SAID_AGAIN = tuple(_CODE[name] for name in ("name", "wechat", "passport"))
_NOT_NUMBERS = frozenset(_CODE[name] for name in ("name", "address", "email", "plate", "birthday", "secret", "wechat"))


def _spans(buffer: bytes, owner: Callable[[int], int], dictated: Iterable[_Span] = ()) -> list[_Span]:
    runs = [(start, buffer[start:end].decode()) for start, end in compile_pattern(NUMBER).spans(buffer)]
    found = _without_overlaps([*_candidates(buffer, runs, owner), *dictated])
    found = _without_overlaps([*found, *_labelled(buffer, found)])
    found = _without_overlaps([*found, *_beside(buffer, found)])
    found = _without_overlaps([*found, *_corrected(buffer, runs, found, owner)])
    return _without_overlaps([*found, *_repeated(buffer, runs, found, owner)])


def _candidates(buffer: bytes, runs: Iterable[tuple[int, str]], owner: Callable[[int], int]) -> Iterator[_Span]:
    for start, text in runs:
        for found in numbers(text, _before(buffer, start), _after(buffer, start + len(text.encode()))):
            yield _span_in(start, text, found.start, found.end, _CODE[found.type], found.valid)
    for name, start, end in compile_pattern(SHAPES).named(buffer):
        if holds(name, buffer, start, end):
            yield _Span(start, end, _CODE[name], True)
    for start, end in compile_pattern(CODED).spans(buffer):
        text = buffer[start:end].decode()
        for found in codes(text, partial(_was_said, buffer, start, owner)):
            yield _span_in(start, text, found.start, found.end, _CODE[found.type], found.valid)
    for _, start, end in chain.from_iterable(compile_pattern(p).named(buffer) for p in (NAMED, FOLLOWED)):
        if is_name(buffer[start:end].decode()):
            yield _Span(start, end, _CODE["name"], True)
    for name, start, end in compile_pattern(ANSWERED).named(buffer):
        same = owner(start) == owner(buffer.rfind(b"\n", 0, start))
        kind = "name" if name == "told" else name
        if same and (kind != "name" or is_name(buffer[start:end].decode())):
            yield _Span(start, end, _CODE[kind], True)
    yield from _addresses(buffer, owner)


def _was_said(buffer: bytes, at: int, owner: Callable[[int], int], words: str) -> bool:
    """Whether one of the words was said in the turn of byte `at`, or shortly before it in its conversation."""
    first, last = max(0, at - _SAID_BEFORE), buffer.find(b"\n", at)
    return any(
        owner(first + word.start()) == owner(at)
        for word in re.finditer(words.encode(), buffer[first : last if last >= 0 else None])
    )


def _span_in(at: int, text: str, start: int, end: int, code: int, valid: bool) -> _Span:
    """Characters of `text`, which begins at byte `at`, as a span."""
    first = at + len(text[:start].encode())
    return _Span(first, first + len(text[start:end].encode()), code, valid)


def _labelled(buffer: bytes, found: list[_Span]) -> Iterator[_Span]:
    """What only its label makes a number: what is left of it before the first item that was `found` in it. A secret
    is one whatever it looks like, and any of these may have looked like an amount or a date."""
    found = [span for span in found if span.type not in _WEAKER]
    ends = [span.end for span in found]
    for kind, start, end in compile_pattern(LABELLED).named(buffer):
        text = buffer[start:end].decode()
        for number in labelled(kind, text, _before(buffer, start), _after(buffer, end)):
            span = _span_in(start, text, number.start, number.end, _CODE[number.type], number.valid)
            at = bisect_right(ends, span.start)
            free = at == len(found) or found[at].start >= span.end
            if free or number.type == "secret" or (number.type == "birthday" and found[at].type == _CODE["date"]):
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


def _beside(buffer: bytes, found: list[_Span]) -> Iterator[_Span]:
    """Names that stand directly beside what tells of a person."""
    for span in found:
        if span.type in _HAVE_OWNERS:
            before, after = _before(buffer, span.start), _after(buffer, span.end)
            for start, end in beside(before, after):
                if start < 0:
                    first = span.start - len(before[start:].encode())
                    yield _Span(first, first + len(before[start : end or None].encode()), _CODE["name"], True)
                else:
                    yield _span_in(span.end, after, start, end, _CODE["name"], True)


def _repeated(
    buffer: bytes, runs: Iterable[tuple[int, str]], found: list[_Span], owner: Callable[[int], int]
) -> Iterator[_Span]:
    """What was found once and is said again in the same conversation."""
    for code in _SAID_AGAIN:
        texts = [(span.start, span.end) for span in found if span.type == code]
        for start, end in repeated_texts(buffer, texts, owner):
            yield _Span(start, end, code, True)
    known: dict[int, dict[str, int]] = {}
    for span in found:
        if _PERSONAL[span.type] and span.type not in _NOT_NUMBERS:
            known.setdefault(owner(span.start), {})[arabic(buffer[span.start : span.end].decode())] = span.type
    for at, text in runs:
        here = known.get(owner(at))
        for start, end, kind in repeated_numbers(text, here) if here else ():
            yield _span_in(at, text, start, end, kind, False)


def _dictated(shard: Shard) -> Iterator[_Span]:
    matched = compile_pattern(DICTATED).named(shard.buffer)
    turns = [turn for turn in matched if turn[0] == "bare" or turn[2] - turn[1] <= 3 * MAX_CHARS]
    starts = np.array([start for _, start, _ in turns], np.int64)
    at = np.searchsorted(shard.byte_start, starts, side="right") - 1
    speaker = zip(shard.conversation[at].tolist(), shard.role[at].tolist(), strict=True)
    pieces = [
        Piece(turn, who, shard.buffer[start:end].decode(), how)
        for turn, who, (how, start, end) in zip(at.tolist(), speaker, turns, strict=True)
    ]
    answers = frozenset(piece.turn for piece in pieces if piece.how == "bare")

    for part in dictated(pieces, lambda turn: question(shard, turn, answers)):
        first, text = turns[part.piece][1], pieces[part.piece].text
        yield _span_in(first, text, part.start, part.end, _CODE[part.type], part.valid)


def _spelt(shard: Shard) -> Iterator[_Span]:
    for part in told_in_turns(shard):
        first = int(shard.byte_start[part.turn])
        yield _span_in(first, shard.normalised(part.turn), part.start, part.end, _CODE[part.type], False)


def _corrected(
    buffer: bytes, runs: Iterable[tuple[int, str]], found: list[_Span], owner: Callable[[int], int]
) -> Iterator[_Span]:
    """Numbers put right, 说错了，是…: of the type of the number shortly before."""
    before = [span for span in found if span.type in _PUT_RIGHT]
    starts, taken = [span.start for span in before], {span.start for span in found}
    for at, text in runs:
        k = bisect_right(starts, at) - 1
        if k < 0 or at in taken or at - starts[k] > _SAID_BEFORE or not _CORRECTS.search(_before(buffer, at)):
            continue
        digits, said = arabic(text), arabic(buffer[before[k].start : before[k].end].decode())
        if owner(at) == owner(starts[k]) and abs(len(digits) - len(said)) <= _LOST and len(digits) >= _LEAST_CORRECTED:
            yield _span_in(at, text, groups_of(text)[0][0], groups_of(text)[-1][1], before[k].type, False)


def _addresses(buffer: bytes, owner: Callable[[int], int]) -> Iterator[_Span]:
    for start, end in chain.from_iterable(compile_pattern(p).spans(buffer) for p in (ADDRESS, AT_HOME)):
        before, found = _before(buffer, start), buffer[start:end].decode()
        back = extent(before, found, _after(buffer, end))
        if back is None:
            continue
        first = start - len(before[len(before) - back :].encode()) if back > 0 else start + len(found[:-back].encode())
        yield _Span(first, end, _CODE["address"], True)
        turn = first
        for _ in range(_TURNS_BACK):
            turn = buffer.rfind(b"\n", 0, turn)
            if turn < 0 or owner(turn) != owner(first):
                break
            last = _before(buffer, turn)
            if (place := goes_on(_before(buffer, first), last)) is not None:
                yield _span_in(turn - len(last.encode()), last, *place, _CODE["address"], True)
                break


def _before(buffer: bytes, start: int) -> str:
    """What stands before `start` in the same turn."""
    part = buffer[max(0, start - _CONTEXT_BYTES) : start]
    return part[part.rfind(b"\n") + 1 :].decode("utf-8", "ignore")


def _after(buffer: bytes, end: int) -> str:
    """What stands after `end` in the same turn."""
    return buffer[end : end + _CONTEXT_BYTES].partition(b"\n")[0].decode("utf-8", "ignore")


def _without_overlaps(spans: Iterable[_Span]) -> list[_Span]:
    """Spans in order. Of two that overlap the more certain type stays whole, then the longer; the other one keeps what
    lies before or behind it if that is personal (建国路12号|13812345678), and is dropped if not."""
    out: list[_Span] = []
    for span in sorted(spans, key=lambda s: (s.start, _rank(s))):
        rest: _Span | None = span
        if out and span.start < out[-1].end:
            last = out[-1]
            if _rank(span) < _rank(last):
                out.pop()
                if _PERSONAL[last.type] and last.start < span.start:
                    out.append(last._replace(end=span.start))
            else:
                rest = span._replace(start=last.end) if _PERSONAL[span.type] and span.end > last.end else None
        if rest is not None:
            out.append(rest)
    return out


def _rank(span: _Span) -> tuple[int, int]:
    return _PRIORITY.get(ENTITY_TYPES[span.type], len(_PRIORITY)), span.start - span.end
