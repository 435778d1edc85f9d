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
    """One measure per conversation with one of the topics: its largest share, or 1 where it is the contact reason."""
    topics = context.signals.topics
    if topics is None:
        return Evidence(hits=NO_HITS)
    wanted = frozenset(operator.any)
    if operator.reason:
        share = np.array([float(reason.topic_id in wanted) for reason in topics.reasons], np.float64)
    else:
        best = (max((s.share for s in shares if s.topic_id in wanted), default=0.0) for shares in topics.shares)
        share = np.fromiter(best, np.float64, len(topics.shares))
    least = 0 if operator.reason else operator.min_share
    holding = np.flatnonzero((share > 0) & (share >= least - 1e-6))
    return Evidence(hits=hits(holding, value=share[holding]))
