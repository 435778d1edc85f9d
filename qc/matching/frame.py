"""The frame around every operator: which turns are looked at, and what the hits in them amount to.

A turn is inside a frame for certain (cause 0), possibly (a cause says why), or not. What follows from turns that are
only possibly inside stays UNKNOWN unless it makes no difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from qc.domain.conversation import Role
from qc.domain.rule import Frame, OnEmpty, TimeWindow, Truth, TurnRange
from qc.matching.clarity import Clarity
from qc.matching.evidence import NO_HITS, Bools, Cause, Evidence, Flags, Floats, Hits, PieceResult, Truths, causes_zh
from qc.text.shard import NO_TIME, ROLE_CODES, Ints, Shard

_FAR_MS = 2**53


@dataclass(frozen=True, eq=False)
class Selection:
    """Turns a frame selects: `inside` possibly or certainly, `cause` Cause flags per turn, 0 where certain.

    `clarity` tells which words of the shard are not certain. What is worked out of a selection once serves all pieces
    that have it.
    """

    shard: Shard
    inside: Bools
    cause: Flags
    clarity: Clarity

    def narrow(self, inside: Bools, cause: Flags | None = None) -> Selection:
        """The turns that are also in `inside`."""
        cause = self.cause if cause is None else self.cause | cause
        return Selection(self.shard, self.inside & inside, cause, self.clarity)

    @cached_property
    def nothing(self) -> Selection:
        """No turn of any conversation."""
        return Selection(self.shard, np.zeros_like(self.inside), np.zeros_like(self.cause), self.clarity)

    @cached_property
    def turns(self) -> Ints:
        """Indexes of the turns inside, in order."""
        return np.flatnonzero(self.inside)

    @property
    def unclear(self) -> Bools:
        """The turns of the shard that were not heard clearly as a whole."""
        return self.clarity.turns

    @cached_property
    def certain(self) -> bool:
        """Whether every turn inside is so for certain and was heard clearly from end to end."""
        return not (self.cause[self.turns].any() or self.clarity.anywhere[self.turns].any())

    @cached_property
    def count(self) -> Ints:
        """Turns inside, per conversation."""
        return self.per_conversation(self.inside)

    @cached_property
    def empty(self) -> Bools:
        """Conversations without a turn inside."""
        return np.asarray(self.count == 0)

    @cached_property
    def maybe_empty(self) -> Bools:
        """Conversations whose turns inside all hang on an anchor that is not certain itself."""
        sound = self.per_conversation(self.inside & ((self.cause & Cause.ANCHOR) == 0))
        return np.asarray((self.count > 0) & (sound == 0))

    @cached_property
    def deaf(self) -> Bools:
        """Conversations in which no turn inside was heard clearly: nothing found there says nothing."""
        return np.asarray((self.count > 0) & (self.per_conversation(self.inside & ~self.unclear) == 0))

    @cached_property
    def blurred(self) -> Bools:
        """Conversations in which something may have been said in the turns inside that was not heard clearly."""
        return np.asarray(self.per_conversation(self.inside & self.clarity.hiding) > 0)

    @cached_property
    def silent(self) -> dict[tuple[bool | OnEmpty | None, ...], PieceResult]:
        """What pieces come to that found nothing, by what their frames make of it: kept by `decide`."""
        return {}

    def per_conversation(self, turns: Bools) -> Ints:
        """How many of `turns` each conversation has."""
        return np.bincount(self.shard.conversation[turns], minlength=len(self.shard)).astype(np.int64)


def everything(shard: Shard, clarity: Clarity | None = None) -> Selection:
    """All turns, for certain; words are as certain as `clarity` says, all of them without it."""
    n = len(shard.turns)
    return Selection(shard, np.ones(n, np.bool_), np.zeros(n, np.uint8), clarity or Clarity(shard, 0.0))


def select(shard: Shard, frame: Frame, clarity: Clarity | None = None) -> Selection:
    """The turns of the frame's speaker, range and window. Anchors are applied by `qc.matching.anchors`."""
    selection = everything(shard, clarity)
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
    """What the hits in the frame amount to: count or every turn, negation, and what an empty range means.

    Where the range may be empty for all we know (it hangs on an uncertain anchor), the piece is UNKNOWN unless an empty
    range comes to the same.
    """
    hits = framed(selection, evidence, standard)
    if standard.whole and frame.on_empty is not None and len(hits):  # a measure of no turns at all is no evidence
        hits = hits.take(~selection.empty[hits.conversation])
    if len(hits) or evidence.unmeasured or frame.all_turns:
        return _decided(frame, selection, hits, evidence.unmeasured, standard)
    key = (standard.textual, standard.whole, frame.negate, frame.on_empty, frame.count_min <= 0)
    if key not in selection.silent:
        selection.silent[key] = _decided(frame, selection, NO_HITS, {}, standard)
    return selection.silent[key]


