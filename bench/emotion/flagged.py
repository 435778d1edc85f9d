"""How many turns of real chats are flagged, and a sample of them to read.

usage: python -m bench.emotion.flagged CHATS.jsonl [--role customer|agent] [--sample 100] [--seed 1]

Prints the share of the role's turns labelled negative, and angry or disgusted, and the components; then a random sample
of the negative turns: component, level, what the label rests on, the turn. It shows what people said: keep it where the
chats may be kept.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from pathlib import Path

import numpy as np

from bench.emotion.corpora import chat_shard, chats
from qc.domain.conversation import Role
from qc.domain.emotion import COMPONENTS
from qc.paths import packaged
from qc.specs.emotion import load_emotion_lexicon
from qc.text.emotion import NEGATIVE, EmotionScorer
from qc.text.shard import ROLE_CODES

_BITTER = ("anger", "disgust")


def main() -> None:
    args = _arguments()
    shard = chat_shard(chats(args.chats))
    felt = EmotionScorer(load_emotion_lexicon(packaged("rules") / "_lexicons" / "emotion")).score(shard)
    mine = shard.role == ROLE_CODES[Role(args.role)]
    flagged = np.flatnonzero(mine & (felt.label == NEGATIVE)).tolist()
    components = Counter(COMPONENTS[felt.component[turn]] for turn in flagged)
    bitter = sum(components[name] for name in _BITTER)
    total = int(mine.sum())
    print(
        f"{total} turns, {len(flagged)} negative ({len(flagged) / total:.2%}), angry or disgusted {bitter / total:.2%}"
    )
    print(", ".join(f"{name} {count}" for name, count in components.most_common()))
    for turn in sorted(random.Random(args.seed).sample(flagged, min(args.sample, len(flagged)))):
        where = f"{shard.columns.id[shard.conversation[turn]]}:{turn - shard.first_turn[shard.conversation[turn]] + 1}"
        why = "、".join(felt.phrases.get(turn, ()))
        print(f"{where}\t{COMPONENTS[felt.component[turn]]}\t{felt.level[turn]}\t{why}\t{shard.turns[turn].text}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("chats", type=Path)
    parser.add_argument("--role", choices=("customer", "agent"), default="customer")
    parser.add_argument("--sample", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
