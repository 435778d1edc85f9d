"""Scores and cards of trained heads as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qc.commands.console import table
from qc.domain.head import ModelCard, Scores, Task, TrainedHead

_NAMES = {"negative": "负面", "neutral": "中性", "positive": "正面"}
_OPTIONS = {
    "longest": "最长字串",
    "strength": "拟合强度",
    "balance": "小类加权",
    "clean": "剔除可疑标注",
    "doubtful": "可疑句数",
    "rarity": "罕见字串加权",
    "names": "意图名当几句",
    "margin": "支持向量机",
    "temperature": "校准温度",
    "noise": "随机错标比例",
}
_ANSWERS = {"yes": "是", "no": "否"}
_MOST_LABELS = 30
_MOST_CONFUSIONS = 10


def named(label: str, task: Task) -> str:
    """A label as people read it."""
    return _NAMES.get(label, label) if task is Task.EMOTION else label


def score_lines(found: Scores, task: Task) -> list[str]:
    """Macro-F1, accuracy, calibration and a row per label; of many labels the least well found."""
    listed = sorted(found.labels, key=lambda one: one.f1) if len(found.labels) > _MOST_LABELS else list(found.labels)
    listed = [one for one in listed if one.support][:_MOST_LABELS]
    rows = [("类别", "精确率", "召回率", "F1", "句数")]
    rows += [
        (named(one.label, task), _percent(one.precision), _percent(one.recall), f"{one.f1:.3f}", str(one.support))
        for one in listed
    ]
    lines = [
        f"宏平均 F1 {found.macro_f1:.3f}，准确率 {_percent(found.accuracy)}，"
        f"概率的校准误差 {found.calibration_error:.3f}",
        table(rows, right=frozenset({1, 2, 3, 4})),
    ]
    if len(found.labels) > len(listed):
        lines.append(f"（{len(found.labels)} 类，列出 F1 最低的 {len(listed)} 类）")
    return lines


def confusion_lines(confusion: Any, labels: Sequence[str], task: Task) -> list[str]:
    """The confusion matrix; of more than six labels the commonest confusions."""
    names = [named(label, task) for label in labels]
    counts = confusion.tolist()
    if len(names) <= 6:
        rows = [("实际＼判为", *names)]
        rows += [(name, *map(str, row)) for name, row in zip(names, counts, strict=True)]
        return [table(rows, right=frozenset(range(1, len(names) + 1)))]
    wrong = [(n, i, j) for i, row in enumerate(counts) for j, n in enumerate(row) if i != j and n]
    wrong.sort(key=lambda one: (-one[0], one[1], one[2]))
    listed = [("句数", "实际", "判为")] + [(str(n), names[i], names[j]) for n, i, j in wrong[:_MOST_CONFUSIONS]]
    return ["最常见的混淆：", table(listed, right=frozenset({0}))]


def curve_line(card: ModelCard) -> str:
    """The learning curve in one line."""
    return "学习曲线（句数 → 宏平均 F1）：" + "，".join(f"{n} → {f1:.3f}" for n, f1 in card.curve)


def card_lines(head: TrainedHead) -> list[str]:
    """Everything the card says."""
    card, task = head.card, head.task
    counts = "，".join(f"{named(label, task)} {n}" for label, n in card.counts[:_MOST_LABELS])
    more = f" … 共 {len(card.counts)} 类" if len(card.counts) > _MOST_LABELS else ""
    rows = [
        ("用途", {Task.EMOTION: "情绪", Task.INTENT: "意图"}[task]),
        ("摘要", head.digest[:16]),
        ("训练日期", card.date or "没有写"),
        ("说明", card.note or "没有写"),
        ("qc 版本", card.qc_version),
        ("标注", f"{card.rows} 行，用了 {card.used} 句；重复 {card.repeated}，自相矛盾 {card.contradicting}（不用）"),
        ("类别", counts + more),
        ("标注摘要", card.data_digest[:16]),
        ("词表摘要", card.lexicon_digest[:16] or "不用词表"),
        ("设置", "，".join(f"{_OPTIONS.get(name, name)} {_ANSWERS.get(value, value)}" for name, value in card.options)),
        ("大小", f"{len(head.slots) // 4} 个字串 × {len(head.labels)} 类，每格 1 字节"),
    ]
    lines = [
        table(rows),
        "",
        f"交叉验证（{card.folds} 折，评每句话的模型都没有见过它）：",
        *score_lines(card.scores, task),
    ]
    if card.untrained is not None:
        lines.append(f"同样的句子，只用词表不用模型：宏平均 F1 {card.untrained.macro_f1:.3f}")
    return [*lines, curve_line(card)]


def _percent(share: float) -> str:
    return f"{share * 100:.1f}%"
