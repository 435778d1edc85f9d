"""hold 等待: the customer is told to wait, and waits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qc.domain.conversation import Role
from qc.domain.operators import Hold
from qc.domain.rule import Frame, Truth
from qc.matching.context import Context
from qc.matching.evidence import Bools, Cause, Evidence, Flags, hits
from qc.matching.frame import Selection, durations_ms, within
from qc.matching.registry import evaluates
from qc.matching.times import unattributed, untimed
from qc.text.shard import NO_TIME, ROLE_CODES, Ints, Shard
from qc.text.timing import SILENCE_FLOOR_MS, Gaps, gaps

_STAFF = (ROLE_CODES[Role.AGENT], ROLE_CODES[Role.BOT])


@evaluates(Hold)
def find_holds(operator: Hold, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """Holds, each a hit in the turn that ends it (in its announcement when nobody came back); or all holds of a
    conversation as one measure, which the manifest may know better."""
    shard = selection.shard
    ((_, spans),) = context.words(Frame(), selection, operator.announce)
    holds = _holds(shard, context.invented, np.unique(spans.turn))
    doubt = np.where(shard.confidence[holds.announced] < context.floor, np.uint8(Cause.LOW_CONFIDENCE), np.uint8(0))
    unmeasured = {**untimed(shard), **unattributed(shard)}
    if operator.min_s is not None:
        long = holds.waited_ms >= max(round(operator.min_s * 1000), 1)
        turn = holds.ended[long]
        found = hits(
            shard.conversation[turn],
            turn=turn,
            value=holds.waited_ms[long] / 1000,
            start_ms=holds.start_ms[long],
            end_ms=holds.end_ms[long],
            cause=doubt[long],
        )
        return Evidence(hits=found, unmeasured=unmeasured)
    counted = selection.inside[holds.ended]
    owner, doubt, waited_ms = shard.conversation[holds.ended][counted], doubt[counted], holds.waited_ms[counted]
    most = np.bincount(owner, weights=waited_ms, minlength=len(shard)) / 1000
    least = np.bincount(owner[doubt == 0], weights=waited_ms[doubt == 0], minlength=len(shard)) / 1000
    for conversation, meta in enumerate(shard.columns.meta):
        if meta.hold_s is not None:
            least[conversation] = most[conversation] = meta.hold_s
            unmeasured.pop(conversation, None)
    truth = within(least, most, operator.total_s or 0.0, None)
    holding = np.flatnonzero(truth != Truth.FALSE)
    cause: Flags = np.where(truth == Truth.TRUE, 0, Cause.LOW_CONFIDENCE)[holding].astype(np.uint8)
    return Evidence(hits=hits(holding, value=most[holding], cause=cause), unmeasured=unmeasured)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Holds:
    """One row per hold of at least SILENCE_FLOOR_MS: the turn that announced it, the turn that ended it (or again the
    announcement), when it began and ended, and how long nobody spoke in it."""

    announced: Ints
    ended: Ints
    start_ms: Ints
    end_ms: Ints
    waited_ms: Ints


def _holds(shard: Shard, invented: Bools, announcing: Ints) -> _Holds:
    speaking = (shard.start_ms != NO_TIME) & ~invented
    staff = np.flatnonzero(speaking & np.isin(shard.role, _STAFF))
    here = np.flatnonzero(np.isin(staff, announcing))
    announced = staff[here]
    after = np.append(staff, 0)[here + 1] if len(staff) else announced
    returned = (here + 1 < len(staff)) & (shard.conversation[after] == shard.conversation[announced])
    end_ms = np.maximum(shard.end_ms, shard.start_ms)
    last = np.zeros(len(shard), np.int64)
    np.maximum.at(last, shard.conversation[speaking], end_ms[speaking])
    total = np.maximum(durations_ms(shard), last)
    owner = shard.conversation[announced]
    begins, ends = end_ms[announced], np.where(returned, shard.start_ms[after], total[owner])
    silent = _silent_ms(gaps(shard, speaking), owner, begins, np.where(returned, ends, last[owner]))
    waited = silent + np.where(returned, 0, (total - last)[owner])
    kept = waited >= SILENCE_FLOOR_MS
    ended = np.where(returned, after, announced)
    return _Holds(
        announced=announced[kept],
        ended=ended[kept],
        start_ms=begins[kept],
        end_ms=ends[kept],
        waited_ms=waited[kept],
    )


def _silent_ms(silent: Gaps, owner: Ints, begins: Ints, ends: Ints) -> Ints:
    """How much of the gaps lies from `begins` to `ends` (each at the edge of a turn) of conversation `owner`."""
    span = int(max(silent.end_ms.max(initial=0), begins.max(initial=0), ends.max(initial=0))) + 1
    shift = silent.conversation * span
    running = np.concatenate(([0], np.cumsum(silent.length_ms)))
    first = np.searchsorted(silent.start_ms + shift, begins + owner * span, side="left")
    past = np.searchsorted(silent.end_ms + shift, ends + owner * span, side="right")
    return np.asarray(running[np.maximum(past, first)] - running[first])
