"""Passports and credit codes told over several turns: 九幺三三零 · 嗯 · 幺零六MA二 · 三FP六二八3."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from qc.text.codes import CREDIT_CODE_WORDS, PASSPORT, PASSPORT_WORDS, SIGN, is_credit_code, spelt
from qc.text.digits import GAP
from qc.text.regex import compile_pattern
from qc.text.shard import Shard

_RUN = rf"{SIGN}(?:{GAP}{{0,4}}{SIGN})*"
_LEADS = "(?:[嗯啊呃哦喂诶是对好的那就说，。、： ]|那个)*"
_AT_END = re.compile(rf"(?<![a-z0-9])(?P<run>{_RUN})[，。、 啊嗯]*$")
_AT_START = re.compile(rf"{_LEADS}(?P<run>{_RUN})(?![a-z0-9])")
_MAX_TURNS = 8
_MAX_BETWEEN = 3
_CREDIT_SIZE = 18
_LEAST = 2


class Piece(NamedTuple):
    """Characters `start`..`end` of turn `turn` are a part of a code of `type`."""

    turn: int
    type: str
    start: int
    end: int


def told_in_turns(shard: Shard) -> Iterator[Piece]:
    """The parts of codes that begin at the end of a turn in which a word for such a code is said, or of one of the next
    two, and go on at the beginning of what the same speaker says then; and what the others repeat of them."""
    asked = {
        int(shard.byte_start.searchsorted(start, side="right")) - 1
        for start, _ in compile_pattern(f"{PASSPORT_WORDS}|{CREDIT_CODE_WORDS}").spans(shard.buffer)
    }
    for turn in sorted(asked):
        last = int(shard.first_turn[shard.conversation[turn] + 1])
        for first in range(turn, min(turn + 3, last)):
            if (pieces := _from(shard, first, min(first + _MAX_TURNS, last))) is not None:
                yield from pieces
                break


def _kind(symbols: str) -> str | None:
    return "credit_code" if is_credit_code(symbols) else "passport" if PASSPORT.fullmatch(symbols) else None


def _from(shard: Shard, first: int, end: int) -> list[Piece] | None:
    """The parts of the code that begins at the end of turn `first`; None: none does."""
    begins = _AT_END.search(shard.normalised(first))
    if begins is None:
        return None
    told = spelt(begins["run"]).symbols
    if _kind(told) is not None:
        return []  # told in one breath
    parts, echoes = [(first, *begins.span("run"))], []
    for turn in range(first + 1, end):
        if turn - parts[-1][0] > _MAX_BETWEEN:
            return None
        goes_on = _AT_START.match(shard.normalised(turn))
        symbols = spelt(goes_on["run"]).symbols if goes_on else ""
        if goes_on is None or len(symbols) < _LEAST:
            continue
        part = (turn, *goes_on.span("run"))
        if shard.role[turn] != shard.role[first]:
            if symbols in told:
                echoes.append(part)
            continue
        told += symbols
        parts.append(part)
        if len(told) > _CREDIT_SIZE:
            return None
        kind = _kind(told)
        if kind is not None:
            return [Piece(at, kind, start, stop) for at, start, stop in (*parts, *echoes)]
    return None
