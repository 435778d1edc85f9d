"""The shipped lexicon without any training, beside SnowNLP and cnsenti.

usage: python -m bench.emotion.untrained DATA [--rival-python PYTHON] [--rows N]

DATA holds `cic/` and `polarity/` (see corpora.py). --rival-python: a Python with snownlp and cnsenti (pip install
cnsenti snownlp); without it only ours is measured. --rows: at most so many rows of each set, evenly spread (rivals
manage some thousand characters a second).

Three tables. Classes: macro-F1 over negative, neutral, positive on CIC (`reread`: dev with labels two readers gave it);
ours by its label, SnowNLP by 0.4 and 0.6, cnsenti by the sign. Polarity: accuracy on what is labelled negative or
positive, by the sign of the score, a score of zero counting half. Negative turns of CIC: precision at each recall, by
threshold of the polarity.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.emotion.corpora import (
    NEGATIVE,
    NEUTRAL,
    POSITIVE,
    REREAD,
    Codes,
    Labelled,
    cic,
    cped,
    human_robot,
    msctd,
    shard_of,
    waimai,
)
from qc.paths import packaged
from qc.specs.emotion import load_emotion_lexicon
from qc.text.emotion import LEVEL_FROM, EmotionScorer

Scores = npt.NDArray[np.float64]
RIVALS = ("snownlp", "cnsenti")
_SURE = {"snownlp": 0.1, "cnsenti": 0.0}
"""How far from the middle a rival's score must be not to be called neutral."""


def main() -> None:
    args = _arguments()
    scorer = EmotionScorer(load_emotion_lexicon(packaged("rules") / "_lexicons" / "emotion"))
    named = (("train",), ("dev",), (REREAD,), ("train", "dev"))
    parts = [_spread(cic(args.data, *names), args.rows) for names in named]
    print(f"{'classes':22}{'rows':>7}{'macro-F1':>10}   negative P / R / F1     positive P / R / F1")
    for part in parts:
        _classes(part.name, part.classes, scorer.score(shard_of(part.texts)).label)
    rivals = RIVALS if args.rival_python else ()
    for name in rivals:
        score = rival_scores(args.rival_python, name, parts[-1].texts)
        sure = np.where(np.abs(score) > _SURE[name], np.sign(score), 0).astype(np.int8)
        _classes(f"  {name}, train+dev", parts[-1].classes, sure)

    halves = [s(args.data).half(odd=False) for s in (waimai, human_robot, msctd, cped)]
    print(f"\n{'polarity (even lines)':22}{'rows':>7}{'positive':>10}{'ours':>8}" + "".join(f"{r:>10}" for r in rivals))
    for part in (*(_spread(h.without_neutral(), args.rows) for h in halves), parts[-1].without_neutral()):
        scores: dict[str, Scores] = {"ours": np.asarray(scorer.score(shard_of(part.texts)).polarity, np.float64)}
        scores |= {name: rival_scores(args.rival_python, name, part.texts) for name in rivals}
        _signs(part, scores)

    print("\nnegative turns of CIC: the best precision at a recall of at least")
    for part in parts:
        _curve(part, -np.asarray(scorer.score(shard_of(part.texts)).polarity, np.float64))


def rival_scores(python: str, name: str, texts: Sequence[str]) -> Scores:
    """Scores of the rival, above zero for positive."""
    return np.array(rival_run(python, name, texts)["scores"], np.float64)


def rival_run(python: str, name: str, texts: Sequence[str]) -> Mapping[str, object]:
    """What bench/emotion/rivals.py writes."""
    told = subprocess.run(
        [python, str(Path(__file__).with_name("rivals.py")), name],
        input="\n".join(json.dumps(text) for text in texts),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(told.stdout)  # type: ignore[no-any-return]


def _classes(name: str, truth: Codes, said: Codes) -> None:
    rows = {kind: _prf(truth == kind, said == kind) for kind in (NEGATIVE, NEUTRAL, POSITIVE)}
    told = "     ".join(" / ".join(f"{v:.3f}" for v in rows[kind]) for kind in (NEGATIVE, POSITIVE))
    print(f"{name:22}{len(truth):>7}{np.mean([f1 for _, _, f1 in rows.values()]):>10.3f}   {told}")


def _prf(truth: npt.NDArray[np.bool_], said: npt.NDArray[np.bool_]) -> tuple[float, float, float]:
    right = float(np.sum(truth & said))
    precision, recall = right / max(said.sum(), 1), right / max(truth.sum(), 1)
    return precision, recall, 2 * right / max(said.sum() + truth.sum(), 1)


def _signs(part: Labelled, scores: Mapping[str, Scores]) -> None:
    right = [np.mean(np.where(s == 0, 0.5, np.sign(s) == part.classes)) for s in scores.values()]
    told = f"{right[0]:>8.3f}" + "".join(f"{r:>10.3f}" for r in right[1:])
    print(f"{part.name:22}{len(part):>7}{np.mean(part.classes == POSITIVE):>10.2f}{told}")


def _curve(part: Labelled, score: Scores) -> None:
    order = np.argsort(-score, kind="stable")
    hit = (part.classes == NEGATIVE)[order]
    last = np.flatnonzero(np.diff(score[order], append=np.inf) != 0)  # turns of equal score are taken together
    found = np.cumsum(hit)[last]
    precision, recall, threshold = found / (last + 1), found / hit.sum(), score[order][last]
    for wanted in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        at = np.flatnonzero(recall >= wanted)
        best = at[np.argmax(precision[at])]
        print(
            f"{part.name:22} recall {wanted:.1f}: precision {precision[best]:.3f} (recall {recall[best]:.3f}, "
            f"polarity ≤ {-threshold[best]:.3f})"
        )
    for level, least in enumerate(LEVEL_FROM.tolist(), start=1):
        p, r, _ = _prf(part.classes == NEGATIVE, score >= least)
        print(f"{part.name:22} level {level} or more: precision {p:.3f}, recall {r:.3f}")


def _spread(part: Labelled, rows: int) -> Labelled:
    if not rows or len(part) <= rows:
        return part
    at = np.linspace(0, len(part) - 1, rows).astype(np.int64)
    return Labelled(name=part.name, texts=[part.texts[i] for i in at.tolist()], classes=part.classes[at])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--rival-python", default="")
    parser.add_argument("--rows", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
