"""What must hold of every card and every set of verdicts."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from qc.domain.finding import Verdict
from qc.domain.score import ItemStatus
from qc.domain.scorecard import AutoFail, CardScope, Effect, Grade, Item, Per, Scorecard, Section
from qc.scoring.score import score

HIT, MISS, NA, UNDECIDED = Verdict.HIT, Verdict.MISS, Verdict.NOT_APPLICABLE, Verdict.UNDECIDED


@dataclass(frozen=True)
class Case:
    card: Scorecard
    verdicts: dict[str, Verdict]
    counts: dict[str, int]

    def score(self, **changed: Verdict) -> float:
        return score(self.card, "c", {**self.verdicts, **changed}, self.counts).score

    def rules(self, chosen: Callable[[Item], bool]) -> list[str]:
        return [r for s in self.card.sections for i in s.items if chosen(i) for r in i.rules]


@st.composite
def items(draw: st.DrawFn, number: int) -> Item:
    points = draw(st.integers(0, 40)) / 2
    award = draw(st.booleans()) and draw(st.booleans())
    per = draw(st.sampled_from(Per))
    return Item(
        id=f"i{number}",
        title="项",
        rules=tuple(f"r{number}x{n}" for n in range(draw(st.integers(1, 2)))),
        points=points,
        conditions=(f"if{number}",) if draw(st.integers(0, 3)) == 0 else (),
        effect=Effect.AWARD if award else Effect.DEDUCT,
        per=per,
        cap=points * draw(st.integers(1, 4)) if per is Per.HIT else None,
        auto_fail=AutoFail.NONE
        if award
        else draw(st.sampled_from([AutoFail.NONE] * 8 + [AutoFail.CARD] + [AutoFail.SECTION])),
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    number = iter(range(1000))
    sections = []
    for index in range(draw(st.integers(1, 3))):
        inside = tuple(draw(items(next(number))) for _ in range(draw(st.integers(1, 4))))
        worth = sum(i.points if i.cap is None else i.cap for i in inside if i.effect is Effect.DEDUCT)
        points = worth if draw(st.booleans()) else worth * draw(st.integers(0, 4)) / 4
        sections.append(Section(id=f"s{index}", title="部分", points=points, items=inside))
    card = Scorecard(
        id="c",
        title="表",
        version="1",
        base=100,
        pass_mark=60,
        grades=(Grade(name="甲", min=60), Grade(name="乙", min=0)),
        sections=tuple(sections),
        scope=CardScope(),
        bonus_cap=draw(st.integers(0, 10)),
        over_base=draw(st.booleans()),
    )
    rules = [r for s in sections for i in s.items for r in (*i.rules, *i.conditions)]
    return Case(
        card=card,
        verdicts={r: draw(st.sampled_from(Verdict)) for r in rules},
        counts={r: draw(st.integers(1, 6)) for r in rules},
    )


def _deducts(item: Item) -> bool:
    return item.effect is Effect.DEDUCT


@given(cases())
def test_bounds(case: Case) -> None:
    result = score(case.card, "c", case.verdicts, case.counts)
    top = case.card.base + (case.card.bonus_cap if case.card.over_base else 0)
    assert 0 <= result.score <= result.raw_score <= top
    assert result.grade in {"甲", "乙"}
    assert result.passed == (result.score >= 60 and not result.auto_fail)
    assert not result.auto_fail or result.score == 0
    assert len(result.items) == sum(len(s.items) for s in case.card.sections)
    for item in result.items:
        assert abs(item.points) <= item.max_points
        assert (item.hits > 0) == (item.status in (ItemStatus.DEDUCTED, ItemStatus.AWARDED))


@given(cases())
def test_without_a_violation_the_score_is_the_base(case: Case) -> None:
    clean = {r: MISS if v is HIT else v for r, v in case.verdicts.items()}
    assert score(case.card, "c", clean, case.counts).score == case.card.base


@given(cases())
def test_one_more_violation_never_raises_the_score(case: Case) -> None:
    before = case.score()
    for rule in case.rules(_deducts):
        if case.verdicts[rule] in (MISS, UNDECIDED):
            assert case.score(**{rule: HIT}) <= before
        more = replace(case, counts={**case.counts, rule: case.counts[rule] + 1})
        assert more.score() <= before


@given(cases())
def test_undecided_never_lowers_the_score(case: Case) -> None:
    before = case.score()
    for rule in case.rules(_deducts):
        if case.verdicts[rule] is not NA:
            assert case.score(**{rule: UNDECIDED}) >= before
    for item in (i for s in case.card.sections for i in s.items if _deducts(i)):
        assert case.score(**dict.fromkeys(item.rules, UNDECIDED)) >= before


@given(cases())
def test_not_applicable_never_lowers_the_score_below_a_full_deduction(case: Case) -> None:
    for item in (i for s in case.card.sections for i in s.items if _deducts(i) and i.per is Per.ONCE):
        if any(case.verdicts[rule] is UNDECIDED for rule in item.conditions):
            continue  # then a hit is no deduction
        assert case.score(**dict.fromkeys(item.rules, NA)) >= case.score(**dict.fromkeys(item.rules, HIT))


@given(cases(), st.randoms())
def test_the_order_of_items_and_sections_does_not_matter(case: Case, chance: random.Random) -> None:
    sections = [replace(s, items=tuple(chance.sample(s.items, len(s.items)))) for s in case.card.sections]
    shuffled = replace(case.card, sections=tuple(chance.sample(sections, len(sections))))
    a = score(case.card, "c", case.verdicts, case.counts)
    b = score(shuffled, "c", case.verdicts, case.counts)
    assert (a.score, a.raw_score, a.grade, a.auto_fail) == (b.score, b.raw_score, b.grade, b.auto_fail)
    assert sorted(a.items, key=lambda i: i.item_id) == sorted(b.items, key=lambda i: i.item_id)


def _without(card: Scorecard, dropped: Callable[[Item], bool]) -> Scorecard:
    sections = [replace(s, items=tuple(i for i in s.items if not dropped(i))) for s in card.sections]
    return replace(card, sections=tuple(sections))


@given(cases())
def test_an_item_whose_condition_is_not_met_counts_as_if_it_were_not_there(case: Case) -> None:
    unmet = {c: MISS for s in case.card.sections for i in s.items for c in i.conditions}
    whole = score(case.card, "c", {**case.verdicts, **unmet}, case.counts)
    bare = score(_without(case.card, lambda i: bool(i.conditions)), "c", case.verdicts, case.counts)
    assert (whole.score, whole.raw_score, whole.auto_fail_items) == (bare.score, bare.raw_score, bare.auto_fail_items)
    conditional = {i.id for s in case.card.sections for i in s.items if i.conditions}
    assert all(i.status is ItemStatus.NOT_APPLICABLE for i in whole.items if i.item_id in conditional)


@given(cases())
def test_a_met_condition_changes_nothing(case: Case) -> None:
    met = {c: HIT for s in case.card.sections for i in s.items for c in i.conditions}
    plain = [replace(s, items=tuple(replace(i, conditions=()) for i in s.items)) for s in case.card.sections]
    bare = score(replace(case.card, sections=tuple(plain)), "c", case.verdicts, case.counts)
    assert score(case.card, "c", {**case.verdicts, **met}, case.counts) == bare


@given(cases())
def test_an_undecided_condition_never_lowers_the_score_below_a_met_one(case: Case) -> None:
    for item in (i for s in case.card.sections for i in s.items if i.conditions and _deducts(i)):
        [rule] = item.conditions
        assert case.score(**{rule: UNDECIDED}) >= case.score(**{rule: HIT})
