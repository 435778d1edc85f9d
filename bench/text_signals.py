"""Emotion, topics, intentions and entities of real chats: conversations per CPU second, stage by stage.

usage: python -m bench.text_signals CHATS.jsonl [--project 电商] [--shard 500] [--rounds 7] [--profile STAGE]

CHATS has one chat a line: {"id": …, "turns": [{"role": …, "text": …}, …]}. All lists are compiled before. “first”
is the first pass over the chats; later passes find short pieces already cut by the segmenter, as the second half of a
day does. “shard” makes the columns and the normalised text from lists of texts, which all stages and all rules share:
the rate is given without it and with it. --profile shows where a stage spends its time.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from qc.domain.conversation import CallMeta, Channel, Conversation, Role, Source, Turn
from qc.pipeline.specs import folders, load
from qc.text.shard import Shard
from qc.text.signals import Analyser, analyser_of

BAR = 5000
STAGES = ("entities", "emotions", "topics", "intents")


def main() -> None:
    args = _arguments()
    talks = read_chats(args.chats, args.project)
    parts = [talks[i : i + args.shard] for i in range(0, len(talks), args.shard)]
    analyser = analyser_of(load(folders(None)))
    _all(analyser, Shard([said("您好，我要退货，太慢了，电话13812345678", args.project)]))
    if args.profile:
        _profile(analyser, parts, args.profile)
        return
    first = _measure(analyser, parts)
    rounds = [_measure(analyser, parts) for _ in range(args.rounds)]
    later = {name: statistics.median(r[name] for r in rounds) for name in first}
    chars = sum(len(turn.text) for talk in talks for turn in talk.turns)
    print(f"{len(talks)} chats, {sum(len(t.turns) for t in talks)} turns, {chars} characters, shards of {args.shard}")
    print(f"{'CPU ms':<10}{'first':>8}{'later':>8}")
    for name, seconds in first.items():
        print(f"{name:<10}{seconds * 1e3:>8.1f}{later[name] * 1e3:>8.1f}")
    for label, taken in (("first", first), ("later", later)):
        alone = sum(taken[stage] for stage in STAGES)
        print(
            f"{label}: {len(talks) / alone:.0f} conversations per CPU second without making the shard, "
            f"{len(talks) / (alone + taken['shard']):.0f} with (bar {BAR})"
        )


def _measure(analyser: Analyser, parts: list[list[Conversation]]) -> dict[str, float]:
    """CPU seconds of making the shards and of each stage, over all parts."""
    taken = dict.fromkeys(("shard", *STAGES), 0.0)

    def timed(name: str, call: Callable[[], object]) -> None:
        begun = time.process_time()
        call()
        taken[name] += time.process_time() - begun

    for part in parts:
        begun = time.process_time()
        shard = Shard(part)
        _ = shard.buffer, shard.points
        taken["shard"] += time.process_time() - begun
        for stage in STAGES:
            timed(stage, lambda stage=stage, shard=shard: getattr(analyser, stage)(shard))  # type: ignore[misc]
    return taken


def _all(analyser: Analyser, shard: Shard) -> None:
    for stage in STAGES:
        getattr(analyser, stage)(shard)


def _profile(analyser: Analyser, parts: list[list[Conversation]], stage: str) -> None:
    shards = [Shard(part) for part in parts]
    for shard in shards:
        _ = shard.buffer, shard.points
    profile = cProfile.Profile()
    profile.enable()
    for shard in shards * 5:
        getattr(analyser, stage)(shard)
    profile.disable()
    pstats.Stats(profile).sort_stats("tottime").print_stats(25)


def read_chats(path: Path, project: str) -> list[Conversation]:
    """The chats of a file as conversations of `project`."""
    lines = (json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip())
    return [
        _talk(str(line["id"]), project, tuple(Turn(role=Role(t["role"]), text=t["text"]) for t in line["turns"]))
        for line in lines
    ]


def said(text: str, project: str, name: str = "said") -> Conversation:
    """One sentence of a customer."""
    return _talk(name, project, (Turn(role=Role.CUSTOMER, text=text),))


def _talk(name: str, project: str, turns: tuple[Turn, ...]) -> Conversation:
    source = Source(path="chats", format="qc", sha256="")
    return Conversation(id=name, project=project, channel=Channel.CHAT, turns=turns, meta=CallMeta(), source=source)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("chats", type=Path)
    parser.add_argument("--project", default="电商")
    parser.add_argument("--shard", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--profile", choices=STAGES)
    return parser.parse_args()


if __name__ == "__main__":
    main()
