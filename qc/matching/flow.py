"""flow 流程: a prescribed course of a conversation that was not kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from qc.domain.operators import Flow
from qc.domain.rule import Frame
from qc.matching.context import Context
from qc.matching.evidence import NONE, Bools, Evidence, Hits, PieceResult, hits
from qc.matching.frame import Selection
from qc.matching.registry import evaluates
from qc.matching.steps import Known, Places, known, stacked, why_lost
from qc.text.shard import Ints


class _Fault(IntEnum):
    MISSING = 0
    OUT_OF_ORDER = 1
    TOO_FAR = 2
    UNSURE = 3


@evaluates(Flow)
def find_broken_flows(
    operator: Flow, frame: Frame, selection: Selection, context: Context, pieces: Mapping[str, PieceResult]
) -> Evidence:
    """A hit for every required step that is missing, and one for the first step out of its place.

    The course is broken for certain when no reading of the evidence keeps it, and kept for certain when the certain
    places keep it and the uncertain ones, too, fit in; anything between is undecided.
    """
    n = len(selection.shard)
    steps = [known([pieces[name] for name in step.pieces], selection) for step in operator.steps]
    looked_at = selection.count > 0
    there = [step.places.per_conversation(n) > 0 for step in steps]
    lacking = [
        looked_at & ~found & ~step.anywhere & (not spec.optional)
        for spec, step, found in zip(operator.steps, steps, there, strict=True)
    ]
    certain = [step.places.take(step.places.cause == 0) for step in steps]
    sure = [places.per_conversation(n) > 0 for places in certain]
    # the kindest reading: uncertain places serve where they help, a step of which nothing is known may be anywhere
    must = [seen if not spec.optional else own for spec, seen, own in zip(operator.steps, there, sure, strict=True)]
    kind = _walk(operator, selection, [s.places for s in steps], must, [s.anywhere for s in steps])
    astray = _astray(operator, selection, steps, must, kind)
    broken = np.logical_or.reduce([kind.stuck >= 0, *lacking])
    doubtful = _doubtful(operator, selection, steps, certain, sure, there) & looked_at & ~broken
    lost = doubtful & np.logical_or.reduce([s.anywhere & ~own for s, own in zip(steps, sure, strict=True)])
    missing = [_missing(selection, number, gone, kind) for number, gone in enumerate(lacking)]
    return Evidence(
        hits=_noted(operator, context, [*missing, _misplaced(steps, kind, astray), _unsure(steps, doubtful & ~lost)]),
        unmeasured={int(c): _why(operator, pieces, steps, int(c)) for c in np.flatnonzero(lost)},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    """How far the steps can be followed in order. Per conversation: `stuck`, the first step out of its place (−1:
    none), and `sought_from`, the place after which it was looked for; `before[k]`: the turn in which the step done
    before step k ends, −1 where there is none."""

    stuck: Ints
    sought_from: Ints
    before: list[Ints]


def _walk(
    operator: Flow, selection: Selection, steps: Sequence[Places], must: Sequence[Bools], anywhere: Sequence[Bools]
) -> _Walk:
    """Follow the steps, keeping every place at which the last one may have ended: `owner` its conversation, `finish`,
    `turn`, and `free`, whether the next step may be at any distance from it (nothing was done yet, or what came between
    may have been anywhere).

    A step that a conversation must have in its place moves it on, or it is stuck; another may also leave it where it
    is.
    """
    shard, n = selection.shard, len(selection.shard)
    owner, finish = np.arange(n), shard.char_start[shard.first_turn[:-1]]
    turn, free = np.full(n, NONE, np.int64), np.ones(n, np.bool_)
    stuck, sought_from, reached = np.full(n, NONE, np.int64), finish.copy(), turn.copy()
    before: list[Ints] = []
    for number, (places, needed, lost) in enumerate(zip(steps, must, anywhere, strict=True)):
        before.append(reached.copy())
        last = np.maximum(np.searchsorted(finish, places.begin, side="right") - 1, 0)
        follows = np.zeros(len(places), np.bool_)
        if len(owner):
            follows = (owner[last] == places.conversation) & (finish[last] <= places.begin)
            if operator.max_gap is not None:
                anyhow = np.full(n, np.iinfo(np.int64).max)
                np.minimum.at(anyhow, owner[free], finish[free])
                close = free[last] | (places.turn - turn[last] <= operator.max_gap)
                follows &= close | (places.begin >= anyhow[places.conversation])
        new = places.take(follows)
        moved = new.per_conversation(n) > 0
        if operator.ordered:
            stuck[needed & ~moved & ~lost & (np.bincount(owner, minlength=n) > 0)] = number
        stays = ((~needed | lost) & (stuck == NONE))[owner]
        done = np.unique(new.conversation, return_index=True)[1]
        reached[new.conversation[done]] = new.last_turn[done]
        free = np.concatenate((free[stays] | lost[owner[stays]], np.zeros(len(new), np.bool_)))
        owner = np.concatenate((owner[stays], new.conversation))
        finish, turn = np.concatenate((finish[stays], new.finish)), np.concatenate((turn[stays], new.last_turn))
        order = np.argsort(finish, kind="stable")
        owner, finish, turn, free = owner[order], finish[order], turn[order], free[order]
        alive, first = np.unique(owner, return_index=True)
        sought_from[alive] = finish[first]
    return _Walk(stuck=stuck, sought_from=sought_from, before=before)


def _missing(selection: Selection, number: int, gone: Bools, walk: _Walk) -> Hits:
    """The missing step's hits: in the turn of the step done before it, or else in the first turn looked at."""
    conversations = np.flatnonzero(gone)
    first = np.full(len(gone), NONE, np.int64)
    turns = selection.turns[::-1]
    first[selection.shard.conversation[turns]] = turns
    turn = np.where(walk.before[number] == NONE, first, walk.before[number])[conversations]
    return hits(conversations, turn=turn, note=_numbers(number, _Fault.MISSING, len(conversations)))


