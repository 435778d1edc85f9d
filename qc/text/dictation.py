"""Numbers read out over several turns (一三八 · 一二三四 · 五六七八), whatever the other side says in between; numbers
that only a question makes personal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from qc.text.asked import ANSWERING, Question
from qc.text.dictated_turns import FEWEST_DIGITS, MAX_CHARS, Piece
from qc.text.labelled import is_hotline, phone_type
from qc.text.number_types import CALLED, classify

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
_FARTHEST = {"led": 21, "within": 13}
"""Characters before the digits of an answer."""
_DECIMAL = re.compile(r"[0-9]{1,5}[.点][0-9]{1,2}(?![0-9])")
_DAY = re.compile("20[0-9]{2}(?:0[1-9]|1[0-2])[0-3][0-9]")


class Part(NamedTuple):
    """Characters `start`..`end` of the piece with that index are a number of `type`, or a part of one."""

    piece: int
    type: str
    start: int
    end: int
    valid: bool


def dictated(pieces: Sequence[Piece], asked: Callable[[int], Question | None]) -> Iterator[Part]:
    """Numbers made of pieces of one speaker; conversations stand one behind the other. `asked` gives the question a
    turn answers. Where none was asked, two or more pieces must make a number that holds; where one was, what is said is
    one, even if digits were lost or put right. What is repeated of it goes with it."""
    by_speaker: dict[int, dict[int, list[int]]] = {}
    for index, piece in enumerate(pieces):
        conversation, role = piece.speaker
        by_speaker.setdefault(conversation, {}).setdefault(role, []).append(index)
    for speakers in by_speaker.values():
        for mine in speakers.values():
            i = 0
            while i < len(mine):
                chain = _chain(pieces, mine, i)
                found = _number(pieces, chain, asked)
                if found is None:
                    i += 1
                    continue
                name, size, valid = found
                yield from (_part(pieces, k, name, valid) for k in chain[:size])
                yield from _echoes(pieces, chain[:size], (k for ks in speakers.values() for k in ks), name)
                i += size


def _chain(pieces: Sequence[Piece], mine: Sequence[int], first: int) -> list[int]:
    chain = [mine[first]]
    if not pieces[mine[first]].begins:
        return chain
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
    if piece.groups[0][0] > _FARTHEST.get(piece.how, MAX_CHARS):
        return False
    if piece.how in ("tailed", "within") and question.turn == piece.turn:
        return False  # a label is enough
    if piece.how == "bare" and question.kind != "phone":
        return question.sure
    return question.sure and question.is_answered_by(piece.turn, piece.speaker[1])


def _number(
    pieces: Sequence[Piece], chain: Sequence[int], asked: Callable[[int], Question | None]
) -> tuple[str, int, bool] | None:
    """Type, count of pieces and certainty of the number that begins with the first piece of `chain`."""
    first = pieces[chain[0]]
    if len(chain) == 1 and not ((first.begins or first.speaker[1] in ANSWERING) and first.may_tell_a_number()):
        return None
    parts = [pieces[k].digits for k in chain]
    if sum(map(len, parts)) < FEWEST_DIGITS:
        return None
    question = asked(first.turn)
    if question is not None and question.kind == "innocent" and not _stands_for_itself(first, question):
        return None
    for size in range(len(parts), 1, -1):
        found = classify("".join(parts[:size]), "") if all(map(_is_part, parts[:size])) else None
        if found is not None and found[1] and (first.how == "bare" or found[0] in _CERTAIN):
            return found[0], size, True
    if question is None or question.kind not in _LEAST or not _answers(first, question):
        return None
    size, total = 1, len(parts[0])
    while size < len(parts) and total + len(parts[size]) <= _MOST[question.kind]:
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
    return question.turn != piece.turn or CALLED.search(piece.text[: piece.groups[0][0]]) is not None


def _is_part(digits: str) -> bool:
    """Whether these digits can be a part of a number rather than one of their own."""
    whole = classify(digits, "") if len(digits) >= _COMPLETE else None
    return len(digits) > 1 and not (whole is not None and whole[1])


def _echoes(pieces: Sequence[Piece], said: Sequence[int], around: Iterable[int], name: str) -> Iterator[Part]:
    digits = "".join(pieces[k].digits for k in said)
    first, last = pieces[said[0]].turn, pieces[said[-1]].turn
    for k in around:
        piece = pieces[k]
        if not first < piece.turn <= last + 2:
            continue
        again = piece.digits
        least = _LEAST_ECHO if piece.how == "bare" else _LEAST_AMONG_WORDS
        if len(again) >= least and again in digits and not is_hotline(again):
            yield _part(pieces, k, name, False)


def _part(pieces: Sequence[Piece], index: int, name: str, valid: bool) -> Part:
    groups = pieces[index].groups
    return Part(index, name, groups[0][0], groups[-1][1], valid)
