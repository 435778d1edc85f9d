"""topic 话题: what the conversation is about."""

from __future__ import annotations

import numpy as np

from qc.domain.operators import Topic
from qc.domain.rule import Frame
from qc.matching.context import Context
from qc.matching.evidence import NO_HITS, Evidence, hits
from qc.matching.frame import Selection
from qc.matching.registry import evaluates


@evaluates(Topic)
def find_topics(operator: Topic, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """One measure per conversation with one of the topics: its largest share."""
    topics = context.signals.topics
    if topics is None:
        return Evidence(hits=NO_HITS)
    wanted = frozenset(operator.any)
    share = np.array(
        [max((s.share for s in shares if s.topic_id in wanted), default=0.0) for shares in topics.shares], np.float64
    )
    holding = np.flatnonzero((share > 0) & (share >= operator.min_share - 1e-6))
    return Evidence(hits=hits(holding, value=share[holding]))
