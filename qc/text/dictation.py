"""Numbers read out over several turns (一三八 · 一二三四 · 五六七八), whatever the other side says in between; numbers
that only a question makes personal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from qc.text.asked import Question
from qc.text.digits import CROSS, DIGIT, GAP, ONE, SPOKEN, arabic, groups_of
from qc.text.labelled import is_hotline, phone_type
from qc.text.numbers import CALLED, UNITS, classify

_LEAD = (
    "[嗯啊呃哦喂诶是对好的那就您你行我说，。、： ]|手机号?码?|电话|[户护互呼库]号|号码|卡号|身份证号?|[工农中建交招]行"
    "|记一下|记下|再?说一遍|重复一遍|再报一[遍下]|应该|不好意思|等一下|[说报念打写记搞弄]错了?"
)
_TAIL = (
    "[，。、 \ufe0f\u20e3啦了吗呢吧啊嗯对是好的？！]|然后呢?|后面呢?|还有呢?|[您你请]?继续|请讲|[您你请]说"
    "|没错|收到|记下了"
)
_RUN = rf"(?:{ONE}(?:{GAP}{{0,4}}{ONE})+(?:{GAP}{{0,2}}(?:{CROSS}))?|[{DIGIT}]个[{DIGIT}])"
_END = rf"(?:{_TAIL}){{0,6}}(?:[，。、 ][^\n{DIGIT}]{{1,6}})?"
_BARE = rf"(?:{_LEAD}|{GAP}){{0,8}}{_RUN}{_END}"
_TAILED = rf"(?:{_LEAD}|{GAP}){{0,8}}{_RUN}[^\na-z¥*{DIGIT}{UNITS}][^\n]*"
_WITHIN = rf"[^\n¥]*[^\na-z0-9¥.*]{_RUN}[^\na-z¥*{DIGIT}{UNITS}][^\n]*"
DICTATED = (
    rf"(?m)^(?:(?P<bare>{_BARE})|(?P<led>[^\n¥]*[^\na-z0-9¥.*]{_RUN}{_END})"
    rf"|(?P<tailed>{_TAILED})|(?P<within>{_WITHIN}))$"
)
"""RE2: a turn that is nothing but digits, with what people say around them; one of a few words that ends in digits, and
one that begins with them or has them in the middle, which count only where they answer a question or make a whole
number together."""
MAX_CHARS = 50
"""A longer turn tells more than a number."""
_CERTAIN = frozenset(("mobile", "id_card", "bank_card"))
"""Types whose digits hold by themselves, whatever is said around them."""

_MAX_PIECES = 8
_MAX_TURNS_BETWEEN = 3
_MAX_DELAY = 2
"""Turns after a question in which more than bare digits answer it."""
_COMPLETE = 11
"""A piece this long may be a number of its own."""
_LEAST = {"phone": 7, "id_card": 6, "bank_card": 8, "account": 6, "secret": 4, "qq": 5, "passport": 7, "birthday": 8}
_MOST = {**_LEAST, "phone": 12, "id_card": 18, "bank_card": 19, "account": 20, "qq": 11, "passport": 11}
"""Digits that several pieces of one answer may have together."""
_MAX_DIGITS = 40
_LEAST_ECHO, _LEAST_AMONG_WORDS = 2, 4
_HOTLINE = 5
_BEHIND_ONE = frozenset("位般下直些样起个遍共定")
_FARTHEST = {"led": 21, "within": 13}
"""Characters before the digits of an answer."""
_DECIMAL = re.compile(r"[0-9]{1,5}[.点][0-9]{1,2}(?![0-9])")
_DAY = re.compile("20[0-9]{2}(?:0[1-9]|1[0-2])[0-3][0-9]")
_FIRST_RUN = re.compile(rf"(?:{_LEAD}|{GAP}){{0,8}}(?P<run>{_RUN})")
_ONLY_RUN = re.compile(rf".*?(?P<run>{_RUN})")
_LAST_RUN = re.compile(rf".*?(?P<run>{ONE}(?:{GAP}{{0,4}}{ONE})*(?:{GAP}{{0,2}}(?:{CROSS}))?)[^{DIGIT}]*$")
_RUNS = {"bare": _FIRST_RUN, "led": _LAST_RUN, "tailed": _FIRST_RUN, "within": _ONLY_RUN}


class Piece(NamedTuple):
    """A turn that matches DICTATED: its index, who speaks in which conversation, its normalised text, and `how` it
    matched: bare, led or tailed."""

    turn: int
    speaker: tuple[int, int]
    text: str
    how: str


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
            found = _number(pieces, chain, asked(pieces[chain[0]].turn))
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
        if pieces[k].how == "bare" or (pieces[k].how == "tailed" and not _DECIMAL.search(pieces[k].text)):
            chain.append(k)
        if pieces[k].how == "tailed":
            break
    return chain


def _answers(piece: Piece, question: Question) -> bool:
    """Whether the piece can begin an answer: words before or behind its digits make it one only as an answer to the
    centre, or where they say themselves what it is."""
    if piece.how != "bare" and piece.turn - question.turn > _MAX_DELAY:
        return False
    if _groups(piece)[0][0] > _FARTHEST.get(piece.how, MAX_CHARS):
        return False
    if piece.how in ("tailed", "within") and question.turn == piece.turn:
        return False  # a label is enough
    if piece.how == "bare" and question.kind != "phone":
        return question.sure
    return question.sure and question.is_answered_by(piece.turn, piece.speaker[1])


def _number(pieces: Sequence[Piece], chain: Sequence[int], question: Question | None) -> tuple[str, int, bool] | None:
    """Type, count of pieces and certainty of the number that begins with the first piece of `chain`."""
    first = pieces[chain[0]]
    if question is not None and question.kind == "innocent" and not _stands_for_itself(first, question):
        return None
    parts = [_digits(pieces[k]) for k in chain]
    begins = first.how in ("bare", "led")
    for size in range(len(parts) if begins else 0, 1, -1):
        found = classify("".join(parts[:size]), "") if all(map(_is_part, parts[:size])) else None
        if found is not None and found[1] and (first.how == "bare" or found[0] in _CERTAIN):
            return found[0], size, True
    if question is None or question.kind not in _LEAST or not _answers(first, question):
        return None
    size, total = 1, len(parts[0])
    while begins and size < len(parts) and total + len(parts[size]) <= _MOST[question.kind]:
        total += len(parts[size])
        size += 1
    digits = "".join(parts[:size])
    company = is_hotline(digits) and (question.kind == "phone" or first.how != "bare" or total == _HOTLINE)
    if not _LEAST[question.kind] <= total <= _MAX_DIGITS or company:
        return None
    if is_hotline(parts[0]) and question.kind == "phone":
        return None
    if first.how != "bare" and (_DAY.fullmatch(digits) or _DECIMAL.search(first.text)):
        return None
    return phone_type(digits) if question.kind == "phone" else question.kind, size, False


def _stands_for_itself(piece: Piece, question: Question) -> bool:
    """Whether the piece does not answer what was asked, but begins a number told unasked: 打135…."""
    if piece.how != "led":
        return False
    return question.turn != piece.turn or CALLED.search(piece.text[: _groups(piece)[0][0]]) is not None


def _is_part(digits: str) -> bool:
    """Whether these digits can be a part of a number rather than one of their own."""
    whole = classify(digits, "") if len(digits) >= _COMPLETE else None
    return len(digits) > 1 and not (whole is not None and whole[1])


def _echoes(pieces: Sequence[Piece], said: Sequence[int], around: Iterator[int], name: str) -> Iterator[Part]:
    digits = "".join(_digits(pieces[k]) for k in said)
    first, last = pieces[said[0]].turn, pieces[said[-1]].turn
    for k in around:
        piece = pieces[k]
        again = _digits(piece)
        least = _LEAST_ECHO if piece.how == "bare" else _LEAST_AMONG_WORDS
        if first < piece.turn <= last + 2 and len(again) >= least and again in digits and not is_hotline(again):
            yield _part(pieces, k, name, False)


def _groups(piece: Piece) -> list[tuple[int, int]]:
    found = _RUNS[piece.how].match(piece.text)
    if found is None:
        return []
    start, end = found.span("run")
    groups = [(start + a, start + b) for a, b in groups_of(piece.text[start:end])]
    return groups[:-1] if piece.how != "bare" and _begins_a_word(piece.text, groups) else groups


def _begins_a_word(text: str, groups: Sequence[tuple[int, int]]) -> bool:
    """Whether the last group is a Chinese digit that stands apart behind 0–9 and goes on as a word: 27647493，一般."""
    if len(groups) < 2:
        return False
    (_, end), (start, stop) = groups[-2:]
    if stop - start != 1 or text[start] not in SPOKEN:
        return False
    if text[end - 1] in SPOKEN:
        return start > end and text[start] == "一" and text[stop : stop + 1] in _BEHIND_ONE
    return bool(text[stop:].strip("。 ")) and (start > end or "一" <= text[stop] <= "鿿")


def _digits(piece: Piece) -> str:
    return "".join(arabic(piece.text[start:end]) for start, end in _groups(piece))


def _part(pieces: Sequence[Piece], index: int, name: str, valid: bool) -> Part:
    groups = _groups(pieces[index])
    return Part(index, name, groups[0][0], groups[-1][1], valid)
