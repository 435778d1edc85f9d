"""What the shape of a scorecard cannot say: names, grades, points and references against each other.

Codes: C001–C010 names and references, C011–C019 grades and points of the card, C020–C029 single items.
"""

from __future__ import annotations

from collections.abc import Collection

from qc.domain.scorecard import AutoFail, Effect, Per
from qc.specs.document import Document, Loc, Problems
from qc.specs.scorecard_shape import ItemSpec, ScorecardSpec
from qc.specs.suggest import suggest

_TOLERANCE = 1e-6  # points are written with few decimals


def check_card(
    problems: Problems, document: Document, card: ScorecardSpec, stem: str, rule_ids: Collection[str] | None
) -> None:
    """Note every problem of one card. `stem` is its file's name; `rule_ids` None: references are not checked."""
    if card.id != stem:
        hint = f"请把文件改名为 {card.id}.yml，或改编号。"
        problems.add(document, ("id",), "C002", f"编号 {card.id} 与文件名 {stem} 不同", hint)
    _check_names(problems, document, card)
    _check_references(problems, document, card, rule_ids)
    _check_grades(problems, document, card)
    _check_points(problems, document, card)
    for at, item in _items(card):
        _check_item(problems, document, at, item)


def _items(card: ScorecardSpec) -> list[tuple[Loc, ItemSpec]]:
    return [
        (("sections", s, "items", i), item)
        for s, section in enumerate(card.sections)
        for i, item in enumerate(section.items)
    ]


def _check_names(problems: Problems, document: Document, card: ScorecardSpec) -> None:
    named: list[tuple[Loc, str]] = [(("sections", s), section.id) for s, section in enumerate(card.sections)]
    named += [(at, item.id) for at, item in _items(card)]
    seen: set[str] = set()
    for at, name in named:
        if name in seen:
            problems.add(document, (*at, "id"), "C003", f"编号 {name} 重复", "部分和评分项的编号都不能重复。")
        seen.add(name)


def _check_references(
    problems: Problems, document: Document, card: ScorecardSpec, rule_ids: Collection[str] | None
) -> None:
    used: dict[str, str] = {}
    for at, item in _items(card):
        for n, rule in enumerate(item.rules):
            place = (*at, "rules", n)
            if rule in used:
                hint = "一条规则在一张评分表里只能算一次分，请删掉一处。"
                problems.add(document, place, "C004", f"规则 {rule} 已用在“{used[rule]}”里", hint)
            elif rule_ids is not None and rule not in rule_ids:
                hint = suggest(rule, rule_ids, "请检查 rules 目录里有没有这条规则。")
                problems.add(document, place, "C005", f"没有规则 {rule}", hint)
            used.setdefault(rule, item.title)
        for n, rule in enumerate(item.needed):
            place = (*at, "if") if isinstance(item.conditions, str) else (*at, "if", n)
            if rule in item.rules:
                hint = "条件应是另一条规则，例如“客户要求退保”；请改条件，或删掉 if。"
                problems.add(document, place, "C023", f"规则 {rule} 不能又作条件又扣分", hint)
            elif rule_ids is not None and rule not in rule_ids:
                hint = suggest(rule, rule_ids, "请检查 rules 目录里有没有这条规则。")
                problems.add(document, place, "C005", f"没有规则 {rule}", hint)


def _check_grades(problems: Problems, document: Document, card: ScorecardSpec) -> None:
    if card.pass_mark > card.base:
        message = f"合格线 {card.pass_mark:g} 高于满分 {card.base:g}"
        problems.add(document, ("pass_mark",), "C011", message, "没有会话能合格，请改低。")
    names: set[str] = set()
    for n, grade in enumerate(card.grades):
        at = ("grades", n, "min")
        if n and grade.min >= card.grades[n - 1].min:
            problems.add(document, at, "C012", f"“{grade.name}”的起分没有低于上一级", "等级要从高到低写。")
        if grade.min > card.base:
            message = f"“{grade.name}”的起分高于满分 {card.base:g}"
            problems.add(document, at, "C012", message, "没有会话能得到它，请改低。")
        if grade.name in names:
            problems.add(document, ("grades", n, "name"), "C013", f"等级“{grade.name}”重复", "请改名或删掉一个。")
        names.add(grade.name)
    if card.grades[-1].min > 0:
        at = ("grades", len(card.grades) - 1, "min")
        problems.add(document, at, "C012", "最后一级应从 0 分起", "每个分数都要有等级。")


def _check_points(problems: Problems, document: Document, card: ScorecardSpec) -> None:
    total = sum(section.worth for section in card.sections)
    if abs(total - card.base) > _TOLERANCE:
        message = f"各部分合计 {total:g} 分，满分是 {card.base:g} 分"
        problems.add(document, ("sections",), "C014", message, "请调整分值，使合计等于满分。", key=True)
    for s, section in enumerate(card.sections):
        items = sum(item.worth for item in section.items)
        if section.worth > items + _TOLERANCE:
            message = f"“{section.title}”有 {section.worth:g} 分，各项加起来最多扣 {items:g} 分"
            problems.add(document, ("sections", s, "points"), "C015", message, "请减少本部分的分值，或增加评分项。")
        for i, item in enumerate(section.items):
            if item.worth > section.worth + _TOLERANCE:
                message = f"“{item.title}”值 {item.worth:g} 分，超过所在部分的 {section.worth:g} 分"
                at = ("sections", s, "items", i, "points")
                problems.add(document, at, "C016", message, "请减少这一项的分值，或增加本部分的分值。")
    awards = any(item.effect is Effect.AWARD for _, item in _items(card))
    if awards and not card.bonus_cap:
        message = "有加分项，但没有写 bonus_cap（加分合计的上限），加不了分"
        problems.add(document, ("bonus_cap",), "C017", message, "请写上，例如 bonus_cap: 5。")
    if not awards and (card.bonus_cap or card.over_base):
        field = "bonus_cap" if card.bonus_cap else "over_base"
        problems.add(document, (field,), "C017", f"没有加分项，{field} 不起作用", "请删掉它，或增加加分项。", key=True)


def _check_item(problems: Problems, document: Document, at: Loc, item: ItemSpec) -> None:
    per_hit = item.per is Per.HIT
    if per_hit and item.cap is None:
        problems.add(document, (*at, "per"), "C020", "按处计分要写 cap", "cap 是这一项合计最多扣（加）多少分。")
    if item.cap is not None and not per_hit:
        problems.add(document, (*at, "cap"), "C020", "只算一次的项，cap 不起作用", "请删掉 cap，或写 per: hit。")
    elif item.cap is not None and item.cap < item.points:
        problems.add(document, (*at, "cap"), "C020", f"cap 小于一处的 {item.points:g} 分", "cap 至少是一处的分值。")
    if item.effect is Effect.AWARD and item.auto_fail is not AutoFail.NONE:
        problems.add(document, (*at, "auto_fail"), "C021", "加分项不能一票否决", "请删掉 auto_fail，或改为扣分项。")
    if not item.points and item.auto_fail is AutoFail.NONE:
        hint = "请写分值；只作一票否决时写上 auto_fail。"
        problems.add(document, (*at, "points"), "C022", "0 分的评分项不起作用", hint)
