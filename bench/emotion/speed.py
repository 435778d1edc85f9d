"""The whole emotion stage against SnowNLP(x).sentiments, in one run: characters per CPU second.

usage: python -m bench.emotion.speed CHATS.jsonl [--rival-python PYTHON] [--repeat 20] [--rounds 5] [--rival-turns 2000]

Ours: everything the stage gives per turn and conversation (label, level, component, polarity, phrases, summary of both
sides) for the chats repeated --repeat times in shards of 500, compiled once, median of --rounds; once with the joined
and normalised text ready, as in a run, where every stage reads the same one, and once with making it. The rival: one
call a turn on --rival-turns turns evenly spread, its model loaded before.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.emotion.corpora import chat_shard, chats
from bench.emotion.untrained import rival_run
from qc.domain.conversation import Role
from qc.paths import packaged
from qc.specs.emotion import load_emotion_lexicon
from qc.text.emotion import EmotionScorer

Talk = tuple[str, list[tuple[Role, str]]]
_SHARD = 500


def main() -> None:
    args = _arguments()
    talks = list(chats(args.chats))
    texts = [text for _, turns in talks for _, text in turns]
    many = [(f"{name}-{i}", turns) for i in range(args.repeat) for name, turns in talks]
    scorer = EmotionScorer(load_emotion_lexicon(packaged("rules") / "_lexicons" / "emotion"))
    scorer.score(chat_shard(talks))
    chars = args.repeat * sum(map(len, texts))
    speeds = {}
    for name, ready in (("text ready", True), ("with making it", False)):
        seconds = statistics.median(_once(scorer, many, ready) for _ in range(args.rounds))
        speeds[name] = chars / seconds
        told = f"{speeds[name] / 1e6:.2f} M characters/CPU-s, {len(many) / seconds:.0f} conversations/CPU-s"
        print(f"qc emotion, {name:15} {chars} characters: {told}")
    if args.rival_python:
        at = np.linspace(0, len(texts) - 1, min(args.rival_turns, len(texts))).astype(np.int64)
        sample = [texts[i] for i in at.tolist()]
        rival = sum(map(len, sample)) / float(str(rival_run(args.rival_python, "snownlp", sample)["cpu_s"]))
        print(f"SnowNLP(x).sentiments       {sum(map(len, sample))} characters: {rival / 1e3:.2f} k characters/CPU-s")
        print("ratio " + ", ".join(f"{speed / rival:.0f} × ({name})" for name, speed in speeds.items()))


def _once(scorer: EmotionScorer, talks: Sequence[Talk], ready: bool) -> float:
    """CPU seconds of the stage; `ready`: not of joining and normalising the text."""
    shards = [chat_shard(talks[i : i + _SHARD]) for i in range(0, len(talks), _SHARD)]
    if ready:
        for shard in shards:
            len(shard.points)
    begun = time.process_time()
    for shard in shards:
        scorer.score(shard)
    return time.process_time() - begun


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("chats", type=Path)
    parser.add_argument("--rival-python", default="")
    parser.add_argument("--repeat", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rival-turns", type=int, default=2000)
    return parser.parse_args()


if __name__ == "__main__":
    main()
