"""How good predictions are, and how probabilities are made right: scores, calibration, thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qc.domain.head import LabelScore, Scores

Classes = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]

_BINS = 15
_GRID = np.arange(-1.0, 4.01, 0.25)


def confusion(classes: Classes, found: Classes, labels: int) -> Classes:
    """How many sentences of label i (row) were taken for label j (column)."""
    return np.bincount(classes * labels + found, minlength=labels * labels).reshape(labels, labels)


def scores(classes: Classes, found: Classes, probabilities: Doubles, labels: Sequence[str]) -> Scores:
    """Scores of decisions `found` and of the probabilities of all labels. Labels without a sentence do not count in
    the macro-F1."""
    table = confusion(classes, found, len(labels))
    right, support, taken = np.diag(table), table.sum(axis=1), table.sum(axis=0)
    precision, recall = right / np.maximum(taken, 1), right / np.maximum(support, 1)
    f1 = 2 * right / np.maximum(taken + support, 1)
    counted = support > 0
    return Scores(
        macro_f1=float(f1[counted].mean()) if counted.any() else 0.0,
        accuracy=float(right.sum() / max(support.sum(), 1)),
        calibration_error=calibration_error(classes, probabilities),
        labels=tuple(
            LabelScore(label=label, precision=float(p), recall=float(r), f1=float(f), support=int(n))
            for label, p, r, f, n in zip(labels, precision, recall, f1, support, strict=True)
        ),
    )


def calibration_error(classes: Classes, probabilities: Doubles) -> float:
    """Expected calibration error (Guo et al. 2017): over bins of the largest probability, the mean distance between it
    and the share of sentences that have that label."""
    if not len(classes):
        return 0.0
    confidence, found = probabilities.max(axis=1), probabilities.argmax(axis=1)
    at = np.minimum((confidence * _BINS).astype(np.int64), _BINS - 1)
    gap = np.bincount(at, weights=confidence - (found == classes), minlength=_BINS)
    return float(np.abs(gap).sum() / len(classes))


def precision_at_recall(classes: Classes, probability: Doubles, label: int, recall: float) -> float:
    """The best precision of `probability >= t`, over thresholds t that find at least `recall` of the label."""
    order = np.argsort(-probability, kind="stable")
    right = np.cumsum(classes[order] == label)
    if not len(right) or not right[-1]:
        return 0.0
    last = np.append(np.diff(probability[order]) != 0, True)  # a threshold takes all of equal probability
    precision = right / np.arange(1, len(right) + 1)
    return float(precision[last & (right >= recall * right[-1])].max())


def softmax(logits: Doubles) -> Doubles:
    """Probabilities of logits, along the rows."""
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """softmax(sharpness · logits + shift) is how probable the labels are. In a share `noise` of the sentences people
    gave a label at random; what they gave is predicted by `given`."""

    sharpness: float
    shift: Doubles
    noise: float

    def probabilities(self, logits: Doubles) -> Doubles:
        """How probable each label is to be right, along the rows."""
        return softmax(self.sharpness * logits + self.shift)

    def right(self, logits: Doubles, classes: Classes) -> Doubles:
        """How probable it is that the label given to each sentence is right, and was not given at random."""
        found = self.probabilities(logits)
        own = np.arange(len(classes)), classes
        return np.asarray((1 - self.noise + self.noise / found.shape[1]) * found[own] / self.given(found)[own])

    def given(self, probabilities: Doubles) -> Doubles:
        """How probable each label is to be given, by those who err in a share `noise`."""
        return np.asarray((1 - self.noise) * probabilities + self.noise / probabilities.shape[1])


def calibration(logits: Doubles, classes: Classes) -> Calibration:
    """The sharpness and shifts with the least log loss: temperature scaling (Guo et al. 2017) with a shift per label
    (bias-corrected, Alexandari et al. 2020). Newton's method would do; L-BFGS is at hand."""
    from scipy.optimize import minimize

    n, labels = logits.shape
    hot = np.zeros_like(logits)
    hot[np.arange(n), classes] = 1

    def loss(x: Doubles) -> tuple[float, Doubles]:
        a, b = np.exp(x[0]), x[1:]
        p = softmax(a * logits + b)
        wrong = (p - hot) / n
        value = -np.log(np.maximum(p[np.arange(n), classes], 1e-12)).mean() + 1e-4 * (x**2).sum()
        gradient = np.concatenate(([a * (wrong * logits).sum()], wrong.sum(axis=0)))
        return float(value), gradient + 2e-4 * x

    found = minimize(loss, np.zeros(1 + labels), jac=True, method="L-BFGS-B").x
    return Calibration(sharpness=float(np.exp(found[0])), shift=np.array(found[1:]), noise=0.0)


def noisy_calibration(logits: Doubles, classes: Classes) -> Calibration:
    """The sharpness and noise with the least log loss of (1 - noise) · softmax(sharpness · logits) + noise / labels.

    One temperature makes all probabilities low when labels are wrong at random; a floor takes these up (the symmetric
    label noise of Natarajan et al. 2013), and the temperature is that of the right ones.
    """
    from scipy.optimize import minimize

    n, labels = logits.shape
    own = logits[np.arange(n), classes]

    def loss(x: Doubles) -> tuple[float, Doubles]:
        a, noise = np.exp(x[0]), 1 / (1 + np.exp(-x[1]))
        p = softmax(a * logits)
        right = p[np.arange(n), classes]
        q = (1 - noise) * right + noise / labels
        by_a = (1 - noise) * right * (own - (p * logits).sum(axis=1)) / q
        by_noise = (1 / labels - right) / q
        gradient = -np.array((a * by_a.mean(), noise * (1 - noise) * by_noise.mean()))
        return float(-np.log(q).mean() + 1e-4 * (x**2).sum()), gradient + 2e-4 * x

    found = minimize(loss, np.array((0.0, -1.0)), jac=True, method="L-BFGS-B", bounds=((-3, 5), (-8, 4))).x
    return Calibration(
        sharpness=float(np.exp(found[0])), shift=np.zeros(labels), noise=float(1 / (1 + np.exp(-found[1])))
    )


def best_offsets(probabilities: Doubles, classes: Classes) -> Doubles:
    """What to add to the log probabilities of three labels before the largest wins, for the best macro-F1; the middle
    one is neutral and gets 0. Of equally good ones the mean, which lies off the edge."""
    log = np.log(np.maximum(probabilities, 1e-12))
    good: list[tuple[float, float, float]] = []
    for first in _GRID:
        for last in _GRID:
            table = confusion(classes, (log + np.array((first, 0.0, last))).argmax(axis=1), 3)
            f1 = 2 * np.diag(table) / np.maximum(table.sum(axis=0) + table.sum(axis=1), 1)
            good.append((round(float(f1.mean()), 3), float(first), float(last)))
    best = max(good)[0]
    at = [(first, last) for f1, first, last in good if f1 >= best - 0.002]
    return np.array([np.mean([a for a, _ in at]), 0.0, np.mean([b for _, b in at])])
