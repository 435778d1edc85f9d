"""Anchors: turns after, before, around or in the turn of another piece's hits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from qc.domain.rule import Anchor, AnchorRelation, Frame, OnEmpty, Truth, Which
from qc.matching.evidence import NO_HITS, Bools, Cause, Evidence, Hits, PieceResult, causes_zh
from qc.matching.frame import Selection, Standard, decide, framed, grouped, within
from qc.matching.times import hit_times
from qc.text.shard import NO_TIME, Ints, Shard


def anchored(selection: Selection, anchor: Anchor, piece: PieceResult) -> Selection:
    """The turns that stand as wanted to a hit of the anchor's piece.

    Where only uncertain hits, or hits without times, speak for a turn, it is merely possible; where the piece could not
    be decided and shows no hit, every turn is.
    """
    near = reach(selection.shard, anchor, piece)
    if near is None:
        return selection.nothing
    return selection.narrow(near.possible, np.where(near.certain, 0, Cause.ANCHOR).astype(np.uint8))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Turns that stand as wanted to a hit: possibly, and for certain."""

    possible: Bools
    certain: Bools


def reach(shard: Shard, anchor: Anchor, piece: PieceResult) -> Reach | None:
    """The turns that stand as wanted to a hit of the anchor's piece; None: there are none in the whole shard."""
    hits = _which(standing(piece), anchor)
    lost = _lost(piece)
    if not len(hits) and not lost.any():
        return None
    first, last, timed = _extent(shard, anchor, hits)
    sure = timed & (hits.cause == 0)
    return Reach(
        possible=_covered(shard, first, last) | lost[shard.conversation],
        certain=_covered(shard, first[sure], last[sure]),
    )


def standing(piece: PieceResult) -> Hits:
    """The hits other pieces may stand near to: those of conversations in which the piece is not FALSE, uncertain where
    it is UNKNOWN. An absence, or a measure of the whole conversation, stands nowhere."""
    hits = piece.hits
    if piece.whole:
        return NO_HITS
    if not len(hits):
        return hits
    truth = piece.truth[hits.conversation]
    hits = hits.with_cause(hits.cause | np.where(truth == Truth.UNKNOWN, np.uint8(Cause.ANCHOR), np.uint8(0)))
    return hits.take((truth != Truth.FALSE) & (hits.turn >= 0))


def _lost(piece: PieceResult) -> Bools:
    """Conversations in which the piece may hit anywhere for all we know."""
    lost = piece.truth == Truth.UNKNOWN
    lost[piece.hits.conversation] = False
    return np.asarray(lost & (not piece.whole))


def for_each(
    frame: Frame, anchor: Anchor, piece: PieceResult, selection: Selection, evidence: Evidence, standard: Standard
) -> PieceResult:
    """`which: each`: the frame must hold at every hit of the anchor's piece; its hits are those at any of them.

    A hit of the anchor's piece that is uncertain may not be there at all, and then demands nothing.
    """
    together = decide(frame, anchored(selection, anchor, piece), evidence, standard)
    anchors = standing(piece)
    if not len(anchors):
        return together
    shard = selection.shard
    first, last, timed = _extent(shard, anchor, anchors)
    last = np.maximum(last, first - 1)

    def counted(turns: Ints) -> Ints:
        """How many of the turns lie within reach of each hit."""
        running = np.concatenate(([0], np.cumsum(np.bincount(turns, minlength=len(shard.turns)))))
        return np.asarray(running[last + 1] - running[first])

    hits = framed(selection, evidence, standard)
    row, unsure = grouped(hits)
    lo, hi = counted(hits.turn[row][~unsure]), counted(hits.turn[row])
    truth = within(np.where(timed, lo, 0), hi, frame.count_min, frame.count_max)
    looked_at = counted(selection.turns)
    unclear = selection.unclear[selection.turns]
    deaf = (truth == Truth.FALSE) & (counted(selection.turns[~unclear]) == 0) & (looked_at > 0) & standard.textual
    truth[deaf] = Truth.UNKNOWN
    truth = (2 - truth).astype(np.int8) if frame.negate else truth
    truth[looked_at == 0] = Truth.FALSE if frame.on_empty in (None, OnEmpty.MISS) else Truth.TRUE
    truth = np.where(anchors.cause == 0, truth, np.maximum(truth, Truth.UNKNOWN)).astype(np.int8)

    everywhere = together.truth.copy()
    judged = np.setdiff1d(anchors.conversation, list(evidence.unmeasured))
    everywhere[judged] = Truth.TRUE
    rows = np.isin(anchors.conversation, judged)
    np.minimum.at(everywhere, anchors.conversation[rows], truth[rows])
    cause = np.zeros(len(shard), np.uint8)
    np.bitwise_or.at(cause, hits.conversation, hits.cause)
    for doubtful, why in ((anchors.cause != 0, Cause.ANCHOR), (~timed, Cause.NO_TIMES), (deaf, Cause.LOW_CONFIDENCE)):
        cause[anchors.conversation[doubtful]] |= np.uint8(why)
    reasons = {
        conversation: evidence.unmeasured.get(conversation)
        or "；".join(causes_zh(int(cause[conversation]), standard.floor))
        or together.reasons[conversation]
        for conversation in np.flatnonzero(everywhere == Truth.UNKNOWN).tolist()
    }
    lacking = everywhere == (Truth.TRUE if frame.negate else Truth.FALSE)
    unheard = selection.blurred & standard.textual & (lacking | (frame.count_max is not None))
    return replace(together, truth=everywhere, reasons=reasons, unheard=unheard & (everywhere != Truth.UNKNOWN))


def _which(hits: Hits, anchor: Anchor) -> Hits:
    """The hits the anchor may mean. Where an uncertain hit may or may not come before it, which one is the n-th is
    not certain either."""
    if anchor.which in (Which.ANY, Which.EACH) or not len(hits):
        return hits
    last = anchor.which is Which.LAST
    number = 1 if last or anchor.nth is None else anchor.nth
    rows, unsure = grouped(hits)  # rows of one group are one hit; groups are numbered anyhow
    place = np.argsort(np.argsort(rows))
    at = place[np.searchsorted(hits.group[rows], hits.group)]
    unsure, rows = unsure[np.argsort(rows)], np.sort(rows)
    low = _before(hits.conversation[rows], ~unsure, last)
    high = _before(hits.conversation[rows], np.ones(len(rows), np.bool_), last)
    meant = (low < number) & (high >= number - 1)
    doubt = unsure | (low != number - 1) | (high != number - 1)
    cause = hits.cause | np.where(doubt[at], np.uint8(Cause.ANCHOR), np.uint8(0))
    return hits.with_cause(cause).take(meant[at])


def _before(owner: Ints, counted: Bools, backwards: bool) -> Ints:
    """How many of the counted ones come before each in its conversation, or after it; `owner` rises."""
    running = np.concatenate(([0], np.cumsum(counted)))
    if backwards:
        return np.asarray(running[np.searchsorted(owner, owner, side="right")] - running[1:])
    return np.asarray(running[:-1] - running[np.searchsorted(owner, owner)])


def _extent(shard: Shard, anchor: Anchor, hits: Hits) -> tuple[Ints, Ints, Bools]:
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
