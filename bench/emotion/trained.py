"""Trained heads: emotion and intents of CIC (train → dev, and inside train), polarity in and across domains, speed.

    python -m bench.emotion.trained TEXT_FOLDER [emotion|intents|polarity|speed ...]

TEXT_FOLDER holds `cic/` and `polarity/` (see bench/emotion/corpora.py). Nothing is tuned on dev: settings are the
shipped ones, thresholds and calibration come from cross-validation inside train. The labels of train and dev are noisy;
`reread` is dev with labels two readers gave it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.emotion.corpora import (
    REREAD,
    TRAIN_REST,
    Labelled,
    cic,
    cic_intents,
    human_robot,
    msctd,
    shard_of,
    waimai,
)
from qc.domain.emotion import EmotionLexicon
from qc.domain.head import EMOTION_LABELS, Task
from qc.domain.labelled import LabelledTurn
from qc.learning.evaluate import softmax
from qc.learning.features import sentences
from qc.learning.fit import Settings, fit
from qc.learning.labels import TrainingSet, training_set
from qc.learning.test import Tested, test_emotion, test_intents
from qc.learning.train import train
from qc.paths import packaged
from qc.specs.emotion import load_emotion_lexicon
from qc.text.emotion import EmotionScorer
from qc.text.head import HeadScorer

HELD = ("dev", REREAD)
_SNOWNLP_SENTENCES = 150


def emotion(folder: Path) -> None:
    lexicon = load_emotion_lexicon(packaged("rules") / "_lexicons" / "emotion")
    learned = _emotions(cic(folder, "train"))
    made = train(learned, Task.EMOTION, lexicon=lexicon)
    bare = train(learned, Task.EMOTION, lexicon=EmotionLexicon())
    card = made.head.card
    assert card.untrained is not None
    print(f"CIC 3 classes: {len(learned.texts)} sentences of train (5-fold)")
    print(f"  doubtful labels left out of train: {made.doubtful}")
    print(
        f"  inside train: head {card.scores.macro_f1:.3f}, n-grams alone {bare.head.card.scores.macro_f1:.3f}, "
        f"lexicon {card.untrained.macro_f1:.3f}; ECE {card.scores.calibration_error:.3f}"
    )
    print("  learning curve:", ", ".join(f"{n}: {f1:.3f}" for n, f1 in card.curve))
    for part in HELD:
        held = _emotions(cic(folder, part))
        print(f"  {part}, {len(held.texts)} sentences")
        _show("lexicon", test_emotion(held, lexicon, None))
        _show("n-grams alone", test_emotion(held, EmotionLexicon(), bare.head))
        _show("head + lexicon", test_emotion(held, lexicon, made.head))


def intents(folder: Path) -> None:
    learned = intents_of(folder, "train")
    made = train(learned, Task.INTENT, lexicon=EmotionLexicon())
    card = made.head.card
    print(f"CIC {len(learned.labels)} intents: {len(learned.texts)} sentences of train")
    print(
        f"  inside train (5-fold): macro-F1 {card.scores.macro_f1:.3f}, accuracy {card.scores.accuracy:.3f}, "
        f"ECE {card.scores.calibration_error:.3f}"
    )
    print("  learning curve:", ", ".join(f"{n}: {f1:.3f}" for n, f1 in card.curve))
    for part in HELD:
        held = intents_of(folder, part)
        tested = test_intents(held, made.head)
        print(
            f"  {part}, {len(held.texts)} sentences: macro-F1 {tested.scores.macro_f1:.3f}, "
            f"accuracy {tested.scores.accuracy:.3f}, ECE {tested.scores.calibration_error:.3f}"
        )


def polarity(folder: Path) -> None:
    """Binary accuracy of n-grams alone: rows learned from (odd lines), columns tested on (even lines)."""
    sets = [s.without_neutral() for s in (waimai(folder), human_robot(folder), msctd(folder), cic(folder, "train"))]
    settings = Settings(strength=4.0, clean=False)
    print("polarity, accuracy; learned from \\ tested on:", ", ".join(s.name for s in sets))
    seen = {}
    for one in sets:
        for odd in (True, False):
            part = one.half(odd=odd)
            of = sentences(shard_of(part.texts), longest=3, bits=18, lexicon=None)
            seen[one.name, odd] = (of, (part.classes > 0).astype(np.int64))
    for source in sets:
        given, classes = seen[source.name, True]
        found = fit(given, classes, 2, settings)
        row = []
        for target in sets:
            held, wanted = seen[target.name, False]
            row.append(float((softmax(found.logits(held)).argmax(axis=1) == wanted).mean()))
        print(f"  {source.name:16}", "  ".join(f"{share:.3f}" for share in row))


def speed(folder: Path) -> None:
    """Characters per CPU second, side by side."""
    from snownlp import SnowNLP

    lexicon = load_emotion_lexicon(packaged("rules") / "_lexicons" / "emotion")
    emotion_head = train(_emotions(cic(folder, "train")), Task.EMOTION, lexicon=lexicon).head
    intent_head = train(intents_of(folder, "train"), Task.INTENT, lexicon=EmotionLexicon()).head
    texts = [*cic(folder, "train").texts, *cic(folder, "dev").texts] * 3
    chars = sum(map(len, texts))
    shard = shard_of(texts)
    assert len(shard.points)
    turns = np.arange(len(texts))
    inputs = np.zeros((len(texts), len(emotion_head.inputs)), np.float32)
    SnowNLP("热身").sentiments  # noqa: B018 - loads its models
    some = texts[:_SNOWNLP_SENTENCES]
    snow = sum(map(len, some)) / min(_seconds(lambda: [SnowNLP(t).sentiments for t in some]))
    print(f"SnowNLP(x).sentiments: {snow:,.0f} characters per CPU second")
    heads = HeadScorer(emotion_head), HeadScorer(intent_head)
    with_head, without = EmotionScorer(lexicon, emotion_head), EmotionScorer(lexicon)
    for name, work in (
        ("emotion head alone", lambda: heads[0].probabilities(shard, turns, inputs)),
        ("intent head alone, 118 labels", lambda: heads[1].probabilities(shard, turns)),
        ("emotion stage without head", lambda: without.score(shard)),
        ("emotion stage with head", lambda: with_head.score(shard)),
    ):
        fast = chars / min(_seconds(work))
        print(f"{name}: {fast / 1e6:.1f} M characters per CPU second, {fast / snow:,.0f} x SnowNLP")


def _seconds(work: object) -> Iterator[float]:
    for _ in range(5):
        before = time.process_time()
        work()  # type: ignore[operator]
        yield time.process_time() - before


def _show(name: str, tested: Tested) -> None:
    of = {one.label: one for one in tested.scores.labels}
    print(
        f"    {name}: macro-F1 {tested.scores.macro_f1:.3f}, accuracy {tested.scores.accuracy:.3f}, "
        f"negative {of['negative'].precision:.2f}/{of['negative'].recall:.2f}, "
        f"positive {of['positive'].precision:.2f}/{of['positive'].recall:.2f}, "
        f"ECE {tested.scores.calibration_error:.3f}, "
        f"negative precision at recall 0.6: {tested.negative_precision:.2f}"
    )


def _emotions(given: Labelled) -> TrainingSet:
    rows = zip(given.texts, given.classes.tolist(), strict=True)
    turns = [LabelledTurn(line=i, text=t, label=EMOTION_LABELS[c + 1]) for i, (t, c) in enumerate(rows, 1)]
    return training_set(turns, Task.EMOTION)


def intents_of(folder: Path, part: str) -> TrainingSet:
    rows = enumerate(cic_intents(folder, part), 1)
    turns = [LabelledTurn(line=i, text=text, label=intent) for i, (text, intent) in rows]
    return training_set(turns, Task.INTENT, testing=part not in ("train", TRAIN_REST))


_PARTS = {"emotion": emotion, "intents": intents, "polarity": polarity, "speed": speed}

if __name__ == "__main__":
    for part in sys.argv[2:] or list(_PARTS):
        _PARTS[part](Path(sys.argv[1]))