def _decided(
    frame: Frame, selection: Selection, hits: Hits, unmeasured: Mapping[int, str], standard: Standard
) -> PieceResult:
    n = len(selection.shard)
    cause = np.zeros(n, np.uint8)
    unheard = np.zeros(n, np.bool_)
    if hits.cause.any():
        np.bitwise_or.at(cause, hits.conversation, hits.cause)
    if frame.all_turns:
        doubt = selection.cause | np.where(selection.unclear & standard.textual, np.uint8(Cause.LOW_CONFIDENCE), 0)
        doubt = doubt.astype(np.uint8)
        np.bitwise_or.at(cause, selection.shard.conversation[selection.turns], doubt[selection.turns])
        truth = _every_turn(selection, hits, doubt)
    else:
        truth = _counted(frame, hits, n)
    if standard.textual and not selection.certain:
        # Nothing found where nothing was heard clearly says nothing.
        deaf = (truth == Truth.FALSE) & selection.deaf
        truth[deaf] = Truth.UNKNOWN
        cause[deaf] |= np.uint8(Cause.LOW_CONFIDENCE)
        unheard = selection.blurred & (_if_more(frame, hits, truth) == Truth.UNKNOWN)
    if unmeasured:
        truth[np.fromiter(unmeasured, np.int64, len(unmeasured))] = Truth.UNKNOWN
    if frame.negate:
        truth = (2 - truth).astype(np.int8)
    na = np.zeros(n, np.bool_)
    if not standard.whole or frame.on_empty is not None:  # unless told, a measure says itself what no turns come to
        nothing = Truth.TRUE if frame.on_empty is OnEmpty.HIT else Truth.FALSE
        if not selection.certain:
            may_be = selection.maybe_empty & ((truth != nothing) | (frame.on_empty is OnEmpty.NA))
            truth[may_be] = Truth.UNKNOWN
            cause[may_be] |= np.uint8(Cause.ANCHOR)
        truth[selection.empty] = nothing
        na = selection.empty if frame.on_empty is OnEmpty.NA else na
    reasons: dict[int, str] = {}
    for conversation in np.flatnonzero(truth == Truth.UNKNOWN).tolist():
        said = unmeasured.get(conversation)
        reasons[conversation] = said or "；".join(causes_zh(int(cause[conversation]), standard.floor))
    return PieceResult(
        truth=truth,
        na=na,
        reasons=reasons,
        hits=hits,
        unheard=unheard & (truth != Truth.UNKNOWN),
        whole=standard.whole or frame.negate,
    )


