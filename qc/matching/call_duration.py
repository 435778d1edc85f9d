"""call_duration 通话时长."""

from __future__ import annotations

import numpy as np

from qc.domain.operators import CallDuration
from qc.domain.rule import Frame
from qc.matching.context import Context
from qc.matching.evidence import Evidence, hits
from qc.matching.frame import Selection, durations_ms
from qc.matching.registry import evaluates
from qc.text.shard import NO_TIME


@evaluates(CallDuration)
def measure_duration(operator: CallDuration, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """One measure per conversation whose length lies within the bounds."""
    length = durations_ms(selection.shard)
    least = 0.0 if operator.min_s is None else operator.min_s * 1000
    most = np.inf if operator.max_s is None else operator.max_s * 1000
    holding = np.flatnonzero((length != NO_TIME) & (length >= least) & (length <= most))
    unmeasured = {int(c): "清单没有给出时长，会话也没有时间信息" for c in np.flatnonzero(length == NO_TIME)}
    return Evidence(hits=hits(holding, value=length[holding] / 1000), unmeasured=unmeasured)
