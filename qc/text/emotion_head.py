"""The trained head beside the lexicon: what of the lexicon's findings it is given, and what its judgement changes.

The lexicon's findings are inputs of the head, so that both are added up in log-odds and the training says how much
each weighs. The head decides whether a turn is negative, neutral or positive, and how probable each is; how strong a
feeling is and which one, the lexicon says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qc.domain.emotion import COMPONENTS
from qc.domain.head import TrainedHead
from qc.errors import UsageError
from qc.text.head import HeadScorer
from qc.text.phrases import MAX_LEVEL, PhraseHits
from qc.text.shard import Ints, Shard

Floats = npt.NDArray[np.float32]

INPUTS = (*COMPONENTS, "negative_polarity", "positive_polarity", "tone")
"""What the lexicon found in a turn: the strongest level per component as 0..1 (one step more than the level, so that a
hint counts), the polarity's two sides, and the tone of the words −1..1."""

_WEAKEST, _STRONGEST = 0.2, 0.5
"""Polarity (absolute) of a turn that the head alone labels, by its probability: level 1 or 2."""

_KNOTS = np.array([-0.9, -0.7, -0.5, -0.3, -0.1, 0.0, 0.1, 0.3, 0.5, 0.7, 0.9])
_NEGATIVE_AT = np.array([0.69, 0.69, 0.69, 0.56, 0.02, 0.018, 0.015, 0.06, 0.06, 0.06, 0.06])
_POSITIVE_AT = np.array([0.01, 0.01, 0.01, 0.015, 0.015, 0.004, 0.06, 0.5, 0.5, 0.5, 0.5])
"""Share of turns of a polarity (at _KNOTS, straight lines between) that buyers' annotators called negative, positive:
piecewise linear least squares on the training part of DataCLUE-CIC, pooled where it did not rise. A third of the labels
of its clearly negative sentences are wrong, so that even the clearest stay below 0.7."""


def lexicon_inputs(hits: Sequence[PhraseHits], polarity: Floats, tone: npt.NDArray[np.float64]) -> Floats:
    """One row of INPUTS per turn of the shard."""
    out = np.zeros((len(polarity), len(INPUTS)), np.float32)
    for found in hits:
        np.maximum.at(out, (found.turn, found.component), (found.level + 1) / np.float32(MAX_LEVEL + 1))
    out[:, -3] = np.maximum(-polarity, 0)
    out[:, -2] = np.maximum(polarity, 0)
    out[:, -1] = tone
    return out


def probabilities_of(polarity: Floats) -> tuple[Floats, Floats]:
    """Without a head: how probable it is that people call a turn of this polarity negative, and positive."""
    negative = np.interp(polarity, _KNOTS, _NEGATIVE_AT)
    positive = np.interp(polarity, _KNOTS, _POSITIVE_AT)
    return negative.astype(np.float32), positive.astype(np.float32)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the head says of some turns: `label` −1/0/1, the probabilities, and the polarity it leads to."""

    label: npt.NDArray[np.int8]
    negative: Floats
    positive: Floats
    polarity: Floats


class EmotionHead:
    """A compiled emotion head. Raises UsageError when it was trained with other inputs."""

    def __init__(self, head: TrainedHead) -> None:
        if head.inputs != INPUTS:
            raise UsageError("情绪模型由另一个版本的 qc 训练，输入不同", "请用 qc emotion train 重新训练。")
        self._scorer = HeadScorer(head)

    def judge(self, shard: Shard, turns: Ints, inputs: Floats, polarity: Floats, neutral_at_most: float) -> Judgement:
        """`inputs` and the lexicon's `polarity` of these turns. A turn the lexicon labels alike keeps its polarity; one
        the head calls neutral stays below `neutral_at_most`; one it labels otherwise has that of a weak feeling."""
        probability = self._scorer.probabilities(shard, turns, inputs)
        label = (self._scorer.decide(probability) - 1).astype(np.int8)
        negative, positive = probability[:, 0], probability[:, 2]
        sure = np.where(label < 0, negative, positive)
        own = label * (_WEAKEST + (_STRONGEST - _WEAKEST) * sure)
        alike = (np.sign(polarity) == label) & (np.abs(polarity) >= _WEAKEST)
        fused = np.where(
            label == 0, np.clip(polarity, -neutral_at_most, neutral_at_most), np.where(alike, polarity, own)
        )
        return Judgement(label, negative, positive, np.round(fused, 4).astype(np.float32))

    def features(self, shard: Shard, turns: Ints, labels: npt.NDArray[np.int8]) -> list[tuple[str, ...]]:
        """The pieces of each turn that speak for its label (−1 or 1)."""
        return self._scorer.explain(shard, turns, labels.astype(np.int64) + 1) if len(turns) else []
