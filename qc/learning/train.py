"""From labelled sentences to a head with its card: cross-validation, calibration, the last fit, int8 weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from qc import __version__
from qc.domain.emotion import EmotionLexicon
from qc.domain.head import ModelCard, Scores, Task, TrainedHead
from qc.learning.evaluate import Calibration, best_offsets, calibration, confusion, noisy_calibration, scores
from qc.learning.features import INPUT_SCALE, Sentences, named_sentences, sentences, shard_of
from qc.learning.fit import Fitted, Settings, fit, folds
from qc.learning.labels import TrainingSet
from qc.text.emotion import EmotionScorer
from qc.text.head_file import with_digest
from qc.text.shard import Shard

Classes = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
Said = Callable[[str], None]

FOLDS = 5
_CURVE_FROM = 100
_MOST_WEIGHT = 127

SETTINGS = {
    Task.EMOTION: Settings(longest=3, bits=18, strength=2.0),
    Task.INTENT: Settings(
        longest=2, bits=18, strength=0.5, balance=0.4, rarity=0.5, names=5.0, at_random=True, margin=True
    ),
}
"""Chosen inside the training part of DataCLUE-CIC; what was tried is in docs/emotion.md. Emotion: macro-F1 of three and
five folds, strengths 0.2 to 4. Intents: learned from 8,000 sentences with the labels given, half of which are wrong, by
macro-F1 and accuracy on the other 2,000 with labels that a reader gave them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """The head, how sentences were taken for one another in cross-validation, and how many were doubtful."""

    head: TrainedHead
    confusion: Classes
    doubtful: int
    doubtful_at: Classes
    """Which of the training set's sentences were left out as doubtful, for a second look."""


def train(
    given: TrainingSet,
    task: Task,
    *,
    lexicon: EmotionLexicon,
    settings: Settings | None = None,
    date: str | None = None,
    note: str = "",
    said: Said = lambda _: None,
) -> Trained:
    """Train a head. The same sentences, lexicon and settings give the same bytes.

    Scores in the card are cross-validated in every respect: what scored a sentence was fitted, cleaned, calibrated and
    given its thresholds without it. Raises UsageError when scikit-learn is missing.
    """
    settings = settings or SETTINGS[task]
    emotion = task is Task.EMOTION
    alone = None
    if emotion:
        scorer, shard = EmotionScorer(lexicon), shard_of(given.texts)
        seen = sentences(shard, longest=settings.longest, bits=settings.bits, lexicon=scorer)
        alone = rounded(untrained(shard, scorer, given))
    else:
        seen = named_sentences(given.texts, given.labels, longest=settings.longest, bits=settings.bits)
    labels = len(given.labels)
    parts = folds(given.classes, FOLDS, 0)
    logits = np.zeros((len(given.classes), labels))
    for number, (learned, held) in enumerate(parts, 1):
        said(f"交叉验证第 {number}/{FOLDS} 折")
        logits[held] = fit(seen.rows(learned), given.classes[learned], labels, settings).logits(seen.rows(held))
    judged, found = _judged(logits, given.classes, parts, emotion=emotion)
    curve = _curve(seen, given.classes, labels, settings, parts, emotion=emotion, said=said)
    said("用全部句子训练")
    last = fit(seen, given.classes, labels, settings)
    calibrated, offsets = _decided(logits, given.classes, emotion=emotion)
    card = ModelCard(
        qc_version=__version__,
        date=date,
        note=note,
        data_digest=given.digest,
        lexicon_digest=lexicon.digest if emotion else "",
        rows=given.rows,
        used=len(given.texts),
        repeated=given.repeated,
        contradicting=given.contradicting,
        counts=given.counts,
        folds=FOLDS,
        options=(
            ("longest", str(settings.longest)),
            ("strength", f"{settings.strength:g}"),
            ("balance", f"{settings.balance:g}"),
            ("clean", "yes" if settings.clean else "no"),
            ("doubtful", str(int(last.doubtful.sum()))),
            ("rarity", f"{settings.rarity:g}"),
            ("names", f"{settings.names:g}"),
            ("margin", "yes" if settings.margin else "no"),
            ("temperature", f"{1 / calibrated.sharpness:.4f}"),
            ("noise", f"{calibrated.noise:.4f}"),
        ),
        scores=rounded(scores(given.classes, found, judged, given.labels)),
        untrained=alone,
        curve=(*curve, (len(given.classes) - len(parts[0][1]), round(_macro(given.classes, found, labels), 4))),
    )
    head = _head(last, seen, given, task, settings, calibrated, offsets, card)
    at = np.flatnonzero(last.doubtful)
    return Trained(head=head, confusion=confusion(given.classes, found, labels), doubtful=len(at), doubtful_at=at)


