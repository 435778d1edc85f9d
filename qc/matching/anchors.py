"""Anchors: turns after, before, around or in the turn of another piece's hits."""

from __future__ import annotations

import numpy as np

from qc.domain.rule import Anchor, AnchorRelation, Frame, Truth, Which
from qc.matching.evidence import Bools, Cause, Evidence, Hits, PieceResult
from qc.matching.frame import Selection, Standard, decide
from qc.matching.times import hit_times
from qc.text.shard import NO_TIME, Ints, Shard


def anchored(selection: Selection, anchor: Anchor, piece: PieceResult) -> Selection:
    """The turns that stand as wanted to a hit of the anchor's piece.

    Where only uncertain hits, or hits without times, speak for a turn, it is merely possible.
    """
    hits = _which(piece.hits, anchor.which)
    first, last, timed = _reach(selection.shard, anchor, hits)
    possible = _covered(selection.shard, first, last)
    certain = _covered(selection.shard, first[timed & (hits.cause == 0)], last[timed & (hits.cause == 0)])
    return selection.narrow(possible, np.where(certain, 0, Cause.ANCHOR).astype(np.uint8))


def for_each(
    frame: Frame, anchor: Anchor, piece: PieceResult, selection: Selection, evidence: Evidence, standard: Standard
) -> PieceResult:
    """`which: each`: the frame must hold at every hit of the anchor's piece. The hits are those of all of them."""
    together = decide(frame, anchored(selection, anchor, piece), evidence, standard)
    truth = together.truth.copy()
    reasons = dict(together.reasons)
    # conversations with several hits are few: judge them hit by hit, the n-th hits of all of them together
    hits, rank = _ranked(piece.hits)
    for n in range(int(rank.max(initial=0)) + 1 if len(hits) else 0):
        these = hits.take(rank == n)
        one = PieceResult(truth=piece.truth, na=piece.na, reasons=piece.reasons, hits=these)
        held = decide(frame, anchored(selection, anchor, one), evidence, standard)
        for conversation in these.conversation.tolist():
            if held.truth[conversation] < truth[conversation] or n == 0:
                truth[conversation] = held.truth[conversation]
                reasons[conversation] = held.reasons.get(conversation, "")
    reasons = {c: reason for c, reason in reasons.items() if truth[c] == Truth.UNKNOWN}
    return PieceResult(truth=truth, na=together.na, reasons=reasons, hits=together.hits)


def _ranked(hits: Hits) -> tuple[Hits, Ints]:
    """Hits in turns, in order, with their rank among the hits of their conversation."""
    hits = hits.take(hits.turn >= 0)
    hits = hits.take(np.lexsort((hits.start, hits.turn)))
    new = np.concatenate(([True], hits.conversation[1:] != hits.conversation[:-1])) if len(hits) else np.zeros(0, bool)
    starts = np.flatnonzero(new)
    return hits, np.arange(len(hits)) - np.repeat(starts, np.diff(np.append(starts, len(hits))))


def _which(hits: Hits, which: Which) -> Hits:
    hits, rank = _ranked(hits)
    if which is Which.FIRST:
        return hits.take(rank == 0)
    if which is Which.LAST:
        return hits.take(np.append(rank[1:] == 0, True) if len(hits) else rank == 0)
    return hits


def _reach(shard: Shard, anchor: Anchor, hits: Hits) -> tuple[Ints, Ints, Bools]:
    """First and last turn within reach of each hit (last < first: none), and whether that is certain.

    A silence lies between turns: it ends the turn before it and begins the turn of its hit, so that both are outside.
    """
    lo = shard.first_turn[hits.conversation]
    hi = shard.first_turn[hits.conversation + 1] - 1
    timed = np.ones(len(hits), np.bool_)
    if anchor.relation is AnchorRelation.SAME_TURN:
        return hits.turn, hits.last_turn, timed
    between = hits.start < 0
    between &= (hits.start_ms != NO_TIME) & (hits.end_ms <= shard.start_ms[hits.turn])
    began, ended = hits.turn, np.where(between, hits.turn - 1, hits.last_turn)
    from_ms, to_ms = hit_times(shard, hits)
    first, last = lo, hi
    if anchor.relation is AnchorRelation.AFTER:
        first = ended + 1
    elif anchor.relation is AnchorRelation.BEFORE:
        last = began - 1
    forward = anchor.relation is not AnchorRelation.BEFORE
    backward = anchor.relation is not AnchorRelation.AFTER
    if anchor.turns is not None:
        last = np.minimum(last, ended + anchor.turns) if forward else last
        first = np.maximum(first, began - anchor.turns) if backward else first
    if anchor.seconds is not None:
        reach = round(anchor.seconds * 1000)
        timed = from_ms != NO_TIME
        span = int(max(shard.start_ms.max(initial=0), shard.end_ms.max(initial=0))) + reach + 1
        shift = 2 * span * np.arange(len(shard))
        # starts and ends rise within a conversation, and the shift keeps the conversations apart
        starts = np.maximum.accumulate(shard.start_ms + shift[shard.conversation])
        ends = np.maximum.accumulate(np.maximum(shard.end_ms, shard.start_ms) + shift[shard.conversation])
        base = shift[hits.conversation]
        near_last = np.searchsorted(starts, to_ms + reach + base, side="right") - 1
        near_first = np.searchsorted(ends, from_ms - reach + base, side="left")
        last = np.where(timed & forward, np.minimum(last, near_last), last)
        first = np.where(timed & backward, np.maximum(first, near_first), first)
    return np.maximum(first, lo), np.minimum(last, hi), timed


def _covered(shard: Shard, first: Ints, last: Ints) -> Bools:
    """Turns inside any of the intervals."""
    real = first <= last
    edges = np.zeros(len(shard.turns) + 1, np.int64)
    np.add.at(edges, first[real], 1)
    np.add.at(edges, last[real] + 1, -1)
    return np.asarray(np.cumsum(edges)[:-1] > 0)
