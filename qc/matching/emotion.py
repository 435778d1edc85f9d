"""emotion 情绪: what the emotion stage says of the framed speaker."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qc.domain.conversation import Role
from qc.domain.emotion import COMPONENTS
from qc.domain.operators import Emotion, EmotionAt, EmotionLabel
from qc.domain.rule import Frame
from qc.matching.context import Context
from qc.matching.evidence import NO_HITS, Bools, Evidence, hits
from qc.matching.frame import Selection
from qc.matching.registry import evaluates
from qc.matching.whole_turns import whole_turns
from qc.text.emotion import LEVEL_FROM, NEGATIVE, NEUTRAL, POSITIVE, Emotions
from qc.text.shard import Ints

_LABELS = {EmotionLabel.NEGATIVE: NEGATIVE, EmotionLabel.NEUTRAL: NEUTRAL, EmotionLabel.POSITIVE: POSITIVE}


@evaluates(Emotion)
def find_emotion(operator: Emotion, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """Turns with the wanted emotion; the worst turn if it has it; or the mean of the opening or closing turns."""
    emotions = context.signals.emotions
    if emotions is None:
        return Evidence(hits=NO_HITS)
    if operator.at in (EmotionAt.START, EmotionAt.END):
        return _edge(operator, frame, emotions)
    turns = selection.turns if operator.at is EmotionAt.TURN else _worst(selection, emotions)
    wanted = _matches(operator, emotions.label[turns], emotions.level[turns])
    if operator.component is not None:
        wanted &= emotions.component[turns] == COMPONENTS.index(operator.component)
    turns = turns[wanted]
    return Evidence(hits=whole_turns(selection.shard, turns, value=emotions.level[turns].astype(np.float64)))


def _matches(operator: Emotion, label: npt.NDArray[np.int8], level: npt.NDArray[np.integer]) -> Bools:
    wanted = level >= operator.min_level
    if operator.label is not None:
        wanted = wanted & (label == _LABELS[operator.label])
    return np.asarray(wanted)


def _worst(selection: Selection, emotions: Emotions) -> Ints:
    """The selected turn of lowest polarity of each conversation, the first of equals."""
    turns = selection.turns
    order = turns[np.lexsort((turns, emotions.polarity[turns], selection.shard.conversation[turns]))]
    _, first = np.unique(selection.shard.conversation[order], return_index=True)
    return order[first]


def _edge(operator: Emotion, frame: Frame, emotions: Emotions) -> Evidence:
    role = emotions.agent if frame.speaker == frozenset({Role.AGENT}) else emotions.customer
    polarity = np.asarray(role.start if operator.at is EmotionAt.START else role.end, np.float64)
    level = np.searchsorted(LEVEL_FROM, np.abs(np.nan_to_num(polarity)), side="right")
    label = np.where(level > 0, np.sign(np.nan_to_num(polarity)), NEUTRAL).astype(np.int8)
    holding = np.flatnonzero(_matches(operator, label, level) & ~np.isnan(polarity))
    return Evidence(hits=hits(holding, value=level[holding]))
