"""Labelled sentences made ready to learn from: known labels, each sentence once, contradictions left out."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qc.domain.emotion import COMPONENTS, POSITIVE_COMPONENTS
from qc.domain.head import EMOTION_LABELS, Task
from qc.domain.labelled import LabelledTurn
from qc.errors import UsageError
from qc.text.normalise import normalise

LEAST_ROWS = 60
"""Below this nothing useful is learned; from ENOUGH_ROWS on a head may be better than the lexicon."""
ENOUGH_ROWS = 200
LEAST_OF_A_LABEL = 5
"""So many sentences of a label, for each of five folds to have one."""
_MOST_LABELS = 500
_MOST_LABEL_CHARS = 60
_SHOWN, _SHOWN_CHARS = 5, 8
"""What is longer may be what a customer said, in the wrong column; messages do not repeat it."""
_EMOTION_NAMES: Mapping[str, str] = {
    **dict.fromkeys(("负面", "负向", "消极", "负", "不满", "negative", "neg", "-1"), "negative"),
    **dict.fromkeys(("中性", "中立", "无", "无情绪", "中", "平静", "neutral", "neu", "0"), "neutral"),
    **dict.fromkeys(("正面", "正向", "积极", "正", "满意", "positive", "pos", "1"), "positive"),
    **dict.fromkeys(("愤怒", "生气", "焦急", "失望", "厌恶", "扬言升级", "冷漠", "不耐烦"), "negative"),
    **dict.fromkeys(("安抚", "共情"), "positive"),
    **{name: "positive" if name in POSITIVE_COMPONENTS else "negative" for name in COMPONENTS},
}
_CHINESE = {"negative": "负面", "neutral": "中性", "positive": "正面"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSet:
    """Sentences to learn from. `classes[i]` is the index of sentence i's label in `labels`. Of the `rows` of the file,
    `repeated` say again what another says, `contradicting` have the text of another with a different label, `empty`
    have no text and `rare` a label with fewer than LEAST_OF_A_LABEL sentences (named in `rare_labels`); the last three
    kinds are left out. `digest` is of the sentences and labels that were kept."""

    labels: tuple[str, ...]
    texts: tuple[str, ...]
    classes: npt.NDArray[np.int64]
    rows: int
    repeated: int
    contradicting: int
    contradicting_lines: tuple[int, ...]
    empty: int
    rare: int
    rare_labels: tuple[str, ...]
    digest: str

    @property
    def counts(self) -> tuple[tuple[str, int], ...]:
        """How many sentences each label has."""
        found = np.bincount(self.classes, minlength=len(self.labels)).tolist()
        return tuple(zip(self.labels, found, strict=True))


def training_set(turns: Iterable[LabelledTurn], task: Task, *, testing: bool = False) -> TrainingSet:
    """Check the rows of a label file; `testing`: to test with, however few. Raises UsageError for unknown labels, and
    when nothing can be learned from them."""
    rows = list(turns)
    named = [(row, _emotion(row.label) if task is Task.EMOTION else row.label) for row in rows]
    _refuse_unknown([row for row, label in named if label is None or len(label) > _MOST_LABEL_CHARS], task)
    labels_of: dict[str, Counter[str]] = {}
    first: dict[str, LabelledTurn] = {}
    lines: dict[str, list[int]] = {}
    empty = 0
    for row, label in named:
        key = normalise(row.text).strip()
        if not key:
            empty += 1
            continue
        labels_of.setdefault(key, Counter())[label or ""] += 1
        first.setdefault(key, row)
        lines.setdefault(key, []).append(row.line)
    torn = {key for key, found in labels_of.items() if len(found) > 1}
    kept = [(first[key].text, next(iter(found))) for key, found in labels_of.items() if key not in torn]
    counts = Counter(label for _, label in kept)
    rare_labels = tuple(sorted(label for label, n in counts.items() if n < LEAST_OF_A_LABEL))
    if task is Task.INTENT and not testing:
        kept = [(text, label) for text, label in kept if label not in rare_labels]
    labels = EMOTION_LABELS if task is Task.EMOTION else tuple(sorted({label for _, label in kept}))
    if testing and not kept:
        raise UsageError("没有可用的句子", "每行写一句话和它的标签。")
    if not testing:
        _refuse_thin(labels, counts, len(kept), task)
    code = {label: i for i, label in enumerate(labels)}
    return TrainingSet(
        labels=labels,
        texts=tuple(text for text, _ in kept),
        classes=np.array([code[label] for _, label in kept], np.int64),
        rows=len(rows),
        repeated=sum(sum(found.values()) - 1 for key, found in labels_of.items() if key not in torn),
        contradicting=sum(sum(labels_of[key].values()) for key in torn),
        contradicting_lines=tuple(sorted(line for key in torn for line in lines[key])),
        empty=empty,
        rare=0 if testing or task is Task.EMOTION else sum(counts[label] for label in rare_labels),
        rare_labels=rare_labels if task is Task.INTENT else (),
        digest=hashlib.sha256("\n".join(f"{label}\t{text}" for text, label in kept).encode()).hexdigest(),
    )


def _emotion(label: str) -> str | None:
    return _EMOTION_NAMES.get(label.strip().lower())


def _refuse_unknown(rows: list[LabelledTurn], task: Task) -> None:
    if not rows:
        return
    lines = "、".join(str(row.line) for row in rows[:_SHOWN]) + ("…" if len(rows) > _SHOWN else "")
    if task is Task.INTENT:
        raise UsageError(
            f"第 {lines} 行的标签超过 {_MOST_LABEL_CHARS} 个字", "标签写意图的名字，文本和标签两列是否写反了？"
        )
    names = sorted({row.label for row in rows if len(row.label) <= _SHOWN_CHARS})
    shown = "：" + "、".join(names[:_SHOWN]) + ("…" if len(names) > _SHOWN else "") if names else ""
    raise UsageError(
        f"不认识的情绪标签{shown}（{len(rows)} 行，第 {lines} 行）",
        f"写 负面、中性、正面（或 negative、neutral、positive），或成分：{'、'.join(COMPONENTS)}。",
    )


def _refuse_thin(labels: tuple[str, ...], counts: Counter[str], kept: int, task: Task) -> None:
    found = "，".join(f"{_CHINESE.get(label, label)} {counts[label]}" for label in sorted(counts)) or "没有"
    if task is Task.INTENT:
        found = f"{len(counts)} 类，最多的 {max(counts.values(), default=0)} 句"
    if len(counts) == 1:
        raise UsageError(
            f"所有句子都是同一类（{found}）", "要学会区分，各类都要有：把别的类的句子也标进来，中性的也要。"
        )
    if task is Task.EMOTION and (thin := [label for label in labels if counts[label] < LEAST_OF_A_LABEL]):
        raise UsageError(
            f"{'、'.join(_CHINESE[label] for label in thin)}的句子太少（{found}）",
            f"去掉重复和矛盾的之后，每类至少 {LEAST_OF_A_LABEL} 句；从几百句起才有用。",
        )
    if len(labels) < 2:
        raise UsageError(f"没有两类各有 {LEAST_OF_A_LABEL} 句（{found}）", "每类多标一些。")
    if len(labels) > _MOST_LABELS:
        raise UsageError(f"有 {len(labels)} 类，最多 {_MOST_LABELS} 类", "标签一列是否写错了？")
    if kept < LEAST_ROWS:
        raise UsageError(f"只有 {kept} 句可用（{found}），太少", f"至少 {LEAST_ROWS} 句，建议 {ENOUGH_ROWS} 句以上。")