def _astray(operator: Flow, selection: Selection, steps: Sequence[Known], must: Sequence[Bools], walk: _Walk) -> Ints:
    """The step that is out of its place, per conversation: the one the course got stuck at, unless that was said too
    early and only leaving out another one puts the rest in order (−1: none is)."""
    astray, early = walk.stuck.copy(), walk.stuck != NONE
    for number, step in enumerate(steps):
        owner = step.places.conversation[step.places.begin >= walk.sought_from[step.places.conversation]]
        early[owner[walk.stuck[owner] == number]] = False
    stuck = np.flatnonzero(early)
    if not len(stuck):
        return astray
    only = np.zeros(len(astray), np.bool_)
    only[stuck] = True
    places = [step.places.take(only[step.places.conversation]) for step in steps]
    anywhere = [step.anywhere for step in steps]
    mends = []
    for number in range(len(steps)):
        rest = [p.take(np.zeros(0, np.int64)) if n == number else p for n, p in enumerate(places)]
        needed = [only & m if n != number else np.zeros_like(m) for n, m in enumerate(must)]
        mends.append(_walk(operator, selection, rest, needed, anywhere).stuck[stuck] == NONE)
    mend = np.stack(mends)
    found = mend.any(axis=0) & ~mend[astray[stuck], np.arange(len(stuck))]
    astray[stuck[found]] = mend.argmax(axis=0)[found]
    return astray


def _misplaced(steps: Sequence[Known], walk: _Walk, astray: Ints) -> Hits:
    """The step out of its place in each conversation: too far from the step before where it is there later on, or else
    out of order."""
    found = []
    for number, step in enumerate(steps):
        places = step.places.take(astray[step.places.conversation] == number)
        late = (places.begin >= walk.sought_from[places.conversation]) & (walk.stuck[places.conversation] == number)
        too_far = places.take(late)
        early = places.take(~np.isin(places.conversation, too_far.conversation))
        for fault, part in ((_Fault.TOO_FAR, too_far), (_Fault.OUT_OF_ORDER, early)):
            one = part.take(np.unique(part.conversation, return_index=True)[1])
            found.append(_at(one, _numbers(number, fault, len(one))))
    return stacked(found)


