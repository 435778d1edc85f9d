"""The arithmetic a page shows is the arithmetic that scored."""

from __future__ import annotations

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.domain.finding import Verdict
from qc.domain.rule import Scope
from qc.domain.score import Score
from qc.domain.scorecard import AutoFail, Effect, Grade, Item, Per, Scorecard, Section
from qc.reporting.arithmetic import Arithmetic, arithmetic
from qc.reporting.records import ItemRow, ScoreRow
from qc.schema.rows import item_scores, scores
from qc.scoring.score import score


def stored(scored: Score) -> tuple[ScoreRow, list[list[ItemRow]]]:
    (row,) = scores([scored]).select(list(ScoreRow.__dataclass_fields__)).to_pylist()
    items = [ItemRow(**i) for i in item_scores([scored]).select(list(ItemRow.__dataclass_fields__)).to_pylist()]
    return ScoreRow(**row), [list(group) for _, group in groupby(items, key=lambda i: i.section_id)]


def explained(scored: Score) -> Arithmetic:
    found = arithmetic(*stored(scored))
    assert found is not None
    return found


def card(*sections: Section, **more: object) -> Scorecard:
    grades = (Grade(name="合格", min=0),)
    plain = {"id": "c", "title": "c", "version": "1.0.0", "base": 100.0, "pass_mark": 80.0, "grades": grades}
    return Scorecard(sections=sections, scope=Scope(), **plain | more)  # type: ignore[arg-type]


def item(id: str, points: float, **more: object) -> Item:
    return Item(id=id, title=id, rules=(id,), points=points, **more)  # type: ignore[arg-type]


OPENING = Section(id="o", title="开场", points=20.0, items=(item("greeting", 5.0), item("number", 8.0)))
MANNER = Section(id="m", title="态度", points=60.0, items=(item("calm", 30.0), item("duty", 40.0)))
SAFE = Section(id="s", title="安全", points=40.0, items=(item("secret", 0.0, auto_fail=AutoFail.SECTION),))
HIT, MISS = Verdict.HIT, Verdict.MISS


def test_what_does_not_apply_leaves_and_a_section_counts_no_more_than_it_is_worth() -> None:
    verdicts = {"greeting": HIT, "number": MISS, "calm": HIT, "duty": HIT}
    found = explained(score(card(OPENING, MANNER, SAFE), "x", verdicts, {}))
    assert [(p.worth, p.lost, p.beyond) for p in found.parts] == [(13.0, 5.0, 0.0), (60.0, 60.0, 70.0), (0.0, 0.0, 0.0)]
    assert (found.worth, found.lost) == (73.0, 65.0)
    assert found.earned == pytest.approx((73 - 65) / 73 * 100)


def test_a_failed_section_counts_and_loses_all_its_points() -> None:
    scored = score(card(OPENING, SAFE), "x", {"greeting": MISS, "number": MISS, "secret": HIT}, {})
    found = explained(scored)
    assert [(p.worth, p.lost, p.failed) for p in found.parts] == [(13.0, 0.0, False), (40.0, 40.0, True)]
    assert found.earned == pytest.approx(scored.score, abs=0.01) and scored.raw_score == 100.0


def test_a_score_of_another_arithmetic_is_not_explained() -> None:
    row, sections = stored(score(card(OPENING), "x", {"greeting": HIT, "number": MISS}, {}))
    assert arithmetic(row, sections) is not None
    other = ScoreRow(**{name: getattr(row, name) for name in row.__dataclass_fields__} | {"score": 12.0})
    assert arithmetic(other, sections) is None


@st.composite
def judged(draw: st.DrawFn) -> Score:
    sections, verdicts, hits = [], {}, {}
    for s in range(draw(st.integers(1, 3))):
        items = []
        for i in range(draw(st.integers(1, 4))):
            id = f"{s}.{i}"
            effect = draw(st.sampled_from(Effect))
            per = draw(st.sampled_from(Per))
            points = float(draw(st.integers(0 if effect is Effect.DEDUCT else 1, 20)))
            fatal = draw(st.sampled_from(AutoFail)) if effect is Effect.DEDUCT else AutoFail.NONE
            cap = points * 2 if per is Per.HIT else None
            items.append(item(id, points, effect=effect, per=per, cap=cap, auto_fail=fatal))
            verdicts[id], hits[id] = draw(st.sampled_from(Verdict)), draw(st.integers(1, 3))
        sections.append(Section(id=str(s), title="t", points=float(draw(st.integers(1, 40))), items=tuple(items)))
    more = {"bonus_cap": float(draw(st.integers(0, 10))), "over_base": draw(st.booleans())}
    return score(card(*sections, **more), "x", verdicts, hits)


@given(judged())
def test_every_score_is_explained(scored: Score) -> None:
    found = explained(scored)
    assert found.earned + found.credited == pytest.approx(
        scored.raw_score if scored.auto_fail else scored.score, abs=0.011
    )
    if found.worth:
        assert found.earned == pytest.approx((found.worth - found.lost) / found.worth * 100)
    assert all(0 <= p.lost <= p.worth for p in found.parts)
