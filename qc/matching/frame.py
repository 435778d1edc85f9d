"""The frame around every operator: which turns are looked at, and what the hits in them amount to.

A turn is inside a frame for certain (cause 0), possibly (a cause says why), or not. What follows from turns that are
only possibly inside stays UNKNOWN unless it makes no difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from qc.domain.conversation import Role
from qc.domain.rule import Frame, OnEmpty, TimeWindow, Truth, TurnRange
from qc.matching.evidence import Bools, Cause, Evidence, Flags, Hits, PieceResult, Truths, causes_zh
from qc.text.shard import NO_TIME, ROLE_CODES, Ints, Shard

_FAR_MS = 2**53


@dataclass(frozen=True, eq=False)
class Selection:
    """Turns a frame selects: `inside` possibly or certainly, `cause` Cause flags per turn, 0 where certain."""

    shard: Shard
    inside: Bools
    cause: Flags

    def narrow(self, inside: Bools, cause: Flags | None = None) -> Selection:
        """The turns that are also in `inside`."""
        return Selection(self.shard, self.inside & inside, self.cause if cause is None else self.cause | cause)

    @cached_property
    def turns(self) -> Ints:
        """Indexes of the turns inside, in order."""
        return np.flatnonzero(self.inside)

    @cached_property
    def count(self) -> Ints:
        """Turns inside, per conversation."""
        return self.per_conversation(self.inside)

    def per_conversation(self, turns: Bools) -> Ints:
        """How many of `turns` each conversation has."""
        return np.bincount(self.shard.conversation[turns], minlength=len(self.shard)).astype(np.int64)


def everything(shard: Shard) -> Selection:
    """All turns, for certain."""
    n = len(shard.turns)
    return Selection(shard, np.ones(n, np.bool_), np.zeros(n, np.uint8))


def select(shard: Shard, frame: Frame) -> Selection:
    """The turns of the frame's speaker, range and window. Anchors are applied by `qc.matching.anchors`."""
    selection = everything(shard)
    if frame.speaker is not None:
        unknown = shard.role == ROLE_CODES[Role.UNKNOWN]
        wanted = np.array([role in frame.speaker for role in ROLE_CODES])[shard.role]
        selection = selection.narrow(wanted | unknown, np.where(unknown, Cause.UNKNOWN_ROLE, 0).astype(np.uint8))
    if frame.range is not None:
        selection = _in_range(selection, frame.range)
    if frame.window is not None:
        selection = _in_window(selection, frame.window)
    return selection


def _in_range(selection: Selection, wanted: TurnRange) -> Selection:
    """Turns whose place among the speaker's turns lies in the range.

    Where it is unknown who spoke some turns, a place is an interval: the turn is certain when all of it lies inside
    and possible when a part does.
    """
    shard = selection.shard
    possible, certain = _running(selection.inside), _running(selection.inside & (selection.cause == 0))
    first, after = shard.first_turn[:-1][shard.conversation], shard.first_turn[1:][shard.conversation]
    here = np.arange(len(shard.turns))

    def places(lo: Ints, hi: Ints) -> tuple[Ints, Ints]:
        return certain[hi] - certain[lo] + 1, possible[hi] - possible[lo] + 1

    low, high = places(first, here)  # place from the start: the turns before it, plus itself
    low_end, high_end = places(here + 1, after)  # place from the end
    all_in = np.ones(len(here), np.bool_)
    some_in = np.ones(len(here), np.bool_)
    for bound, is_first in ((wanted.first, True), (wanted.last, False)):
        lo, hi = (low, high) if bound > 0 else (low_end, high_end)
        if (bound > 0) == is_first:  # place must be ≥ |bound|
            all_in &= lo >= abs(bound)
            some_in &= hi >= abs(bound)
        else:  # place must be ≤ |bound|
            all_in &= hi <= abs(bound)
            some_in &= lo <= abs(bound)
    unsure = np.where(all_in, 0, Cause.UNKNOWN_ROLE).astype(np.uint8)
    return selection.narrow(some_in, unsure)


def _running(turns: Bools) -> Ints:
    return np.concatenate(([0], np.cumsum(turns, dtype=np.int64)))


def durations_ms(shard: Shard) -> Ints:
    """Length of every conversation: the manifest's, or the end of the last turn; NO_TIME when neither is known."""
    n = len(shard)
    spoken = np.full(n, NO_TIME, np.int64)
    np.maximum.at(spoken, shard.conversation, np.maximum(shard.end_ms, shard.start_ms))
    given = shard.columns.duration_ms
    return np.where(given > 0, given, spoken)


def _in_window(selection: Selection, window: TimeWindow) -> Selection:
    """Turns that share some time with the window. A turn without times is possible, nothing more."""
    shard = selection.shard
    length = durations_ms(shard)[shard.conversation]
    lo, hi = np.zeros_like(length), np.full_like(length, _FAR_MS)
    if window.first_s is not None:
        hi = np.full_like(lo, round(window.first_s * 1000))
    if window.last_s is not None:
        lo = length - round(window.last_s * 1000)
    if window.from_s is not None:
        lo = np.full_like(lo, round(window.from_s * 1000))
    if window.to_s is not None:
        hi = np.full_like(lo, round(window.to_s * 1000))
    if window.first_percent is not None:
        hi = (length * window.first_percent / 100).astype(np.int64)
    if window.last_percent is not None:
        lo = (length * (1 - window.last_percent / 100)).astype(np.int64)
    timed = shard.start_ms != NO_TIME
    end = np.maximum(shard.end_ms, shard.start_ms + 1)  # a message takes no time; it still stands somewhere
    overlaps = (shard.start_ms < hi) & (end > lo)
    return selection.narrow(overlaps | ~timed, np.where(timed, 0, Cause.NO_TIMES).astype(np.uint8))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """How evidence is held to account: `floor`, the confidence below which words are not certain; `textual`, whether
    the evidence is words at all; `whole`, whether it is a measure of the whole conversation."""

    floor: float
    textual: bool
    whole: bool


