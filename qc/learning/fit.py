"""One fit: a linear model over n-grams and inputs. The only module that fits with scikit-learn.

Labels given by people are wrong here and there. Before the fit, sentences whose label is doubtful by a model that has
not seen them are left out. With few labels: another label is at least as probable as it is on average for sentences of
its own (confident learning, Northcutt et al. 2021). With many, where wrong labels fall anywhere: how many were given at
random is learned from all sentences, and those whose label rather was than not are left out; where labels are right,
hardly any.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from qc.errors import UsageError
from qc.learning.evaluate import noisy_calibration, softmax
from qc.learning.features import Sentences

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Classes = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]

_LEAST_SEEN = 2
"""An n-gram of one sentence only is not learned: it says who spoke rather than what. One of a label's name is."""
_MAX_ITERATIONS = 100
_TOLERANCE = 1e-3
_CLEANING_FOLDS = 4
_STILL_WRONG = 0.4
"""While wrong labels are still among them, a fit has this share of the strength."""
_LEAST_KEPT = 5
"""So many sentences of a label are never left out as given at random, nor is more than three quarters of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How heads are fitted. `strength` is the inverse of the regularisation (scikit-learn's C); a sentence weighs
    (mean size of a label / size of its label) ** `balance`, an n-gram its inverse document frequency ** `rarity`, the
    name of a label as much as `names` of its sentences; `clean`: leave doubtful sentences out; `at_random`: doubtful is
    what was rather given at random than not; `margin`: a support vector machine (squared hinge, each label against the
    rest) instead of logistic regression: faster with many labels, and less moved by wrong ones."""

    longest: int = 3
    bits: int = 18
    strength: float = 4.0
    balance: float = 0.0
    rarity: float = 0.0
    names: float = 0.0
    clean: bool = True
    at_random: bool = False
    margin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """`weights` [labels, columns of the sentences] and `bias` [labels]. `doubtful`: which sentences were left out."""

    weights: npt.NDArray[np.float32]
    bias: Doubles
    doubtful: npt.NDArray[np.bool_]

    def logits(self, held: Sentences) -> Doubles:
        """One row per sentence, one column per label."""
        return np.asarray(held.matrix @ self.weights.T + self.bias, np.float64)


def fit(given: Sentences, classes: Classes, labels: int, settings: Settings) -> Fitted:
    """A linear model of the sentences. Labels of which no sentence is left get a bias that never wins."""
    doubtful = np.zeros(len(classes), bool)
    if settings.clean:
        doubtful = _doubtful(given, classes, labels, settings)
    kept = np.flatnonzero(~doubtful)
    weights, bias = _regression(given.rows(kept), classes[kept], labels, settings)
    return Fitted(weights=weights, bias=bias, doubtful=doubtful)


def folds(classes: Classes, count: int, seed: int) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """(learned from, held out) of each fold, every label in every fold where it has that many sentences."""
    order = np.lexsort((np.random.default_rng(seed).random(len(classes)), classes))
    fold = np.empty(len(classes), np.int64)
    fold[order] = np.arange(len(classes)) % count
    return [(np.flatnonzero(fold != i), np.flatnonzero(fold == i)) for i in range(count)]


def _doubtful(given: Sentences, classes: Classes, labels: int, settings: Settings) -> npt.NDArray[np.bool_]:
    """Sentences whose label is doubtful by fits that have not seen them."""
    logits = np.zeros((len(classes), labels))
    if settings.at_random:
        settings = replace(settings, strength=_STILL_WRONG * settings.strength)
    for seen, held in folds(classes, _CLEANING_FOLDS, 1):
        weights, bias = _regression(given.rows(seen), classes[seen], labels, settings)
        logits[held] = given.rows(held).matrix @ weights.T + bias
    return _at_random(logits, classes) if settings.at_random else _contradicted(logits, classes)


