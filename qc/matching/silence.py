"""silence 静音: time in which nobody speaks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qc.domain.conversation import Role
from qc.domain.operators import Silence
from qc.domain.rule import Frame
from qc.matching.context import Context
from qc.matching.evidence import Bools, Cause, Evidence, Flags, hits
from qc.matching.frame import Selection, durations_ms
from qc.matching.registry import evaluates
from qc.matching.times import untimed
from qc.text.shard import NO_TIME, ROLE_CODES, Ints, Shard
from qc.text.timing import SILENCE_FLOOR_MS


@evaluates(Silence)
def find_silences(operator: Silence, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """Long gaps, each a hit in the turn that ends it; or all gaps of a conversation as one measure."""
    shard = selection.shard
    gaps = _gaps(shard, context.invented)
    wanted, cause = _between(shard, gaps, operator.between)
    length = gaps.end_ms - gaps.start_ms
    unmeasured = untimed(shard)
    if operator.min_s is not None:
        long = wanted & (length >= round(operator.min_s * 1000))
        after = gaps.after[long]
        found = hits(
            shard.conversation[after],
            turn=after,
            value=length[long] / 1000,
            start_ms=gaps.start_ms[long],
            end_ms=gaps.end_ms[long],
            cause=cause[long],
        )
        return Evidence(hits=found, unmeasured=unmeasured)
    counted = wanted & (length >= SILENCE_FLOOR_MS) & selection.inside[gaps.after]
    total = np.bincount(shard.conversation[gaps.after[counted]], weights=length[counted], minlength=len(shard)) / 1000
    if operator.total_s is not None:
        measure, least = total, operator.total_s
    else:
        measure, least = 100_000 * total / np.maximum(durations_ms(shard), 1), operator.percent or 0.0
    holding = np.flatnonzero((measure >= least) & (total > 0))
    return Evidence(hits=hits(holding, value=measure[holding]), unmeasured=unmeasured)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gaps:
    """Gaps between turns: the turn that spoke last before, the turn that speaks after, and the times."""

    before: Ints
    after: Ints
    start_ms: Ints
    end_ms: Ints


def _gaps(shard: Shard, invented: Bools) -> _Gaps:
    timed = np.flatnonzero((shard.start_ms != NO_TIME) & ~invented)
    end_ms = np.maximum(shard.end_ms, shard.start_ms)  # a message is a moment
    order = timed[np.lexsort((end_ms[timed], shard.start_ms[timed], shard.conversation[timed]))]
    if len(order) < 2:
        none = np.zeros(0, np.int64)
        return _Gaps(before=none, after=none, start_ms=none, end_ms=none)
    owner = shard.conversation[order]
    # A conversation's clock is shifted past the previous one's, so that one running maximum serves them all.
    shift = owner * (int(end_ms[order].max()) + 1)
    ends = end_ms[order] + shift
    spoken_until = np.maximum.accumulate(ends)
    latest = np.maximum.accumulate(np.where(ends == spoken_until, np.arange(len(order)), 0))
    gap = shard.start_ms[order][1:] + shift[1:] - spoken_until[:-1]
    kept = np.flatnonzero((owner[1:] == owner[:-1]) & (gap > 0))
    before, after = order[latest[kept]], order[kept + 1]
    return _Gaps(before=before, after=after, start_ms=end_ms[before], end_ms=shard.start_ms[after])


def _between(shard: Shard, gaps: _Gaps, between: str) -> tuple[Bools, Flags]:
    """Gaps between the wanted speakers; where one of the two is unknown, possibly so."""
    before, after = shard.role[gaps.before], shard.role[gaps.after]
    certain = np.zeros(len(before), np.uint8)
    if between == "any":
        return np.ones(len(before), np.bool_), certain
    if between == "same_speaker":
        wanted = before == after
        unknown = (before == ROLE_CODES[Role.UNKNOWN]) | (after == ROLE_CODES[Role.UNKNOWN])
    else:
        first, second = (ROLE_CODES[Role(name)] for name in between.split("_"))
        lost = ROLE_CODES[Role.UNKNOWN]
        wanted = np.isin(before, (first, lost)) & np.isin(after, (second, lost))
        unknown = wanted & ((before == lost) | (after == lost))
    return wanted | unknown, np.where(unknown, np.uint8(Cause.UNKNOWN_ROLE), certain)