def untrained(shard: Shard, scorer: EmotionScorer, given: TrainingSet) -> Scores:
    """What the lexicon alone does on the sentences."""
    felt = scorer.score(shard)
    negative, positive = felt.negative_probability, felt.positive_probability
    probabilities = np.column_stack((negative, 1 - negative - positive, positive)).astype(np.float64)
    return scores(given.classes, felt.label.astype(np.int64) + 1, probabilities, given.labels)


def rounded(found: Scores) -> Scores:
    """Scores to four places: what is behind them depends on the machine's arithmetic."""
    return Scores(
        macro_f1=round(found.macro_f1, 4),
        accuracy=round(found.accuracy, 4),
        calibration_error=round(found.calibration_error, 4),
        labels=tuple(
            replace(one, precision=round(one.precision, 4), recall=round(one.recall, 4), f1=round(one.f1, 4))
            for one in found.labels
        ),
    )


def _decided(logits: Doubles, classes: Classes, *, emotion: bool) -> tuple[Calibration, Doubles]:
    """Calibration and thresholds by held-out logits. Feelings are rare and each has a shift and a threshold; with many
    labels there is too little of each, and more to be mistaken: for them the noise is learned."""
    if not emotion:
        return noisy_calibration(logits, classes), np.zeros(logits.shape[1])
    calibrated = calibration(logits, classes)
    return calibrated, best_offsets(calibrated.probabilities(logits), classes)


def _judged(
    logits: Doubles, classes: Classes, parts: list[tuple[Classes, Classes]], *, emotion: bool
) -> tuple[Doubles, Classes]:
    """Probabilities that a label is given (noise of the labels included) and decisions of held-out logits; calibration
    and thresholds of a fold are those of the others."""
    probabilities = np.zeros_like(logits)
    found = np.zeros(len(classes), np.int64)
    for learned, held in parts:
        calibrated, offsets = _decided(logits[learned], classes[learned], emotion=emotion)
        probabilities[held] = calibrated.given(calibrated.probabilities(logits[held]))
        found[held] = (np.log(np.maximum(probabilities[held], 1e-12)) + offsets).argmax(axis=1)
    return probabilities, found


def _curve(
    seen: Sentences,
    classes: Classes,
    labels: int,
    settings: Settings,
    parts: list[tuple[Classes, Classes]],
    *,
    emotion: bool,
    said: Said,
) -> tuple[tuple[int, float], ...]:
    """Macro-F1 by number of sentences learned from: halved again and again, tested on the same held-out folds."""
    full = len(classes) - len(parts[0][1])
    out: list[tuple[int, float]] = []
    size = full // 2
    while size >= _CURVE_FROM and len(out) < 4:
        said(f"学习曲线：{size} 句")
        logits = np.zeros((len(classes), labels))
        for learned, held in parts:
            some = learned[np.argsort(np.random.default_rng(2).random(len(learned)), kind="stable")[:size]]
            logits[held] = fit(seen.rows(some), classes[some], labels, settings).logits(seen.rows(held))
        found = _judged(logits, classes, parts, emotion=emotion)[1]
        out.append((size, round(_macro(classes, found, labels), 4)))
        size //= 2
    return tuple(reversed(out))


def _macro(classes: Classes, found: Classes, labels: int) -> float:
    table = confusion(classes, found, labels)
    f1 = 2 * np.diag(table) / np.maximum(table.sum(axis=0) + table.sum(axis=1), 1)
    return float(f1[table.sum(axis=1) > 0].mean())


def _head(
    last: Fitted,
    seen: Sentences,
    given: TrainingSet,
    task: Task,
    settings: Settings,
    calibrated: Calibration,
    offsets: Doubles,
    card: ModelCard,
) -> TrainedHead:
    """The fit as int8 rows, calibration folded in."""
    weights = calibrated.sharpness * last.weights[:, : seen.slots].T.astype(np.float64)
    scales = np.maximum(np.abs(weights).max(axis=0), 1e-9) / _MOST_WEIGHT
    small = np.rint(weights / scales).astype(np.int8)
    used = np.flatnonzero(small.any(axis=1))
    inputs = INPUT_SCALE * calibrated.sharpness * last.weights[:, seen.slots :].T.astype(np.float64)
    return with_digest(
        TrainedHead(
            task=task,
            labels=given.labels,
            longest=settings.longest,
            bits=settings.bits,
            slots=used.astype("<u4").tobytes(),
            weights=np.ascontiguousarray(small[used]).tobytes(),
            scales=_plain(scales),
            bias=_plain(calibrated.sharpness * last.bias + calibrated.shift),
            inputs=seen.inputs,
            input_weights=tuple(_plain(row) for row in inputs),
            offsets=_plain(offsets),
            card=card,
            digest="",
        )
    )


def _plain(values: Doubles) -> tuple[float, ...]:
    return tuple(round(float(v), 9) for v in values)