def _at_random(logits: Doubles, classes: Classes) -> npt.NDArray[np.bool_]:
    """Sentences whose label was rather given at random than not."""
    right = noisy_calibration(logits, classes).right(logits, classes)
    doubtful = right < 0.5
    size = np.bincount(classes)
    kept = np.bincount(classes[~doubtful], minlength=len(size))
    least = np.minimum(size, np.maximum(_LEAST_KEPT, -(-size // 4)))
    for label in np.flatnonzero(kept < least):
        mine = np.flatnonzero(classes == label)
        doubtful[mine[np.argsort(-right[mine], kind="stable")][: least[label]]] = False
    return np.asarray(doubtful, bool)


def _contradicted(logits: Doubles, classes: Classes) -> npt.NDArray[np.bool_]:
    """Sentences whose label is confidently another; never so many that a label keeps less than half of its own."""
    probability, labels = softmax(logits), logits.shape[1]
    own = probability[np.arange(len(classes)), classes]
    size = np.bincount(classes, minlength=labels)
    expected = np.bincount(classes, weights=own, minlength=labels) / np.maximum(size, 1)
    others = probability.copy()
    others[np.arange(len(classes)), classes] = 0
    against = np.where(others >= np.maximum(expected, 1e-9), others, 0).max(axis=1)
    doubt = (against > own).astype(float) * (against - own)
    doubtful = doubt > 0
    for label in np.flatnonzero(np.bincount(classes[doubtful], minlength=labels) * 2 > size):
        mine = np.flatnonzero(classes == label)
        keep = mine[np.argsort(doubt[mine], kind="stable")][: -(-len(mine) // 2)]
        doubtful[keep] = False
    return np.asarray(doubtful, bool)


def _regression(
    given: Sentences, classes: Classes, labels: int, settings: Settings
) -> tuple[npt.NDArray[np.float32], Doubles]:
    from scipy.sparse import vstack

    rows, often = given.matrix, np.ones(len(classes))
    seen = np.bincount(rows.indices, minlength=rows.shape[1])
    if settings.names and given.names is not None:
        rows = vstack((rows, given.names), format="csr")
        classes = np.concatenate((classes, np.arange(labels)))
        often = np.concatenate((often, np.full(labels, settings.names)))
        seen += _LEAST_SEEN * np.bincount(given.names.indices, minlength=len(seen))
    columns = np.flatnonzero((seen >= _LEAST_SEEN) | (np.arange(len(seen)) >= given.slots))
    size = np.bincount(classes, minlength=labels)
    present = np.flatnonzero(size)
    each = often * (size[present].mean() / size[classes]) ** settings.balance
    table = rows[:, columns]
    weigh = _column_weights(table, seen[columns], int((columns < given.slots).sum()), settings.rarity)
    model = _linear_model(settings)
    model.fit(table.multiply(weigh).tocsr().astype(np.float32), classes, sample_weight=each)
    found, intercept = np.asarray(model.coef_) * weigh, np.asarray(model.intercept_)
    if len(found) == 1:  # two labels share one row: half for one, half against the other
        found, intercept = np.vstack((-found, found)) / 2, np.concatenate((-intercept, intercept)) / 2
    weights = np.zeros((labels, rows.shape[1]), np.float32)
    weights[np.ix_(present, columns)] = found
    bias = np.full(labels, float(intercept.min()) - 20.0)
    bias[present] = intercept
    return weights, bias


def _column_weights(table: csr_matrix, seen: Classes, grams: int, rarity: float) -> Doubles:
    """What each column is multiplied by: its smoothed inverse document frequency ** `rarity`, scaled so that the
    n-grams of a sentence, the first `grams` columns, have norm 1 in the mean of squares; inputs stay as they are."""
    weigh = np.ones(table.shape[1])
    if rarity:
        sentences = table.shape[0]
        weigh[:grams] = (np.log((1 + sentences) / (1 + seen[:grams])) + 1) ** rarity
        weigh[:grams] /= np.sqrt(max(float(table[:, :grams].multiply(weigh[:grams]).power(2).sum()), 1e-9) / sentences)
    return weigh


def _linear_model(settings: Settings) -> Any:
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.svm import LinearSVC
    except ImportError:
        raise UsageError(
            "训练需要 scikit-learn，还没有安装", "请运行 pip install 'qc[learn]'。用训练好的模型不需要它。"
        ) from None
    if settings.margin:
        return LinearSVC(C=settings.strength, random_state=0)
    return LogisticRegression(C=settings.strength, max_iter=_MAX_ITERATIONS, tol=_TOLERANCE)
