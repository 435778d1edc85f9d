"""A comparison against its budget: what it allows, what it came to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from qc.domain.budget import Budget, LabelBudget
from qc.ruletest.diff import Confusion, Diff

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One bound of a budget. `what` names it, `got` and `allowed` are for people; `rule_id` when it is about one."""

    what: str
    got: str
    allowed: str
    passed: bool
    rule_id: str = ""


def check_budget(diff: Diff, budget: Budget) -> tuple[Check, ...]:
    """Every bound the budget sets, in its order; what it names must be there, or it would guard nothing."""
    return (*_unknown(diff, budget), *_hits(diff, budget), *_cards(diff, budget), *_labels(diff, budget.labelled))


def _unknown(diff: Diff, budget: Budget) -> Iterator[Check]:
    """Rules and scorecards named by the budget or its labels that neither side has: a slip, or renamed since."""
    labels = () if budget.labelled is None else budget.labelled.labels
    for rule in sorted((budget.rules.keys() | {label.rule_id for label in labels}) - diff.known):
        yield Check(what=f"规则 {rule}", got="新旧规则里都没有", allowed="有这条规则", passed=False)
    for card in sorted(budget.cards.keys() - diff.titles.keys()):
        yield Check(what=f"评分表 {card}", got="新旧评分表里都没有", allowed="有这张评分表", passed=False)


def _hits(diff: Diff, budget: Budget) -> Iterator[Check]:
    if budget.auto_fail is not None:
        yield _count("新增一票否决", diff.flips_gained, budget.auto_fail)
    if budget.total.gained is not None:
        yield _count("新增命中（合计）", diff.gained, budget.total.gained)
    if budget.total.lost is not None:
        yield _count("失去命中（合计）", diff.lost, budget.total.lost)
    changed = {change.id: diff.of(change) for change in diff.changes.rules}
    for rule in sorted(changed.keys() | (budget.rules.keys() & diff.known)):
        own = budget.rules.get(rule)
        gained = budget.each.gained if own is None or own.gained is None else own.gained
        lost = budget.each.lost if own is None or own.lost is None else own.lost
        moves = changed.get(rule)
        if gained is not None:
            yield _count(f"{rule} 新增命中", 0 if moves is None else moves.hits_gained, gained, rule)
        if lost is not None:
            yield _count(f"{rule} 失去命中", 0 if moves is None else moves.hits_lost, lost, rule)


def _count(what: str, got: int, allowed: int, rule_id: str = "") -> Check:
    return Check(what=what, got=str(got), allowed=f"至多 {allowed}", passed=got <= allowed, rule_id=rule_id)


def _cards(diff: Diff, budget: Budget) -> Iterator[Check]:
    moved = {group.scorecard_id: movement for group, movement in diff.groups("card")}
    for card in sorted(moved.keys() | (budget.cards.keys() & diff.titles.keys())):
        own = budget.cards.get(card)
        mean = budget.every_card.mean_drop if own is None or own.mean_drop is None else own.mean_drop
        rate = budget.every_card.pass_rate_drop if own is None or own.pass_rate_drop is None else own.pass_rate_drop
        movement = moved.get(card)
        means = (None, None) if movement is None else (movement.before.mean, movement.after.mean)
        rates = (None, None) if movement is None else (movement.before.pass_rate, movement.after.pass_rate)
        if mean is not None:
            yield _drop(f"{card} 平均分下降", means, mean, 1, " 分")
        if rate is not None:
            yield _drop(f"{card} 合格率下降", rates, rate, 100, " 个百分点")


def _drop(
    what: str, pair: tuple[float | None, float | None], allowed: float, scale: float, unit: str, rule_id: str = ""
) -> Check:
    before, after = pair
    fallen = 0.0 if before is None or after is None else max(0.0, (before - after) * scale)
    return Check(
        what=what,
        got=f"{fallen:.2f}{unit}",
        allowed=f"至多 {allowed:g}{unit}",
        passed=fallen <= allowed + _ROUNDING,
        rule_id=rule_id,
    )


def _labels(diff: Diff, budget: LabelBudget | None) -> Iterator[Check]:
    """Of rules that did not change, labels need not be looked at; of those that did, they must be in the runs."""
    if budget is None:
        return
    changed = {change.id: diff.of(change) for change in diff.changes.rules}
    for rule in sorted({label.rule_id for label in budget.labels} & changed.keys()):
        wanted = {label.conversation_id for label in budget.labels if label.rule_id == rule}
        met = {conversation for conversation, of in diff.moves.labelled if of == rule}
        if not met:
            what = f"{rule} 的标注"
            yield Check(
                what=what,
                got=f"{len(wanted)} 个标注的会话都不在批次里",
                allowed="至少 1 个",
                passed=False,
                rule_id=rule,
            )
            continue
        moves = changed[rule]
        before, after = moves.before_labels, moves.after_labels
        yield _drop(
            f"{rule} 查准率下降（标注 {len(met)} 个）",
            (before.precision, _precision(after, before)),
            budget.precision_drop,
            100,
            " 个百分点",
            rule,
        )
        yield _drop(
            f"{rule} 查全率下降（标注 {len(met)} 个）",
            (before.recall, after.recall),
            budget.recall_drop,
            100,
            " 个百分点",
            rule,
        )


def _precision(after: Confusion, before: Confusion) -> float | None:
    """A rule that finds nothing any more is not less precise; its recall tells."""
    return before.precision if after.precision is None else after.precision
