"""Intent head against what scikit-learn gives in three lines: TF-IDF of characters with a linear model. CIC.

    python -m bench.emotion.intent_rivals TEXT_FOLDER [settings|clean|dev]

Learned is from the labels given, of which half are wrong. `settings`: from 8,000 sentences of train; tested on the
other 2,000 with the labels a reader gave them: the scores settings were chosen by. `clean`: five folds of these 2,000
alone, labels all right, and a quarter of them: what settings made for wrong labels do to right ones. `dev`: train → dev
and its reread labels, looked at once the settings stood. How far ours is above each, by paired bootstrap over the
sentences.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from bench.emotion.corpora import TRAIN_REREAD, TRAIN_REST
from bench.emotion.trained import HELD, intents_of
from qc.domain.head import Task
from qc.learning.evaluate import confusion
from qc.learning.features import named_sentences
from qc.learning.fit import Classes, Settings, fit, folds
from qc.learning.labels import TrainingSet
from qc.learning.train import SETTINGS

_DRAWS = 1000
_OURS = SETTINGS[Task.INTENT]
_EARLIER = Settings(longest=3, strength=0.2, balance=0.4, rarity=0.5, clean=False, margin=True)
_CHARS = {"analyzer": "char", "ngram_range": (1, 3), "min_df": 2, "dtype": np.float32}
_RIVALS: dict[str, Callable[[], Any]] = {
    "TF-IDF LR C=4": lambda: LogisticRegression(C=4, max_iter=60, tol=3e-3),
    "TF-IDF SVC C=1": lambda: LinearSVC(C=1, random_state=0),
    "TF-IDF SVC C=0.5": lambda: LinearSVC(C=0.5, random_state=0),
}
_VARIANTS = {
    "qc": _OURS,
    "qc, names not learned": replace(_OURS, names=0.0),
    "qc, no label doubted": replace(_OURS, clean=False),
    "qc, doubt label by label": replace(_OURS, at_random=False),
    "qc, three characters": replace(_OURS, longest=3),
    "qc, labels alike": replace(_OURS, balance=0.0),
    "qc, earlier": _EARLIER,
}


def _found(given: TrainingSet, rows: Sequence[int], held: Sequence[str], name: str) -> Classes:
    """What the model called so, learned from some rows, says of held out sentences."""
    texts, classes = [given.texts[i] for i in rows], given.classes[np.asarray(rows)]
    if name in _VARIANTS:
        settings = _VARIANTS[name]
        seen = named_sentences([*texts, *held], given.labels, longest=settings.longest, bits=settings.bits)
        at = np.arange(len(texts) + len(held))
        model = fit(seen.rows(at[: len(texts)]), classes, len(given.labels), settings)
        return np.asarray(model.logits(seen.rows(at[len(texts) :])).argmax(axis=1))
    vectors = TfidfVectorizer(**_CHARS)
    return np.asarray(_RIVALS[name]().fit(vectors.fit_transform(texts), classes).predict(vectors.transform(held)))


def _show(names: Sequence[str], classes: Classes, count: int, found_by: Callable[[str], Classes]) -> None:
    ours = None
    for name in names:
        found = found_by(name)
        ours = found if ours is None else ours
        low, high = _difference(classes, ours, found, count)
        print(f"  {name:24} macro-F1 {_macro(classes, found, count):.3f}, accuracy {(classes == found).mean():.3f}; "
              f"qc above it by {low:.3f} to {high:.3f}", flush=True)  # fmt: skip


def _macro(classes: Classes, found: Classes, count: int) -> float:
    table = confusion(classes, found, count)
    f1 = 2 * np.diag(table) / np.maximum(table.sum(axis=0) + table.sum(axis=1), 1)
    return float(f1[table.sum(axis=1) > 0].mean())


def _difference(classes: Classes, ours: Classes, theirs: Classes, count: int) -> tuple[float, float]:
    """Our macro-F1 less theirs, 95 % interval over sentences drawn again."""
    rng = np.random.default_rng(5)
    drawn = (rng.integers(0, len(classes), len(classes)) for _ in range(_DRAWS))
    less = [_macro(classes[at], ours[at], count) - _macro(classes[at], theirs[at], count) for at in drawn]
    low, high = np.quantile(less, (0.025, 0.975))
    return float(low), float(high)


def _held_out(folder: Path, learned: str, part: str, names: Sequence[str]) -> None:
    given, held = intents_of(folder, learned), intents_of(folder, part)
    code = {label: i for i, label in enumerate(given.labels)}
    classes = np.array([code[held.labels[c]] for c in held.classes.tolist()], np.int64)
    print(f"{learned} ({len(given.texts)}) → {part} ({len(held.texts)})")
    rows = range(len(given.texts))
    _show(names, classes, len(given.labels), lambda name: _found(given, rows, held.texts, name))


def settings(folder: Path) -> None:
    _held_out(folder, TRAIN_REST, TRAIN_REREAD, [*_VARIANTS, *_RIVALS])


def dev(folder: Path) -> None:
    for part in HELD:
        _held_out(folder, "train", part, ["qc", "qc, earlier", *_RIVALS])


def clean(folder: Path) -> None:
    given = intents_of(folder, TRAIN_REREAD)
    for share in (1, 4):
        print(f"1 / {share} of {len(given.texts) * 4 // 5} sentences whose labels are right, five folds")

        def found_by(name: str, share: int = share) -> Classes:
            found = np.zeros(len(given.classes), np.int64)
            for learned, held in folds(given.classes, 5, 3):
                some = np.random.default_rng(2).permutation(learned)[: len(learned) // share]
                found[held] = _found(given, some.tolist(), [given.texts[i] for i in held.tolist()], name)
            return found

        _show([*_VARIANTS, *_RIVALS], given.classes, len(given.labels), found_by)


_PARTS = {"settings": settings, "clean": clean, "dev": dev}

if __name__ == "__main__":
    for part in sys.argv[2:] or list(_PARTS):
        _PARTS[part](Path(sys.argv[1]))
