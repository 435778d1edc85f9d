"""What is different between two states of the rules and scorecards, before anything is judged."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from qc.domain.rule import Rule, RuleStatus
from qc.domain.scorecard import Scorecard
from qc.domain.specs import Specs
from qc.matching.compile import needs
from qc.matching.signals import Need


class Change(StrEnum):
    """ADDED, REMOVED: in force on one side only. CHANGED: its conditions or the words it uses. SIGNALS: it reads
    emotions or topics, whose words changed. RESTATED: in trial on one side (shadow), scoring on the other. TEXT:
    nothing that moves a verdict or a score."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    SIGNALS = "signals"
    RESTATED = "restated"
    TEXT = "text"


_STATUS = {
    RuleStatus.DRAFT: "草稿",
    RuleStatus.SHADOW: "试运行",
    RuleStatus.STABLE: "正式",
    RuleStatus.RETIRED: "停用",
}
_SEVERITY = {"low": "轻微", "medium": "一般", "high": "严重", "critical": "致命"}
_KIND = {"violation": "违规", "merit": "亮点", "signal": "信号"}
_TEXTS = {
    "title": "名称",
    "message": "提示语",
    "advice": "建议",
    "owner": "负责人",
    "basis": "依据",
    "exceptions": "例外说明",
    "version": "版本",
    "error_class": "差错类别",
}
_SIGNALS = Need.EMOTIONS | Need.TOPICS | Need.INTENTS


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """One rule that is not the same. `old` and `new` are the rule where it is in force, else None; `details` says in
    words what changed beside its conditions."""

    change: Change
    old: Rule | None
    new: Rule | None
    details: tuple[str, ...] = ()

    @property
    def rule(self) -> Rule:
        """The rule as it will be, or as it was when it is removed."""
        rule = self.new or self.old
        if rule is None:  # never made
            raise ValueError("a change of nothing")
        return rule

    @property
    def id(self) -> str:
        return self.rule.id

    @property
    def moves_verdicts(self) -> bool:
        """Whether the two sides can judge differently."""
        return self.change not in (Change.RESTATED, Change.TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """All that differs: rules in order of id, ids of scorecards, and how many rules in force are the same."""

    rules: tuple[RuleChange, ...]
    cards: tuple[str, ...]
    unchanged: int

    @property
    def nothing(self) -> bool:
        return not self.rules and not self.cards

    @property
    def promoted(self) -> tuple[Rule, ...]:
        """The rules that leave their trial and begin to score."""
        trial, scoring = RuleStatus.SHADOW, RuleStatus.STABLE
        both = [(c.old, c.new) for c in self.rules]
        return tuple(new for old, new in both if old and new and (old.status, new.status) == (trial, scoring))


def compare(old: Specs, new: Specs) -> Changes:
    """What differs between two states."""
    before, after = ({r.id: r for r in side.in_force} for side in (old, new))
    reads_differently = old.lexicons_digest != new.lexicons_digest
    found = []
    for name in sorted(before.keys() | after.keys()):
        change = _changed(before.get(name), after.get(name), reads_differently)
        if change is not None:
            found.append(change)
    same = sum(1 for name in before.keys() & after.keys() if name not in {c.id for c in found})
    return Changes(rules=tuple(found), cards=_cards(old.cards, new.cards), unchanged=same)


def need_of(rule: Rule) -> Need:
    """The signals a rule reads."""
    need = Need.NOTHING
    for piece in rule.pieces:
        need |= needs(piece.operator)
    return need


def _changed(old: Rule | None, new: Rule | None, reads_differently: bool) -> RuleChange | None:
    if old is None or new is None:
        return RuleChange(change=Change.ADDED if old is None else Change.REMOVED, old=old, new=new)
    details = tuple(_details(old, new))
    if old.digest != new.digest:
        return RuleChange(change=Change.CHANGED, old=old, new=new, details=details)
    if reads_differently and need_of(new) & _SIGNALS:
        return RuleChange(change=Change.SIGNALS, old=old, new=new, details=details)
    if old.status is not new.status:
        return RuleChange(change=Change.RESTATED, old=old, new=new, details=details)
    return RuleChange(change=Change.TEXT, old=old, new=new, details=details) if details else None


def _details(old: Rule, new: Rule) -> list[str]:
    details = []
    if old.status is not new.status:
        details.append(f"状态 {_STATUS[old.status]} → {_STATUS[new.status]}")
    if old.severity is not new.severity:
        details.append(f"严重程度 {_SEVERITY[old.severity]} → {_SEVERITY[new.severity]}")
    if old.kind is not new.kind:
        details.append(f"类别 {_KIND[old.kind]} → {_KIND[new.kind]}")
    texts = [zh for name, zh in _TEXTS.items() if getattr(old, name) != getattr(new, name)]
    return details + ([f"改了{'、'.join(texts)}"] if texts else [])


def _cards(old: tuple[Scorecard, ...], new: tuple[Scorecard, ...]) -> tuple[str, ...]:
    before, after = ({c.id: c.digest for c in cards} for cards in (old, new))
    return tuple(sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name)))
