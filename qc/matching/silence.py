"""silence 静音: time in which nobody speaks."""

from __future__ import annotations

import numpy as np

from qc.domain.conversation import Role
from qc.domain.operators import Silence
from qc.domain.rule import Frame, Truth
from qc.matching.context import Context
from qc.matching.evidence import Bools, Cause, Evidence, Flags, hits
from qc.matching.frame import Selection, durations_ms, within
from qc.matching.registry import evaluates
from qc.matching.times import untimed
from qc.text.shard import NO_TIME, ROLE_CODES, Shard
from qc.text.timing import SILENCE_FLOOR_MS, Gaps, gaps


@evaluates(Silence)
def find_silences(operator: Silence, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """Long gaps, each a hit in the turn that ends it; or all gaps of a conversation as one measure."""
    shard = selection.shard
    silent = gaps(shard, (shard.start_ms != NO_TIME) & ~context.invented)
    wanted, cause = _between(shard, silent, operator.between)
    length = silent.length_ms
    unmeasured = untimed(shard)
    if operator.min_s is not None:
        long = wanted & (length >= round(operator.min_s * 1000))
        after = silent.after[long]
        found = hits(
            shard.conversation[after],
            turn=after,
            value=length[long] / 1000,
            start_ms=silent.start_ms[long],
            end_ms=silent.end_ms[long],
            cause=cause[long],
        )
        return Evidence(hits=found, unmeasured=unmeasured)
    counted = wanted & (length >= SILENCE_FLOOR_MS) & selection.inside[silent.after]
    cause = (cause | selection.cause[silent.after])[counted]
    owner, length = silent.conversation[counted], length[counted]
    scale = 1 / 1000 if operator.total_s is not None else 100 / np.maximum(durations_ms(shard), 1)
    most = np.asarray(np.bincount(owner, weights=length, minlength=len(shard)) * scale, np.float64)
    sure = cause == 0
    least = np.asarray(np.bincount(owner[sure], weights=length[sure], minlength=len(shard)) * scale, np.float64)
    truth = within(least, most, operator.total_s or operator.percent or 0.0, None)
    holding = np.flatnonzero(truth != Truth.FALSE)
    causes = np.zeros(len(shard), np.uint8)
    np.bitwise_or.at(causes, owner, cause)
    unsure = np.where(truth == Truth.TRUE, 0, causes)[holding].astype(np.uint8)
    return Evidence(hits=hits(holding, value=most[holding], cause=unsure), unmeasured=unmeasured)


def _between(shard: Shard, silent: Gaps, between: str) -> tuple[Bools, Flags]:
    """Gaps between the wanted speakers; where one of the two is unknown, possibly so."""
    before, after = shard.role[silent.before], shard.role[silent.after]
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