def framed(selection: Selection, evidence: Evidence, standard: Standard) -> Hits:
    """The hits inside the selection, in order, with everything that makes them uncertain."""
    hits, shard = evidence.hits, selection.shard
    if evidence.unmeasured:
        hits = hits.take(~np.isin(hits.conversation, list(evidence.unmeasured)))
    if not len(hits) or not len(shard.turns):
        return hits
    inside = (hits.turn < 0) | selection.inside[hits.turn]
    if not inside.all():
        hits = hits.take(inside)
    if not selection.certain:
        cause = selection.cause[hits.turn] | selection.cause[hits.last_turn]
        if standard.textual:
            unclear = selection.clarity.unclear(hits.turn, hits.start, hits.last_turn, hits.end)
            cause = cause | np.where(unclear, np.uint8(Cause.LOW_CONFIDENCE), np.uint8(0))
        hits = hits.with_cause(hits.cause | np.where(hits.turn >= 0, cause, np.uint8(0)))
    return ordered(hits)


def ordered(hits: Hits) -> Hits:
    """The hits by conversation, turn, start and end."""
    if len(hits) < 2:
        return hits
    order = np.lexsort((hits.end, hits.start, hits.turn, hits.conversation))
    return hits if (order[1:] > order[:-1]).all() else hits.take(order)


def _counted(frame: Frame, hits: Hits, conversations: int) -> Truths:
    """The number of hits lies between the certain ones and all of them; compare that interval with the wanted one."""
    first, unsure = grouped(hits)
    owner = hits.conversation[first]
    hi = np.bincount(owner, minlength=conversations)
    lo = np.bincount(owner[~unsure], minlength=conversations) if unsure.any() else hi
    return within(lo, hi, frame.count_min, frame.count_max)


def _if_more(frame: Frame, hits: Hits, truth: Truths) -> Truths:
    """UNKNOWN where more hits, in words that were not heard clearly, would come to another truth."""
    if frame.all_turns:
        return np.where(truth == Truth.FALSE, np.int8(Truth.UNKNOWN), truth)
    first, unsure = grouped(hits)
    lo = np.bincount(hits.conversation[first][~unsure], minlength=len(truth))
    return within(lo, np.full(len(truth), np.inf), frame.count_min, frame.count_max)


def grouped(hits: Hits) -> tuple[Ints, Bools]:
    """The first row of each group of rows that count as one hit, and whether any of its rows is uncertain."""
    if (hits.group[1:] > hits.group[:-1]).all():  # each row on its own
        return np.arange(len(hits)), np.asarray(hits.cause != 0)
    groups, first = np.unique(hits.group, return_index=True)
    unsure = np.zeros(len(groups), np.bool_)
    np.logical_or.at(unsure, np.searchsorted(groups, hits.group), hits.cause != 0)
    return first, unsure


def within(lo: Ints | Floats, hi: Ints | Floats, minimum: float, maximum: float | None) -> Truths:
    """Kleene truth of `minimum ≤ x ≤ maximum` for an x known to lie in lo..hi."""
    top = np.inf if maximum is None else maximum
    if lo is hi:
        return np.where((lo >= minimum) & (lo <= top), np.int8(Truth.TRUE), np.int8(Truth.FALSE))
    truth = np.full(len(lo), Truth.UNKNOWN, np.int8)
    truth[(lo >= minimum) & (hi <= top)] = Truth.TRUE
    truth[(hi < minimum) | (lo > top)] = Truth.FALSE
    return truth


def _every_turn(selection: Selection, hits: Hits, doubt: Flags) -> Truths:
    """TRUE when each turn inside has a clear hit, FALSE when one that is certainly inside and clear has none."""
    best = np.where(doubt == 0, Truth.FALSE, Truth.UNKNOWN).astype(np.int8)
    rows = (hits.turn >= 0) & ((hits.cause & Cause.LOW_CONFIDENCE) == 0)
    low = hits.turn[(hits.turn >= 0) & ~rows]
    best[low] = np.maximum(best[low], Truth.UNKNOWN)  # a word that is not certain, in a turn that is
    best[hits.turn[rows]] = Truth.TRUE
    truth = np.full(len(selection.shard), Truth.TRUE, np.int8)
    np.minimum.at(truth, selection.shard.conversation[selection.turns], best[selection.turns])
    return truth
