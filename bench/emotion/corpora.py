"""Labelled Chinese text, read as sentences with a class: -1 negative, 0 neutral, 1 positive.

All readers take the folder that holds the sets (`cic/`, `polarity/`, `jddc.jsonl`). None of the sets may be
redistributed. Where a set is used for looking at errors, only its odd lines were (for CIC: train);
figures are of the even lines.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qc.domain.conversation import CallMeta, Channel, Conversation, Role, Source, Turn
from qc.text.shard import Shard

NEGATIVE, NEUTRAL, POSITIVE = -1, 0, 1
Codes = npt.NDArray[np.int8]

CIC_CLASSES = {
    "买家抱怨商品涨价了": NEGATIVE,
    "买家表达不满/生气": NEGATIVE,
    "买家表示伤心难过": NEGATIVE,
    "买家表示物流太慢了": NEGATIVE,
    "买家表达赞美/满意": POSITIVE,
    "买家表示麻烦卖家，表达感谢": POSITIVE,
}
"""Intents of CIC that say how the buyer feels. All others are neutral, but for the ambiguous ones."""

CIC_AMBIGUOUS = {
    "买家表示不想要了": "with or without anger",
    "买家表示商家发错地址": "a fault, said calmly or not",
    "买家表示商家发错货了": "a fault, said calmly or not",
    "买家反馈收到的商品有问题": "a fault, said calmly or not",
    "买家表示无法申请退款": "a hindrance, said calmly or not",
    "买家表示无法下单": "a hindrance, said calmly or not",
    "买家表示优惠券无法使用": "a hindrance, said calmly or not",
    "买家表示有疑问/不理解": "puzzled or annoyed",
    "买家催促回复": "impatient or polite",
    "买家要求补偿": "a demand, angry or not",
    "买家讨价还价": "flattery and threats are part of it",
    "买家对特定款式/颜色表达喜好": "liking a colour is not contentment",
    "买家发送结束语": "often holds thanks",
    "买家向商家表达不好意思": "politeness of either sign",
}
"""Intents left out, and why one cannot tell the class from them."""


REREAD = "reread"
TRAIN_REREAD = "train-reread"
TRAIN_REST = "train-rest"
_FILES = {REREAD: "dev", TRAIN_REREAD: "train", TRAIN_REST: "train"}
_READ = {part: Path(__file__).with_name(f"cic_{part}_reread.tsv") for part in ("dev", "train")}
"""Numbers of intents by readers who saw neither the labels given nor anything computed, and what was settled on (`-`:
no intent fits). dev: two readers; where they differed (52 of 2,000) one of qc's authors chose between theirs, as blind.
Of train 2,000 sentences drawn at random, by one reader each: settings are chosen by them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """Sentences of one set with their classes."""

    name: str
    texts: Sequence[str]
    classes: Codes

    def __len__(self) -> int:
        return len(self.texts)

    def half(self, *, odd: bool) -> Labelled:
        """Lines 1, 3, 5 … (looked at while tuning) or 2, 4, 6 … (reported)."""
        first = 0 if odd else 1
        return Labelled(name=self.name, texts=self.texts[first::2], classes=self.classes[first::2])

    def without_neutral(self) -> Labelled:
        """Only what is negative or positive."""
        return self._where(self.classes != NEUTRAL)

    def _where(self, kept: npt.NDArray[np.bool_]) -> Labelled:
        at = np.flatnonzero(kept)
        return Labelled(name=self.name, texts=[self.texts[i] for i in at.tolist()], classes=self.classes[at])


