"""Exceptions (`unless`): hits that another piece excuses.

A hit in a turn that stands as wanted to a hit of the exception does not count; one that may stand so is uncertain. A
piece that speaks of the whole conversation (a measure of it, an absence) has no turn: there the exception excuses when
it holds anywhere, and so does, for any piece, an exception that speaks of the whole conversation itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from qc.domain.rule import Anchor, Frame, Truth
from qc.matching.anchors import reach
from qc.matching.evidence import (
    NO_HITS,
    Bools,
    Cause,
    Evidence,
    Excused,
    Hits,
    PieceResult,
    Truths,
    causes_zh,
)
from qc.matching.frame import Selection, Standard, framed
from qc.text.shard import Shard


@dataclass(frozen=True, slots=True, kw_only=True)
class Pardon:
    """Evidence without what the exceptions excuse, and what that was."""

    evidence: Evidence
    excused: tuple[Excused, ...]


def pardon(
    frame: Frame, selection: Selection, evidence: Evidence, standard: Standard, done: Mapping[str, PieceResult]
) -> Pardon:
    """The evidence of a piece that hits in turns, judged by the exceptions of its frame; `done`: results by name."""
    found = evidence.hits
    excused: list[Excused] = []
    dropped = doubtful = np.zeros(len(found), np.bool_)
    for anchor in frame.unless if len(found) else ():
        possible, certain = _excuses(selection.shard, anchor, done[anchor.piece], found)
        certain, possible = _by_group(found, certain), _by_group(found, possible)
        if evidence.beside is not None:
            excusable, _ = _excuses(selection.shard, anchor, done[anchor.piece], evidence.beside)
            possible = possible | np.isin(found.group, evidence.beside.group[excusable])
        if certain.any():
            inside = framed(selection, replace(evidence, hits=found.take(certain)), standard)
            if len(inside):
                excused.append(Excused(piece=anchor.piece, hits=inside, conversations=np.unique(inside.conversation)))
        dropped, doubtful = dropped | certain, doubtful | possible
    if dropped.any() or doubtful.any():
        cause = found.cause | np.where(doubtful, np.uint8(Cause.EXCEPTION), np.uint8(0))
        evidence = replace(evidence, hits=found.with_cause(cause).take(~dropped))
    return Pardon(evidence=evidence, excused=tuple(excused))


def pardoned(result: PieceResult, frame: Frame, done: Mapping[str, PieceResult]) -> PieceResult:
    """A piece that speaks of whole conversations: it is true where no exception holds."""
    excused: list[Excused] = []
    truth, hits = result.truth, result.hits
    for anchor in frame.unless:
        holds = _holds(done[anchor.piece])
        freed = np.flatnonzero((holds == Truth.TRUE) & (result.truth != Truth.FALSE))
        if len(freed):
            # what an absence finds speaks against it, and is no hit to be excused
            told = NO_HITS if frame.negate else result.hits.take(np.isin(result.hits.conversation, freed))
            excused.append(Excused(piece=anchor.piece, hits=told, conversations=freed))
            hits = hits if frame.negate else hits.take(~np.isin(hits.conversation, freed))
        truth = np.minimum(truth, 2 - holds).astype(np.int8)
    reasons = {int(c): result.reasons.get(int(c), _DOUBT) for c in np.flatnonzero(truth == Truth.UNKNOWN)}
    return replace(result, truth=truth, hits=hits, reasons=reasons, excused=tuple(excused))


(_DOUBT,) = causes_zh(Cause.EXCEPTION, 0.0)


def _holds(piece: PieceResult) -> Truths:
    return np.where(piece.na, np.int8(Truth.FALSE), piece.truth)


def _excuses(shard: Shard, anchor: Anchor, piece: PieceResult, found: Hits) -> tuple[Bools, Bools]:
    """Which hits the exception may excuse, and which it does."""
    if piece.whole:
        holds = _holds(piece)[found.conversation]
        return holds != Truth.FALSE, holds == Truth.TRUE
    near = reach(shard, anchor, piece)
    if near is None:
        nowhere = np.zeros(len(found), np.bool_)
        return nowhere, nowhere
    first, last = found.turn, found.last_turn
    return near.possible[first] | near.possible[last], near.certain[first] | near.certain[last]


def _by_group(found: Hits, rows: Bools) -> Bools:
    """The rows of all groups that have one of `rows`: they count as one hit."""
    return np.isin(found.group, found.group[rows]) if rows.any() else rows
