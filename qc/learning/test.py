"""A head, and the lexicon without one, on labelled sentences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qc.domain.emotion import EmotionLexicon
from qc.domain.head import EMOTION_LABELS, Scores, TrainedHead
from qc.learning.evaluate import confusion, precision_at_recall, scores
from qc.learning.features import shard_of
from qc.learning.labels import TrainingSet
from qc.text.emotion import EmotionScorer
from qc.text.head import HeadScorer

Classes = npt.NDArray[np.int64]

_RECALL = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """One method on some sentences. `confusion[i, j]`: sentences of label i taken for j. `negative_precision`: of what
    is called negative, so many are, where 60 % of the negative are found (emotion only). `unknown`: sentences of labels
    the head does not know, which it cannot get right and which are not counted."""

    scores: Scores
    confusion: Classes
    negative_precision: float | None = None
    unknown: int = 0


def test_emotion(given: TrainingSet, lexicon: EmotionLexicon, head: TrainedHead | None) -> Tested:
    """The emotion stage as a run does it, with the head or (None) without."""
    felt = EmotionScorer(lexicon, head).score(shard_of(given.texts))
    negative, positive = felt.negative_probability.astype(float), felt.positive_probability.astype(float)
    found = felt.label.astype(np.int64) + 1
    return Tested(
        scores=scores(
            given.classes, found, np.column_stack((negative, 1 - negative - positive, positive)), given.labels
        ),
        confusion=confusion(given.classes, found, len(EMOTION_LABELS)),
        negative_precision=precision_at_recall(given.classes, negative, 0, _RECALL),
    )


def test_intents(given: TrainingSet, head: TrainedHead) -> Tested:
    """The intent head."""
    code = {label: i for i, label in enumerate(head.labels)}
    classes = np.array([code.get(given.labels[c], -1) for c in given.classes.tolist()], np.int64)
    known = np.flatnonzero(classes >= 0)
    scorer = HeadScorer(head)
    probabilities = scorer.probabilities(shard_of([given.texts[i] for i in known]), np.arange(len(known)))
    found = scorer.decide(probabilities)
    return Tested(
        scores=scores(classes[known], found, probabilities.astype(float), head.labels),
        confusion=confusion(classes[known], found, len(head.labels)),
        unknown=len(classes) - len(known),
    )
