"""Numbers read out over several turns (一三八 · 一二三四 · 五六七八), whatever the other side says in between; numbers
that only a question makes personal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from qc.text.asked import Question
from qc.text.digits import DIGIT, GAP, arabic, groups_of
from qc.text.labelled import is_hotline, phone_type
from qc.text.numbers import classify

_LEAD = (
    "[嗯啊呃哦喂是对好的那就您你行我，。、： ]|手机号?码?|电话|[户护互呼库]号|号码|卡号|身份证号?|[工农中建交招]行"
    "|记一下|记下|再?说一遍|重复一遍|再报一[遍下]|应该"
)
_TAIL = "[，。、 \ufe0f\u20e3啦了吗呢吧啊嗯对是好的？！]|然后呢?|后面呢?|继续|您说|没错"
_RUN = rf"[{DIGIT}](?:{GAP}{{0,4}}[{DIGIT}]){{1,39}}(?:{GAP}{{0,2}}x)?"
_END = rf"(?:{_TAIL}){{0,6}}(?:[，。、 ][^\n{DIGIT}]{{1,6}})?"
_BARE = rf"(?:{_LEAD}|{GAP}){{0,8}}{_RUN}{_END}"
DICTATED = rf"(?m)^(?:(?P<bare>{_BARE})|(?P<led>[^\n]{{0,15}}[^\na-z0-9¥.]{_RUN}{_END}))$"
"""RE2: a turn that is nothing but digits, with what people say around them; or one of a few words that ends in digits,
which counts only where it answers a question."""

_MAX_PIECES = 8
_MAX_TURNS_BETWEEN = 3
_COMPLETE = 11
"""A piece this long is a number of its own."""
_LEAST = {"phone": 7, "id_card": 6, "bank_card": 8, "account": 6, "secret": 4, "qq": 5, "passport": 7, "birthday": 8}
_MOST = {**_LEAST, "phone": 12, "id_card": 18, "bank_card": 19, "account": 20, "qq": 11, "passport": 11}
"""Digits that several pieces of one answer may have together."""
_LEAST_ECHO = 2
_LAST_RUN = re.compile(rf".*?(?P<run>[{DIGIT}](?:{GAP}{{0,4}}[{DIGIT}])*(?:{GAP}{{0,2}}x)?)[^{DIGIT}]*$")


class Piece(NamedTuple):
    """A turn that matches DICTATED: its index, who speaks in which conversation, its normalised text, whether it is
    `bare`."""

    turn: int
    speaker: tuple[int, int]
    text: str
    bare: bool


class Part(NamedTuple):
    """Characters `start`..`end` of the piece with that index are a number of `type`, or a part of one."""

    piece: int
    type: str
    start: int
    end: int
    valid: bool


def dictated(pieces: Sequence[Piece], asked: Callable[[int], Question | None]) -> Iterator[Part]:
    """Numbers made of pieces of one speaker. `asked` gives the question a turn answers. Where none was asked, two or
    more pieces must make a number that holds; where one was, what is said is one, even if digits were lost or put
    right. What is repeated of it goes with it."""
    by_speaker: dict[tuple[int, int], list[int]] = {}
    for index, piece in enumerate(pieces):
        by_speaker.setdefault(piece.speaker, []).append(index)
    for (conversation, _), mine in by_speaker.items():
        i = 0
        while i < len(mine):
            chain = _chain(pieces, mine, i)
            question = asked(pieces[chain[0]].turn)
            found = _number(pieces, chain, question) if _answers(pieces[chain[0]], question) else None
            if found is None:
                i += 1
                continue
            name, size, valid = found
            yield from (_part(pieces, k, name, valid) for k in chain[:size])
            around = (k for who, ks in by_speaker.items() if who[0] == conversation for k in ks)
            yield from _echoes(pieces, chain[:size], around, name)
            i += size


def _chain(pieces: Sequence[Piece], mine: Sequence[int], first: int) -> list[int]:
    chain = [mine[first]]
    for k in mine[first + 1 : first + _MAX_PIECES]:
        if pieces[k].turn - pieces[chain[-1]].turn > _MAX_TURNS_BETWEEN + 1:
            break
        if pieces[k].bare:
            chain.append(k)
    return chain


def _answers(piece: Piece, question: Question | None) -> bool:
    """Whether the piece can begin a number: words before its digits make it one only as an answer to the centre, or
    where they say themselves what it is."""
    if piece.bare:
        return True
    return question is not None and question.sure and (question.turn == piece.turn or question.of_centre)


def _number(pieces: Sequence[Piece], chain: Sequence[int], question: Question | None) -> tuple[str, int, bool] | None:
    """Type, count of pieces and certainty of the number that begins with the first piece of `chain`."""
    if question is not None and question.kind == "innocent":
        return None
    parts = [_digits(pieces[k]) for k in chain]
    for size in range(len(parts), 1, -1):
        if min(map(len, parts[:size])) > 1 and max(map(len, parts[:size])) < _COMPLETE:
            found = classify("".join(parts[:size]), "")
            if found is not None and found[1]:
                return found[0], size, True
    if question is None or not question.sure or question.kind not in _LEAST:
        return None
    size, total = 1, len(parts[0])
    while size < len(parts) and total + len(parts[size]) <= _MOST[question.kind]:
        total += len(parts[size])
        size += 1
    digits = "".join(parts[:size])
    if total < _LEAST[question.kind] or (question.kind == "phone" and is_hotline(digits)):
        return None
    return phone_type(digits) if question.kind == "phone" else question.kind, size, False


def _echoes(pieces: Sequence[Piece], said: Sequence[int], around: Iterator[int], name: str) -> Iterator[Part]:
    digits = "".join(_digits(pieces[k]) for k in said)
    first, last = pieces[said[0]].turn, pieces[said[-1]].turn
    for k in around:
        piece = pieces[k]
        again = _digits(piece)
        if first < piece.turn <= last + 2 and len(again) >= _LEAST_ECHO and again in digits:
            yield _part(pieces, k, name, False)


def _groups(piece: Piece) -> list[tuple[int, int]]:
    if piece.bare:
        return groups_of(piece.text)
    found = _LAST_RUN.match(piece.text)
    start, end = found.span("run") if found else (0, 0)
    return [(start + a, start + b) for a, b in groups_of(piece.text[start:end])]


def _digits(piece: Piece) -> str:
    return "".join(arabic(piece.text[start:end]) for start, end in _groups(piece))


def _part(pieces: Sequence[Piece], index: int, name: str, valid: bool) -> Part:
    groups = _groups(pieces[index])
    return Part(index, name, groups[0][0], groups[-1][1], valid)
