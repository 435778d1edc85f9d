"""What the parts of a comparison are called, for every way of showing it."""

from __future__ import annotations

from qc.domain.rule import RuleKind
from qc.ruletest.budget import Check
from qc.ruletest.changes import Change, RuleChange
from qc.ruletest.diff import ABSENT, Diff, Movement, RuleMoves

CHANGE = {
    Change.ADDED: "新增",
    Change.REMOVED: "删除",
    Change.CHANGED: "改了条件或词表",
    Change.SIGNALS: "情绪或话题的词变了",
    Change.RESTATED: "改了状态",
    Change.TEXT: "只改文字",
}
_PLAIN = {"hit": "命中", "miss": "未命中", "not_applicable": "不适用", "undecided": "无法判定", ABSENT: "无此规则"}
_VIOLATION = {**_PLAIN, "hit": "违规", "miss": "达标"}
ROLE = {"agent": "坐席", "customer": "客户", "bot": "机器人", "system": "系统", "unknown": "未分角色"}
NOBODY = "未填写"


def verdict(change: RuleChange, name: str) -> str:
    """A verdict of the rule as people say it."""
    return called(change.rule.kind, name)


def called(kind: str, name: str) -> str:
    """A verdict of a rule of that kind as people say it."""
    return (_VIOLATION if kind == RuleKind.VIOLATION else _PLAIN)[name]


def changed(change: RuleChange) -> str:
    """What was done to the rule."""
    details = "；".join(change.details)
    if change.change is Change.TEXT and details:
        return details
    return CHANGE[change.change] + (f"（{details}）" if details else "")


def others(change: RuleChange, moves: RuleMoves) -> str:
    """Changes between verdicts other than a hit, and hits with other evidence."""
    listed = [f"{verdict(change, a)} → {verdict(change, b)} {n}" for (a, b), n in moves.other.items()]
    return "；".join([*listed, *([f"命中处数不同 {moves.recounted}"] if moves.recounted else [])])


def counted(diff: Diff) -> str:
    """How much was judged: the sentence that shows that unchanged rules were not."""
    if diff.changes.nothing:
        return "在用的规则和评分表都没有变化（草稿和停用的不比较），没有评估任何规则。"
    said = f"评估了 {len(diff.evaluated)} 条规则，其余 {diff.changes.unchanged} 条未变"
    text = len(diff.changes.rules) - len({c.id for c in diff.changes.rules} & set(diff.evaluated))
    said += f"，{text} 条取批次里存的判定" if text else ""
    cards = f"；评分表有变化：{'、'.join(diff.changes.cards)}" if diff.changes.cards else ""
    return f"{said}{cards}。"


def headline(diff: Diff) -> str:
    """The outcome in one line."""
    m = diff.moves
    if diff.changes.nothing:
        return "没有变化"
    lost = len(m.flips) - diff.flips_gained
    return (
        f"{len(diff.changes.rules)} 条规则有改动；{m.conversations:,} 个会话中新增命中 {diff.gained:,}、"
        f"失去命中 {diff.lost:,}；一票否决新增 {diff.flips_gained}、取消 {lost}"
    )


def pair(before: float | None, after: float | None, digits: int = 2, scale: float = 1, unit: str = "") -> str:
    """`88.20 → 87.95`, one number when they read the same, — where there is none."""
    one, two = ("—" if v is None else f"{v * scale:.{digits}f}{unit}" for v in (before, after))
    return one if one == two else f"{one} → {two}"


def scores(movement: Movement) -> tuple[str, str, str, str, str]:
    """Number of scores, mean, pass rate, 一票否决, and how many moved."""
    before, after = movement.before, movement.after
    return (
        pair(before.n, after.n, 0),
        pair(before.mean, after.mean),
        pair(before.pass_rate, after.pass_rate, 1, 100, "%"),
        pair(before.auto_fail, after.auto_fail, 0),
        str(movement.moved),
    )


def over(checks: tuple[Check, ...]) -> str:
    """The budget in one line."""
    failed = sum(not check.passed for check in checks)
    return f"预算 {len(checks)} 项，超出 {failed} 项" if failed else f"预算 {len(checks)} 项都没有超出"
