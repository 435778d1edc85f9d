"""How often real chats have a turn that calmed, a turn that inflamed, a customer to soothe; and what that costs.

usage: python -m bench.emotion.over_time CHATS.jsonl [--read calmed|inflamed|soothed|not_soothed] [--half odd|even]

Prints the counts for the odd and the even lines, and CPU time against scoring the turns. `--read` prints the
conversations of one kind with the mood of each turn, to judge whether the turn (marked >) is rightly called so. It
shows what people said: keep it where the chats may be kept.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.emotion.corpora import chat_shard, chats
from qc.paths import packaged
from qc.specs.emotion import load_emotion_lexicon
from qc.text.emotion import Emotions, EmotionScorer
from qc.text.emotion_curve import NOBODY, NOT_SOOTHED, NOTHING, SOOTHED, EmotionCurve, emotion_curve, moods_of
from qc.text.shard import Shard

_TIMES = 20


def main() -> None:
    args = _arguments()
    shard = chat_shard(chats(args.chats))
    scorer = EmotionScorer(load_emotion_lexicon(packaged("rules") / "_lexicons" / "emotion"))
    emotions = scorer.score(shard)
    curve = emotion_curve(shard, emotions, moods_of(shard, emotions))
    odd = np.arange(len(shard)) % 2 == 0
    kinds = {
        "calmed": curve.calmed != NOBODY,
        "inflamed": curve.inflamed != NOBODY,
        "soothed": curve.soothed == SOOTHED,
        "not_soothed": curve.soothed == NOT_SOOTHED,
    }
    if args.read:
        wanted = kinds[args.read] & {"odd": odd, "even": ~odd, None: np.ones(len(shard), bool)}[args.half]
        for conversation in np.flatnonzero(wanted).tolist():
            _print(shard, emotions, curve, conversation, args.read)
        return
    print(f"{len(shard)} conversations, {int((curve.soothed != NOTHING).sum())} with a customer to soothe")
    for name, found in kinds.items():
        print(f"{name}: {int(found.sum())} (odd lines {int((found & odd).sum())}, even {int((found & ~odd).sum())})")
    scored, curved = (
        _cost(lambda: scorer.score(shard)),
        _cost(lambda: emotion_curve(shard, emotions, moods_of(shard, emotions))),
    )
    rate = f"{len(shard) / curved:,.0f} conversations per CPU-s"
    print(f"curve {curved * 1000:.2f} ms, {rate}; {curved / scored:.1%} of scoring")


def _cost(work: Callable[[], object]) -> float:
    work()
    start = time.process_time()
    for _ in range(_TIMES):
        work()
    return (time.process_time() - start) / _TIMES


def _print(shard: Shard, emotions: Emotions, curve: EmotionCurve, conversation: int, kind: str) -> None:
    marked = {"calmed": curve.calmed, "inflamed": curve.inflamed}.get(kind)
    print(f"\n# {shard.columns.id[conversation]}")
    for turn in range(shard.first_turn[conversation], shard.first_turn[conversation + 1]):
        here = ">" if marked is not None and marked[conversation] == turn else " "
        number = turn - shard.first_turn[conversation] + 1
        felt = f"{emotions.polarity[turn]:+.2f} {curve.smoothed[turn]:+.2f}"
        print(f"{here}{number:4} {shard.turns[turn].role.value:8} {felt} {shard.turns[turn].text}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("chats", type=Path)
    parser.add_argument("--read", choices=("calmed", "inflamed", "soothed", "not_soothed"))
    parser.add_argument("--half", choices=("odd", "even"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