def cic_intents(folder: Path, part: str) -> list[tuple[str, str]]:
    """Sentences of CIC with their intent: `part` is train, dev, or reread: dev with the labels two readers gave it;
    train-reread: what a reader labelled of train, with that label; train-rest: the others, with the label given."""
    cic = folder / "cic"
    file = _FILES.get(part, part)
    rows = _json_lines(cic / f"{file}.json")
    if part == file:
        return [(row["sentence"], row["label_des"]) for row in rows]
    with _READ[file].open(encoding="utf-8", newline="") as lines:
        read = {int(row["id"]): row["label"] for row in csv.DictReader(lines, delimiter="\t")}
    if part == TRAIN_REST:
        return [(row["sentence"], row["label_des"]) for row in rows if row["id"] not in read]
    names = {str(row["label"]): row["label_des"] for row in _json_lines(cic / "labels.json")}
    told = [(row["sentence"], read[row["id"]]) for row in rows if row["id"] in read]
    return [(sentence, names[label]) for sentence, label in told if label in names]


def cic(folder: Path, *parts: str) -> Labelled:
    """Buyers' utterances of CIC, `parts` as in `cic_intents`, by CIC_CLASSES, without the ambiguous intents."""
    rows = [row for part in parts for row in cic_intents(folder, part) if row[1] not in CIC_AMBIGUOUS]
    classes = [CIC_CLASSES.get(intent, NEUTRAL) for _, intent in rows]
    return _labelled("CIC " + "+".join(parts), zip((text for text, _ in rows), classes, strict=True))


def waimai(folder: Path) -> Labelled:
    """waimai_10k: reviews of meals delivered; only negative and positive."""
    with (folder / "polarity" / "waimai_10k.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return _labelled("waimai_10k", ((r["review"], POSITIVE if r["label"] == "1" else NEGATIVE) for r in rows))


def human_robot(folder: Path) -> Labelled:
    """Chat of people with a robot; only negative and positive. The set writes words apart; people do not."""
    with (folder / "polarity" / "convsent_train.txt").open(encoding="utf-8") as file:
        rows = [line.rstrip("\n").split(",", 1) for line in file][1:]
    return _labelled(
        "human-robot chat", ((t.replace(" ", ""), POSITIVE if c == "positive" else NEGATIVE) for c, t in rows)
    )


def msctd(folder: Path) -> Labelled:
    """MSCTD: film subtitles, three classes."""
    classes = {"0": NEUTRAL, "1": NEGATIVE, "2": POSITIVE}
    with (folder / "polarity" / "msctd_dev.tsv").open(encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t", 1) for line in file]
    return _labelled("MSCTD", ((t, classes[c]) for c, t in rows))


def cped(folder: Path) -> Labelled:
    """CPED: TV dialogue, three classes that people gave by picture and voice, not by the words alone."""
    classes = {"negative": NEGATIVE, "neutral": NEUTRAL, "positive": POSITIVE}
    with (folder / "polarity" / "cped_valid.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return _labelled("CPED", ((r["Utterance"], classes[r["Sentiment"]]) for r in rows if r["Sentiment"] in classes))


def chats(path: Path) -> Iterator[tuple[str, list[tuple[Role, str]]]]:
    """Conversations of a JSONL file: id, and turns with their role."""
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        yield row["id"], [(Role(turn["role"]), turn["text"]) for turn in row["turns"]]


def shard_of(texts: Iterable[str], role: Role = Role.CUSTOMER) -> Shard:
    """All sentences as turns of one conversation."""
    return chat_shard([("bench", [(role, text) for text in texts])])


def chat_shard(conversations: Iterable[tuple[str, list[tuple[Role, str]]]]) -> Shard:
    """Conversations as a shard."""
    return Shard(
        [
            Conversation(
                id=name,
                project="电商",
                channel=Channel.CHAT,
                turns=tuple(Turn(role=role, text=text) for role, text in turns),
                meta=CallMeta(),
                source=Source(path="bench", format="qc", sha256=""),
            )
            for name, turns in conversations
        ]
    )


def _json_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def _labelled(name: str, rows: Iterable[tuple[str, int]]) -> Labelled:
    texts, classes = zip(*rows, strict=True)
    return Labelled(name=name, texts=texts, classes=np.array(classes, np.int8))