def _doubtful(
    operator: Flow,
    selection: Selection,
    steps: Sequence[Known],
    certain: Sequence[Places],
    sure: Sequence[Bools],
    there: Sequence[Bools],
) -> Bools:
    """Conversations in which the course is not kept for certain: with the certain places alone, and with the uncertain
    ones of steps that need not be done, each of which may be the only one that is real."""
    doubt = np.zeros(len(selection.shard), np.bool_)
    if not any(step.anywhere.any() or step.places.cause.any() for step in steps):
        return doubt
    nowhere = [np.zeros_like(doubt) for _ in steps]
    doubt |= _walk(operator, selection, certain, sure, nowhere).stuck >= 0
    tried, uncertain = [], np.zeros(len(doubt), np.int64)
    for spec, step, own, seen in zip(operator.steps, steps, sure, there, strict=True):
        if not spec.optional:
            doubt |= ~own
        elif operator.ordered:
            doubt |= step.anywhere & ~own
        perhaps = seen & ~own & spec.optional
        uncertain += perhaps
        if operator.ordered:
            doubt |= perhaps & (step.places.per_conversation(len(doubt)) > 1)
        tried.append(step.places.take(perhaps[step.places.conversation] | (step.places.cause == 0)))
    if operator.max_gap is not None:  # with some of them there and some not, others may be too far apart
        doubt |= uncertain > 1
    together = _walk(operator, selection, tried, [p.per_conversation(len(doubt)) > 0 for p in tried], nowhere)
    return doubt | (together.stuck >= 0)


def _unsure(steps: Sequence[Known], doubtful: Bools) -> Hits:
    """The first uncertain place of each step, in the conversations whose course cannot be decided."""
    found = []
    for number, step in enumerate(steps):
        places = step.places.take(doubtful[step.places.conversation] & (step.places.cause != 0))
        places = places.take(np.unique(places.conversation, return_index=True)[1])
        found.append(_at(places, _numbers(number, _Fault.UNSURE, len(places)), certain=False))
    return stacked(found)


def _at(places: Places, note: Ints, *, certain: bool = True) -> Hits:
    return hits(
        places.conversation,
        turn=places.turn,
        last_turn=places.last_turn,
        start=places.start,
        end=places.end,
        cause=None if certain else places.cause,
        note=note,
    )


def _numbers(step: int, fault: _Fault, count: int) -> Ints:
    return np.full(count, step * len(_Fault) + fault, np.int64)


def _noted(operator: Flow, context: Context, parts: Sequence[Hits]) -> Hits:
    """The hits with their numbers of step and fault turned into notes."""
    found = stacked(parts)
    numbers, where = np.unique(found.note, return_inverse=True)
    said = []
    for number in numbers.tolist():
        step, fault = divmod(number, len(_Fault))
        title = operator.steps[step].title
        text = {
            _Fault.MISSING: f"缺少步骤“{title}”",
            _Fault.OUT_OF_ORDER: f"步骤“{title}”的次序不对",
            _Fault.TOO_FAR: f"步骤“{title}”离前一步超过 {operator.max_gap} 轮",
            _Fault.UNSURE: f"步骤“{title}”不能确定",
        }[_Fault(fault)]
        said.append(context.note(text, step=title))
    return replace(found, note=np.array(said, np.int64)[where], group=np.arange(len(found)))


def _why(operator: Flow, pieces: Mapping[str, PieceResult], steps: Sequence[Known], conversation: int) -> str:
    spec = next(s for s, step in zip(operator.steps, steps, strict=True) if step.anywhere[conversation])
    return f"步骤“{spec.title}”不能确定：{why_lost([pieces[name] for name in spec.pieces], conversation)}"
