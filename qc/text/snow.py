"""The one door to snownlp: its sentiment model as weights per word, applied to a whole shard in one scan.

`SnowNLP(text).sentiments` segments with a character model at about 10,000 characters a second and adds up the log
probabilities of its words. Here the same trained weights are added up over the longest words of the model found from
left to right. Words the training text holds fewer than _MIN_COUNT times are left out: they are pieces of bad
segmentation and cost more agreement than they bring.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qc.errors import UsageError
from qc.text.longest import LongestWords
from qc.text.normalise import normalise
from qc.text.shard import Shard

Bools = npt.NDArray[np.bool_]

_MIN_COUNT = 16
_MAX_CHARS = 4
_TABLE = 0x10000
"""Characters that may be words; those beyond the basic plane are none."""


class SnowSentiment:
    """snownlp's trained Bayes model. `prior` and `weights` are log-odds of positive against negative."""

    def __init__(self) -> None:
        folder, bayes = _trained()
        positive, negative = bayes.d["pos"], bayes.d["neg"]
        self._prior = math.log(positive.getsum()) - math.log(negative.getsum())
        words = {
            word: math.log(positive.freq(word)) - math.log(negative.freq(word))
            for word in sorted(set(positive.samples()) | set(negative.samples()))
            if len(word) <= _MAX_CHARS
            and positive.get(word)[1] + negative.get(word)[1] >= _MIN_COUNT
            and normalise(word) == word
        }
        # Stop words say nothing, but must be seen, or a piece of one would be taken for a word.
        for stop in (folder / "normal" / "stopwords.txt").read_text("utf-8").split():
            words.setdefault(stop, 0.0)
        longer = {word: weight for word, weight in words.items() if len(word) > 1}
        self._words = LongestWords(tuple(longer))
        self._weights = np.array(list(longer.values()))
        self._of_char = np.zeros(_TABLE)
        for word, weight in words.items():
            if len(word) == 1 and ord(word) < _TABLE:
                self._of_char[ord(word)] = weight

    def score(self, shard: Shard, turns: Bools) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Per turn of the mask `turns`: the probability of being positive as snownlp understands it, 0..1, 0.5 for a
        turn without any known word; and the mean log-odds of its words, which does not grow with the turn. Other turns
        have 0.5 and 0."""
        probability, mean = np.full(len(turns), 0.5, np.float32), np.zeros(len(turns), np.float32)
        if not turns.any():
            return probability, mean
        size = np.diff(shard.char_start)
        points = shard.points[np.repeat(turns, size)[: len(shard.points)]]
        found = self._words.scan(points)
        # A word of one character is one wherever no longer word covers it: a table, no search.
        weight = np.append(self._of_char.take(points, mode="clip"), 0.0)
        covered = np.zeros(len(weight), np.int8)
        covered[found.start] += 1
        covered[found.end] -= 1
        weight *= np.cumsum(covered, dtype=np.int8) == 0
        weight[found.start] = self._weights[found.pattern]
        first = np.cumsum(size[turns]) - size[turns]
        total = np.add.reduceat(weight, first)
        telling = np.add.reduceat(weight != 0, first, dtype=np.int64)
        certain = 1 / (1 + np.exp(-np.clip(total + self._prior, -60, 60)))
        probability[turns] = np.where(telling > 0, certain, 0.5)
        mean[turns] = total / np.maximum(telling, 1)
        return probability, mean


@cache
def snow_sentiment() -> SnowSentiment:
    """The model, loaded once per process (0.1 s)."""
    return SnowSentiment()


def _trained() -> tuple[Path, Any]:
    """snownlp's folder and its trained classifier, read by its own loader.

    The package's `__init__` is left out: it would load the segmenter, the tagger and the pinyin table as well (2.3 s).
    """
    spec = importlib.util.find_spec("snownlp")
    if spec is None or not spec.submodule_search_locations:
        raise UsageError("没有安装 snownlp，情绪分析需要它", "请运行 pip install snownlp。")
    folder = Path(spec.submodule_search_locations[0])
    whole = "snownlp" in sys.modules
    if not whole:
        sys.modules["snownlp"] = importlib.util.module_from_spec(spec)
    try:
        bayes = importlib.import_module("snownlp.classification.bayes").Bayes()
    finally:
        if not whole:  # a later `import snownlp` must find the real package
            for name in [n for n in sys.modules if n == "snownlp" or n.startswith("snownlp.")]:
                del sys.modules[name]
    bayes.load(str(folder / "sentiment" / "sentiment.marshal"))
    return folder, bayes
