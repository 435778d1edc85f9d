"""A trained head: a linear model over character n-grams with the card that says what it was made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Task(StrEnum):
    """What a head decides of a turn."""

    EMOTION = "emotion"
    INTENT = "intent"


EMOTION_LABELS = ("negative", "neutral", "positive")
"""Labels of an emotion head, in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelScore:
    """How well one label is found, on sentences that were not learned from: precision, recall, F1 and how many of the
    sentences carry it."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """`macro_f1` is the mean of the labels' F1, `accuracy` the share of right ones, `calibration_error` the expected
    calibration error of the probabilities (Guo et al. 2017, 15 bins)."""

    macro_f1: float
    accuracy: float
    calibration_error: float
    labels: tuple[LabelScore, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What a head was trained on and how well it does; counts and a digest of the sentences, never the sentences.

    `date` is what the person who trained it gave (None: nothing), so that the same data give the same file.
    `scores` are cross-validated, `untrained` is what the lexicon does on the same sentences (emotion only), `curve`
    the macro-F1 by number of sentences learned from.
    """

    qc_version: str
    date: str | None
    note: str
    data_digest: str
    lexicon_digest: str
    rows: int
    used: int
    repeated: int
    contradicting: int
    counts: tuple[tuple[str, int], ...]
    folds: int
    options: tuple[tuple[str, str], ...]
    scores: Scores
    untrained: Scores | None
    curve: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedHead:
    """The weights as plain data, ready to be sent to a worker.

    The n-grams of 1 to `longest` characters are hashed into `2**bits` slots. `slots` lists the slots that have weights,
    ascending, as little-endian uint32; `weights` their int8 rows of `len(labels)`. A turn's logits are

        bias + scales · (sum of its n-grams' rows) / sqrt(number of its n-grams) + inputs · input_weights

    where `inputs` names what is given beside the text (the lexicon's findings), `input_weights[i][label]`. Softmax of
    the logits are calibrated probabilities; the label is the one with the largest logit + `offsets[label]`, which
    weighs rare labels. `digest` covers everything that moves a result.
    """

    task: Task
    labels: tuple[str, ...]
    longest: int
    bits: int
    slots: bytes
    weights: bytes
    scales: tuple[float, ...]
    bias: tuple[float, ...]
    inputs: tuple[str, ...] = ()
    input_weights: tuple[tuple[float, ...], ...] = ()
    offsets: tuple[float, ...]
    card: ModelCard
    digest: str
