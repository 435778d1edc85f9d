"""Lint of scorecards against the rules they refer to. Codes C030–C039, and R119 for rules no card uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qc.domain.rule import Rule, RuleKind, RuleStatus
from qc.domain.scorecard import Effect, Item, Scorecard
from qc.errors import Problem
from qc.ruletest.places import Notes
from qc.specs.document import Loc

_KINDS = {RuleKind.VIOLATION: "违规", RuleKind.MERIT: "亮点", RuleKind.SIGNAL: "信号"}
_IDLE = {RuleStatus.DRAFT: "草稿", RuleStatus.RETIRED: "停用"}


def lint_cards(cards: Sequence[Scorecard], rules: Sequence[Rule], *, whole: bool = True) -> list[Problem]:
    """What cards that can be loaded had better not say. Unless all cards and rules are there (`whole`), rules that no
    card uses are not noted."""
    notes = Notes()
    by_id = {rule.id: rule for rule in rules}
    used: set[str] = set()
    for card in cards:
        for s, section in enumerate(card.sections):
            for i, item in enumerate(section.items):
                used.update(item.rules, item.conditions)
                _item(card.path, ("sections", s, "items", i), item, by_id, notes)
    for rule in rules if whole and cards else ():
        if rule.id not in used and rule.kind is RuleKind.VIOLATION and rule.status is RuleStatus.STABLE:
            hint = "请写进评分表；只想提醒不扣分的，写 kind: signal。"
            notes.warning(rule.path, ("id",), "R119", f"没有评分表用到规则 {rule.id}，命中了也不扣分", hint)
    return sorted(notes.found, key=lambda p: (p.path, p.line, p.col, p.code, p.message))


def _item(path: str, at: Loc, item: Item, rules: Mapping[str, Rule], notes: Notes) -> None:
    """Deductions are for violations, points for merits; rules that never run decide nothing."""
    for number, name in enumerate(item.rules):
        rule, place = rules.get(name), (*at, "rules", number)
        if rule is None:
            continue
        wanted = RuleKind.VIOLATION if item.effect is Effect.DEDUCT else RuleKind.MERIT
        if rule.kind is not wanted and (item.effect is Effect.DEDUCT or rule.kind is RuleKind.VIOLATION):
            did = "扣" if item.effect is Effect.DEDUCT else "加"
            text = f"“{item.title}”是{did}分项，规则 {name} 却是{_KINDS[rule.kind]}"
            hint = f"请改 effect，或把规则的 kind 改成 {wanted}。"
            notes.warning(path, place, "C030", text, hint)
    for key, names in (("rules", item.rules), ("if", item.conditions)):
        for number, name in enumerate(names):
            rule = rules.get(name)
            if rule is not None and rule.status in _IDLE:
                text = f"规则 {name} 是{_IDLE[rule.status]}，“{item.title}”总是不适用"
                notes.warning(path, (*at, key, number), "C031", text, "请换成在用的规则，或把它的 status 改成 stable。")
