"""Intent head against what scikit-learn gives in three lines: TF-IDF of characters with a linear model. CIC.

    python -m bench.emotion.intent_rivals TEXT_FOLDER [folds|dev]

`folds`: three folds of train, the scores settings were chosen by. A label is called confirmed where at least two of
three simple models, none of them compared here (naive Bayes on characters, nearest neighbours, nearest centroid of
words), say it too without having seen the sentence. `dev`: train → dev and its reread labels, looked at once the
settings stood; how far ours is above each, by paired bootstrap over the sentences.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import jieba
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import ComplementNB
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.svm import LinearSVC

from bench.emotion.trained import HELD, intents_of
from qc.domain.head import Task
from qc.learning.evaluate import confusion
from qc.learning.features import sentences, shard_of
from qc.learning.fit import Classes, Settings, fit, folds
from qc.learning.train import SETTINGS

_DRAWS = 1000
_OURS = SETTINGS[Task.INTENT]
_EARLIER = Settings(strength=2.0, balance=0.5, clean=False)
_CHARS = {"analyzer": "char", "ngram_range": (1, 3), "min_df": 2, "dtype": np.float32}
_RIVALS: dict[str, Any] = {
    "TF-IDF LR C=4": lambda: LogisticRegression(C=4, max_iter=60, tol=3e-3),
    "TF-IDF SVC C=1": lambda: LinearSVC(C=1, random_state=0),
    "TF-IDF SVC C=0.5": lambda: LinearSVC(C=0.5, random_state=0),
}
_VARIANTS = {
    "qc": _OURS,
    "qc, labels alike": replace(_OURS, balance=0.0),
    "qc, n-grams alike too": replace(_OURS, balance=0.0, rarity=0.0),
    "qc, logistic regression": _EARLIER,
}


def _found(texts: list[str], classes: Classes, held: list[str], name: str, count: int) -> Classes:
    if name in _VARIANTS:
        settings = _VARIANTS[name]
        seen = sentences(shard_of([*texts, *held]), longest=settings.longest, bits=settings.bits, lexicon=None)
        rows = np.arange(len(texts) + len(held))
        model = fit(seen.rows(rows[: len(texts)]), classes, count, settings)
        return np.asarray(model.logits(seen.rows(rows[len(texts) :])).argmax(axis=1))
    return _plain(TfidfVectorizer(**_CHARS), _RIVALS[name](), texts, classes, held)


def _plain(vectors: Any, model: Any, texts: list[str], classes: Classes, held: list[str]) -> Classes:
    return np.asarray(model.fit(vectors.fit_transform(texts), classes).predict(vectors.transform(held)))


def _confirmed(texts: list[str], classes: Classes, held: list[str], labels: Classes) -> Any:
    words = {"tokenizer": jieba.lcut, "token_pattern": None}
    votes = (
        _plain(TfidfVectorizer(analyzer="char", ngram_range=(1, 2)), ComplementNB(alpha=0.3), texts, classes, held),
        _plain(
            TfidfVectorizer(analyzer="char", ngram_range=(1, 2)),
            KNeighborsClassifier(15, metric="cosine", weights="distance"),
            texts,
            classes,
            held,
        ),
        _plain(TfidfVectorizer(**words), NearestCentroid(), texts, classes, held),
    )
    return sum((found == labels).astype(int) for found in votes) >= 2


def _scores(classes: Classes, found: Classes, count: int) -> str:
    return f"macro-F1 {_macro(classes, found, count):.3f}, accuracy {(classes == found).mean():.3f}"


def _macro(classes: Classes, found: Classes, count: int) -> float:
    table = confusion(classes, found, count)
    f1 = 2 * np.diag(table) / np.maximum(table.sum(axis=0) + table.sum(axis=1), 1)
    return float(f1[table.sum(axis=1) > 0].mean())


def in_folds(folder: Path) -> None:
    given = intents_of(folder, "train")
    texts, classes, count = np.array(given.texts, object), given.classes, len(given.labels)
    parts = folds(classes, 3, 7)
    sure = np.zeros(len(classes), bool)
    for a, b in parts:
        sure[b] = _confirmed(list(texts[a]), classes[a], list(texts[b]), classes[b])
    print(f"three folds of {len(classes)} sentences; {sure.mean():.0%} of the labels confirmed")
    for name in (*_VARIANTS, *_RIVALS):
        found = np.zeros(len(classes), np.int64)
        for a, b in parts:
            found[b] = _found(list(texts[a]), classes[a], list(texts[b]), name, count)
        print(
            f"  {name:24} all: {_scores(classes, found, count)}; "
            f"confirmed: {_scores(classes[sure], found[sure], count)}",
            flush=True,
        )


def on_dev(folder: Path) -> None:
    given = intents_of(folder, "train")
    code = {label: i for i, label in enumerate(given.labels)}
    for part in HELD:
        held = intents_of(folder, part)
        classes = np.array([code[held.labels[c]] for c in held.classes.tolist()], np.int64)
        ours = None
        for name in ("qc", "qc, logistic regression", *_RIVALS):
            found = _found(list(given.texts), given.classes, list(held.texts), name, len(given.labels))
            ours = found if ours is None else ours
            low, high = _difference(classes, ours, found, len(given.labels))
            print(f"  {name:24} {part}: {_scores(classes, found, len(given.labels))}; "
                  f"qc above it by {low:.3f} to {high:.3f}", flush=True)  # fmt: skip


def _difference(classes: Classes, ours: Classes, theirs: Classes, count: int) -> tuple[float, float]:
    """Our macro-F1 less theirs, 95 % interval over sentences drawn again."""
    rng = np.random.default_rng(5)
    drawn = (rng.integers(0, len(classes), len(classes)) for _ in range(_DRAWS))
    less = [_macro(classes[at], ours[at], count) - _macro(classes[at], theirs[at], count) for at in drawn]
    low, high = np.quantile(less, (0.025, 0.975))
    return float(low), float(high)


if __name__ == "__main__":
    for part in sys.argv[2:] or ["folds", "dev"]:
        {"folds": in_folds, "dev": on_dev}[part](Path(sys.argv[1]))
