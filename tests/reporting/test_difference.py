"""Differences between agents: who is called different, and how reliable a ranking is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from qc.reporting.against import Counts, against
from qc.reporting.difference import Cells, gaps_of, spread_of


def cells(scores: list[tuple[int, int, list[float]]]) -> Cells:
    """(group, stratum, scores) → cells."""
    return Cells(
        group=np.array([g for g, _, _ in scores], np.int64),
        stratum=np.array([s for _, s, _ in scores], np.int64),
        n=np.array([len(v) for _, _, v in scores], np.float64),
        total=np.array([sum(v) for _, _, v in scores], np.float64),
        squares=np.array([sum(x * x for x in v) for _, _, v in scores], np.float64),
    )


def drawn(between: float, agents: int = 40, n: int = 60, seed: int = 7) -> Cells:
    rng = np.random.default_rng(seed)
    levels = rng.normal(0, between, agents)
    return cells([(a, 0, list(rng.normal(90 + levels[a], 8, n))) for a in range(agents)])


def test_two_agents_of_one_kind_of_work_are_students_test() -> None:
    rng = np.random.default_rng(3)
    a, b = list(rng.normal(92, 6, 40)), list(rng.normal(88, 6, 55))
    made = cells([(0, 0, a), (1, 0, b)])
    spread = spread_of(made)
    assert spread is not None
    gap = gaps_of(made, spread)[0]
    known = stats.ttest_ind(a, b)
    low, high = known.confidence_interval()
    assert gap.value == pytest.approx(np.mean(a) - np.mean(b)) and gap.expected == pytest.approx(np.mean(b))
    assert (gap.low, gap.high) == (pytest.approx(low), pytest.approx(high))
    assert gap.q == pytest.approx(known.pvalue)  # both groups have this one p
    assert gap.side == "above" and gaps_of(made, spread)[1].side == "below"


def test_hard_work_is_not_held_against_anybody() -> None:
    """Everybody scores 95 on easy calls and 75 on hard ones; one agent takes the hard ones."""
    rng = np.random.default_rng(5)

    def easy(n: int) -> list[float]:
        return list(rng.normal(95, 3, n))

    def hard(n: int) -> list[float]:
        return list(rng.normal(75, 3, n))

    made = cells(
        [(0, 0, easy(60)), (0, 1, hard(10)), (1, 0, easy(10)), (1, 1, hard(60)), (2, 0, easy(40)), (2, 1, hard(40))]
    )
    gaps = gaps_of(made, spread_of(made))
    assert [gaps[i].side for i in range(3)] == ["level"] * 3
    assert gaps[1].expected == pytest.approx(75 + 20 * 10 / 70, abs=1.5)


def test_who_serves_alone_is_compared_with_nobody() -> None:
    made = cells(
        [(0, 0, [80.0, 90.0] * 20), (1, 1, [85.0, 95.0] * 20), (1, 0, [85.0, 95.0]), (2, 2, [50.0, 60.0] * 20)]
    )
    gaps = gaps_of(made, spread_of(made))
    assert 2 not in gaps and gaps[1].comparable == pytest.approx(2 / 42)


def test_chance_alone_marks_nobody() -> None:
    marked = 0
    for seed in range(20):
        made = drawn(0.0, seed=seed)
        marked += any(gap.side != "level" for gap in gaps_of(made, spread_of(made)).values())
    assert marked <= 4  # one batch in twenty is expected


def test_real_differences_are_found_and_measured() -> None:
    spread = spread_of(drawn(4.0))
    assert spread is not None and spread.groups == 40 and spread.typical == 60
    assert spread.within == pytest.approx(8, rel=0.05) and spread.between == pytest.approx(4, rel=0.3)
    assert spread.reliability(60) == pytest.approx(16 / (16 + 64 / 60), abs=0.05)
    assert spread.reliability(spread.needed or 0) >= 0.8 > spread.reliability((spread.needed or 0) - 1)
    assert sum(gap.side != "level" for gap in gaps_of(drawn(4.0), spread).values()) > 20


def test_how_far_apart() -> None:
    spread = spread_of(drawn(0.0))
    assert spread is not None
    assert spread.apart(50) == pytest.approx(stats.t.ppf(0.975, spread.df) * spread.within * np.sqrt(2 / 50))
    tukey = stats.studentized_range.ppf(0.95, 40, spread.df) * spread.within / np.sqrt(50)
    assert spread.apart_of_any(50) == pytest.approx(tukey, rel=1e-4) and tukey > spread.apart(50)


def test_nothing_to_compare() -> None:
    assert spread_of(cells([])) is None
    assert spread_of(cells([(0, 0, [90.0] * 9)])) is None
    same = cells([(0, 0, [100.0] * 40), (1, 0, [100.0] * 40)])
    assert gaps_of(same, spread_of(same)) == {}


def test_against_is_fishers_test_and_newcombes_interval() -> None:
    counts = Counts(
        who=np.array([0, 1]),
        what=np.zeros(2, int),
        stratum=np.zeros(2, int),
        count=np.array([56.0, 48.0]),
        n=np.array([70.0, 80.0]),
    )
    one = against(counts)[0, 0]
    assert (one.low, one.high) == (pytest.approx(0.0524, abs=1e-4), pytest.approx(0.3339, abs=1e-4))  # Newcombe 1998
    table = stats.hypergeom(150, 104, 70)
    assert one.q == pytest.approx(2 * table.sf(55), rel=1e-4) and one.side == "more"
    assert against(counts)[1, 0].side == "less"


def test_others_are_weighted_by_where_one_works() -> None:
    """Both lose 1 in 10 in the easy project and 5 in 10 in the hard one; agent 0 works mostly in the hard one."""
    counts = Counts(
        who=np.array([0, 0, 1, 1]),
        what=np.zeros(4, int),
        stratum=np.array([0, 1, 0, 1]),
        count=np.array([2.0, 40.0, 20.0, 10.0]),
        n=np.array([20.0, 80.0, 200.0, 20.0]),
    )
    one = against(counts)[0, 0]
    assert one.own.value == pytest.approx(0.42) and one.others == pytest.approx(0.42) and one.side == "like"
    assert against(counts, np.array([0, 1])) == {}  # each alone in a team
