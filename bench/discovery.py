"""Discovery measured: do groups agree with intents, does a topic taken away come back, how fast are new words found.

usage: python -m bench.discovery --cic FOLDER --dialogues CHATS.jsonl

Groups against intents: buyers' sentences of CIC (train and dev, noisy labels), by normalised mutual information (NMI)
with the number of groups given. A topic taken away: the e-commerce taxonomy without one of its topics judges the chats;
the topic is back when a suggested keyword is one of its keywords or holds one. Only topics that are the reason of at
least 8 chats are tried.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.text_signals import read_chats, said
from qc.domain.conversation import Conversation, Role
from qc.errors import UsageError
from qc.learning.clusters import cluster
from qc.learning.new_words import new_words
from qc.learning.suggest import Statement, suggest, telling
from qc.pipeline.specs import folders, taxonomies
from qc.text.shard import Shard
from qc.text.topics import TopicAssigner, domain_words
from qc.text.words import counts, segmenter

PROJECT = "电商"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cic", type=Path, required=True)
    parser.add_argument("--dialogues", type=Path, required=True)
    args = parser.parse_args()
    _against_intents(args.cic)
    _topics_taken_away("chats", read_chats(args.dialogues, PROJECT))
    sentences = [row["sentence"] for row in _lines(args.cic / "train.json")][::2]
    _topics_taken_away("sentences", [said(text, PROJECT, str(i)) for i, text in enumerate(sentences)])
    _new_words(args.dialogues)


def _against_intents(folder: Path) -> None:
    from sklearn.metrics import normalized_mutual_info_score

    parts = {name: _lines(folder / f"{name}.json") for name in ("train", "dev")}
    top = {label for label, _ in Counter(row["label"] for row in parts["train"]).most_common(20)}
    sets = {
        "20 most frequent intents, train + dev": [r for p in parts.values() for r in p if r["label"] in top],
        "118 intents, dev": parts["dev"],
    }
    for name, rows in sets.items():
        truth = np.array([row["label"] for row in rows])
        begun = time.process_time()
        groups = cluster([row["sentence"] for row in rows], len(set(truth)))
        seconds = time.process_time() - begun
        inside = groups.of_text >= 0
        score = normalized_mutual_info_score(truth[inside], groups.of_text[inside])
        nearest = normalized_mutual_info_score(truth, groups.nearest)
        print(
            f"{name}: {len(rows)} sentences, NMI {nearest:.3f}; {inside.mean():.0%} near a centre, NMI of those "
            f"{score:.3f}; {seconds:.1f} CPU s"
        )


def _topics_taken_away(title: str, talks: list[Conversation]) -> None:
    shard = Shard(talks)
    known = taxonomies(folders(None))
    (whole,) = (t for t in known if PROJECT in t.projects)
    words = domain_words(known)
    cutter = segmenter(words)
    statements = [
        Statement(
            conversation=talk.id,
            text="，".join([t.text for t in talk.turns if t.role is Role.CUSTOMER and telling(t.text, cutter)][:3]),
        )
        for talk in talks
    ]
    main_topic = Counter(r.topic_id for r in TopicAssigner([whole]).assign(shard).reasons)
    back, tried = [], []
    for topic in whole.topics:
        if main_topic[topic.id] < 8:
            continue
        rest = replace(whole, topics=tuple(t for t in whole.topics if t is not topic))
        reasons = TopicAssigner([rest]).assign(shard).reasons
        without = [s for s, r in zip(statements, reasons, strict=True) if s.text and r.topic_id == "unknown"]
        caught = [s for s, r in zip(statements, reasons, strict=True) if s.text and r.topic_id != "unknown"]
        try:
            found = suggest(without, caught, known=domain_words([rest]))
        except UsageError:
            continue
        tried.append(f"{topic.title} {len(without)}")
        proposed = [keyword.text for group in found.groups for keyword in group.keywords]
        if any(keyword.text in word for word in proposed for keyword in topic.keywords):
            back.append(tried[-1])
    print(f"{title}, topics taken away: {len(tried)}, back: {len(back)} ({'、'.join(back)})")
    print(f"not back: {'、'.join(t for t in tried if t not in back)}")


def _new_words(path: Path) -> None:
    texts = [turn["text"] for line in _lines(path) for turn in line["turns"]]
    counts()
    begun = time.process_time()
    found = new_words(texts)
    seconds = time.process_time() - begun
    print(f"new words: {len(found)} in {sum(map(len, texts))} characters, {seconds:.2f} CPU s")
    print("、".join(word.text for word in found[:60]))


def _lines(path: Path) -> list[dict]:  # type: ignore[type-arg]
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


if __name__ == "__main__":
    main()