def decide(frame: Frame, selection: Selection, evidence: Evidence, standard: Standard) -> PieceResult:
    """What the hits in the frame amount to: count or every turn, negation, and what an empty range means."""
    shard = selection.shard
    hits = framed(selection, evidence, standard)
    unclear = (shard.confidence < standard.floor) & standard.textual
    cause = np.zeros(len(shard), np.uint8)
    np.bitwise_or.at(cause, hits.conversation, hits.cause)
    if frame.all_turns:
        doubt = selection.cause | np.where(unclear, np.uint8(Cause.LOW_CONFIDENCE), np.uint8(0))
        np.bitwise_or.at(cause, shard.conversation[selection.turns], doubt[selection.turns])
        truth = _every_turn(selection, hits, doubt)
    else:
        truth = _counted(frame, hits, len(shard))
    if standard.textual:
        # Nothing found where nothing was heard clearly says nothing.
        clear = selection.per_conversation(selection.inside & ~unclear)
        deaf = (truth == Truth.FALSE) & (selection.count > 0) & (clear == 0)
        truth[deaf] = Truth.UNKNOWN
        cause[deaf] |= np.uint8(Cause.LOW_CONFIDENCE)
    blind = np.fromiter(evidence.unmeasured, np.int64, len(evidence.unmeasured))
    truth[blind] = Truth.UNKNOWN
    if frame.negate:
        truth = (2 - truth).astype(np.int8)
    na = np.zeros(len(shard), np.bool_)
    if not standard.whole:
        empty = selection.count == 0
        truth[empty] = Truth.TRUE if frame.on_empty is OnEmpty.HIT else Truth.FALSE
        na = empty if frame.on_empty is OnEmpty.NA else na
    reasons: dict[int, str] = {}
    for conversation in np.flatnonzero(truth == Truth.UNKNOWN).tolist():
        said = evidence.unmeasured.get(conversation)
        reasons[conversation] = said or "；".join(causes_zh(int(cause[conversation]), standard.floor))
    first_hit = np.searchsorted(hits.conversation, np.arange(len(shard) + 1))
    return PieceResult(truth=truth, na=na, reasons=reasons, hits=hits, first_hit=first_hit)


def framed(selection: Selection, evidence: Evidence, standard: Standard) -> Hits:
    """The hits inside the selection, in order, with everything that makes them uncertain."""
    hits, shard = evidence.hits, selection.shard
    if evidence.unmeasured:
        hits = hits.take(~np.isin(hits.conversation, list(evidence.unmeasured)))
    if not len(hits) or not len(shard.turns):
        return hits
    in_turn = hits.turn >= 0
    hits = hits.take(~in_turn | selection.inside[hits.turn])
    in_turn = hits.turn >= 0
    cause = selection.cause[hits.turn] | selection.cause[hits.last_turn]
    if standard.textual:
        unclear = (shard.confidence[hits.turn] < standard.floor) | (shard.confidence[hits.last_turn] < standard.floor)
        cause = cause | np.where(unclear, np.uint8(Cause.LOW_CONFIDENCE), np.uint8(0))
    hits = hits.with_cause(hits.cause | np.where(in_turn, cause, np.uint8(0)))
    return hits.take(np.lexsort((hits.end, hits.start, hits.turn, hits.conversation)))


def _counted(frame: Frame, hits: Hits, conversations: int) -> Truths:
    """The number of hits lies between the certain ones and all of them; compare that interval with the wanted one."""
    first, unsure = grouped(hits)
    owner = hits.conversation[first]
    lo = np.bincount(owner[~unsure], minlength=conversations)
    hi = np.bincount(owner, minlength=conversations)
    return within(lo, hi, frame.count_min, frame.count_max)


def grouped(hits: Hits) -> tuple[Ints, Bools]:
    """The first row of each group of rows that count as one hit, and whether any of its rows is uncertain."""
    groups, first = np.unique(hits.group, return_index=True)
    unsure = np.zeros(len(groups), np.bool_)
    np.logical_or.at(unsure, np.searchsorted(groups, hits.group), hits.cause != 0)
    return first, unsure


def within(lo: Ints, hi: Ints, minimum: float, maximum: float | None) -> Truths:
    """Kleene truth of `minimum ≤ x ≤ maximum` for an x known to lie in lo..hi."""
    top = np.inf if maximum is None else maximum
    truth = np.full(len(lo), Truth.UNKNOWN, np.int8)
    truth[(lo >= minimum) & (hi <= top)] = Truth.TRUE
    truth[(hi < minimum) | (lo > top)] = Truth.FALSE
    return truth


def _every_turn(selection: Selection, hits: Hits, doubt: Flags) -> Truths:
    """TRUE when each turn inside has a clear hit, FALSE when one that is certainly inside and clear has none."""
    best = np.where(doubt == 0, Truth.FALSE, Truth.UNKNOWN).astype(np.int8)
    rows = (hits.turn >= 0) & ((hits.cause & Cause.LOW_CONFIDENCE) == 0)
    best[hits.turn[rows]] = Truth.TRUE
    truth = np.full(len(selection.shard), Truth.TRUE, np.int8)
    np.minimum.at(truth, selection.shard.conversation[selection.turns], best[selection.turns])
    return truth
