"""Samples: exact probabilities, strata, nobody twice, and what is told of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from qc.commands import cli
from qc.commands.review.sample import _told
from qc.errors import UsageError
from qc.pipeline.review import sample_run
from qc.reporting.batch import Batch
from qc.reporting.sampled import with_sampled
from qc.reporting.selection import by_importance
from qc.review.sampling import RANDOM, Wanted, draw, half_width, inclusion, pick
from tests.reporting.conftest import RunBuilder, Talk
from tests.review.centre import BOSS, Centre

WEIGHTS = np.array([0, 0, 9, 0, 1, 4, 0, 2, 0, 0, 3, 0, 1, 0, 7, 0, 0, 2, 0, 5], float)
AGENTS = np.array(["a"] * 9 + ["b"] * 6 + ["c"] * 5, object)
PROJECTS = np.array(["x", "y"] * 10, object)


@settings(max_examples=50)
@given(
    st.lists(st.sampled_from([0.0, 1.0, 3.0, 50.0]), min_size=1, max_size=60),
    st.integers(1, 70),
    st.floats(0, 1),
)
def test_probabilities_add_up_and_are_probabilities(weights: list[float], size: int, risk: float) -> None:
    equal, shares = inclusion(np.array(weights), size, risk)
    assert shares.sum() == pytest.approx(min(size, len(weights)))
    assert (shares <= 1 + 1e-12).all() and (shares >= equal - 1e-12).all()
    order = np.argsort(weights)
    assert (np.diff(shares[order]) >= -1e-12).all(), "more risk, never less often"


def test_everybody_is_drawn_as_often_as_the_probability_says() -> None:
    draws, size = 1500, 7
    counts, by_chance, probability = np.zeros(20), np.zeros(20), np.zeros(20)
    for seed in range(draws):
        chosen, shares, at_random = pick(WEIGHTS, AGENTS, PROJECTS, Wanted(size=size, seed=seed))
        assert len(set(chosen.tolist())) == size
        counts[chosen] += 1
        by_chance[chosen[at_random]] += 1
        probability[chosen] = shares
    assert probability.sum() == pytest.approx(size)
    noise = np.sqrt(probability * (1 - probability) / draws)
    assert (np.abs(counts / draws - probability) <= 4.5 * noise + 1e-9).all()
    assert (probability[WEIGHTS == 0] < probability[WEIGHTS > 0].min()).all()
    # what chance drew is an equal-probability sample of all
    assert np.abs(by_chance / draws - by_chance.mean() / draws).max() < 4.5 * np.sqrt(0.175 * 0.825 / draws)


@pytest.mark.parametrize("wanted", [Wanted(size=9, risk=0), Wanted(per_agent=3)])
def test_strata_get_their_part_rounded_up_or_down(wanted: Wanted) -> None:
    for seed in range(50):
        chosen, shares, _ = pick(WEIGHTS, AGENTS, PROJECTS, replace(wanted, seed=seed))
        for agent in "abc":
            mine = int((AGENTS[chosen] == agent).sum())
            if wanted.per_agent:
                assert mine == 3
            else:
                assert abs(mine - 9 * (agent == AGENTS).mean()) < 1
            for project in "xy" if not wanted.per_agent else "":
                both = (AGENTS[chosen] == agent) & (PROJECTS[chosen] == project)
                assert abs(both.sum() - 9 * ((agent == AGENTS) & (project == PROJECTS)).mean()) < 1
        assert (shares <= 1).all()


def test_the_weighted_sample_estimates_the_whole() -> None:
    truth, estimates = (WEIGHTS > 0).sum(), []
    for seed in range(600):
        chosen, shares, _ = pick(WEIGHTS, AGENTS, PROJECTS, Wanted(size=8, seed=seed))
        estimates.append(((WEIGHTS[chosen] > 0) / shares).sum())
    assert np.mean(estimates) == pytest.approx(truth, abs=0.3)


def test_the_half_width_is_wilsons_and_knows_how_many_there_are() -> None:
    assert half_width(0.9, 50, 50, 10**9) == pytest.approx(0.0849, abs=0.0005)
    assert half_width(0.9, 50, 50, 100) < half_width(0.9, 50, 50, 1000)
    assert half_width(0.5, 50, 50, 50) == 0.0
    assert half_width(0.9, 30, 50, 1000) > half_width(0.9, 50, 50, 1000), "unequal weights cost"


def test_the_same_seed_draws_the_same_and_nobody_is_drawn_twice(centre: Centre) -> None:
    wanted = Wanted(size=5)
    first = sample_run(centre.path, wanted, BOSS, keep=False)
    assert sample_run(centre.path, wanted, BOSS, keep=True).ids == first.ids
    second = sample_run(centre.path, wanted, BOSS, keep=True)
    assert not set(first.ids) & set(second.ids) and second.taken == 5
    assert set(sample_run(centre.path, wanted, BOSS, keep=True).ids) == {f"C{i:02d}" for i in range(12)} - set(
        first.ids
    ) - set(second.ids)
    with pytest.raises(UsageError, match="都已经抽过"):
        sample_run(centre.path, wanted, BOSS, keep=True)
    rows = centre.run.table("samples")
    assert rows.num_rows == 12 and len(set(rows["sample_id"].to_pylist())) == 3
    assert rows.filter(rows["probability"].combine_chunks().is_null()).num_rows == 0


def test_the_same_calls_in_another_run_and_reviewed_ones_stay_out(centre: Centre) -> None:
    drawn = sample_run(centre.path, Wanted(size=5), BOSS, keep=True).ids
    reviewed = next(f"C{i:02d}" for i in range(12) if f"C{i:02d}" not in drawn)
    centre.enter(centre.file("a.json", centre.review(reviewed, None, None)))
    again = centre.again("r2")
    sample = sample_run(again.path, Wanted(size=100), BOSS, keep=True)
    assert set(sample.ids) == {f"C{i:02d}" for i in range(12)} - {*drawn, reviewed}
    assert sample.whole.half_width(0.9) == 0.0


def test_a_recording_that_lies_in_two_folders_is_heard_once(tmp_path: Path) -> None:
    build = RunBuilder(tmp_path / "run")
    for name in ("A1", "A2", "A3", "B1"):
        build.add(Talk(name))
    for row in build.rows["conversations"]:
        row |= {"source_format": "audio", "source_sha256": "ab" if row["conversation_id"] in ("A2", "B1") else "cd"}
    build.rows["conversations"][2]["source_sha256"] = None
    sample = draw(build.write(), Wanted(size=9), [], at=BOSS.at, by=BOSS.name)
    assert sample.ids == ["A1", "A2", "A3"] and (sample.taken, sample.copies) == (0, 1)
    assert sample.whole.population == 3


def test_the_command_tells_what_it_buys(centre: Centre, tmp_path: Path) -> None:
    sheet = tmp_path / "复核.xlsx"
    args = ["review", "sample", str(centre.path), "--per-agent", "2", "--out", str(sheet)]
    done = CliRunner().invoke(cli, args)
    assert done.exit_code == 0, done.output
    assert "12 个会话里抽 6 个" in done.output
    assert "有致命差错或一票否决 4（2 个）" in done.output
    assert "准确率在 90% 上下时，误差约 ±" in done.output
    assert sheet.is_file()
    rows = centre.run.table("samples").to_pylist()
    assert sorted(r["agent_id"] for r in rows) == ["100", "100", "101", "101", "102", "102"]
    assert RANDOM in {r["reason"] for r in rows}
    again = CliRunner().invoke(cli, args)
    assert isinstance(again.exception, UsageError) and "填好的意见" in again.exception.hint


def test_a_name_of_any_length_keeps_the_table_on_the_screen(tmp_path: Path) -> None:
    build = RunBuilder(tmp_path / "names")
    build.add(Talk("A1", agent=("1" * 9_000, "敏\n" * 5_000, "班" * 9_000)))
    told = list(_told(draw(build.write(), Wanted(size=1), [], at=BOSS.at, by=BOSS.name), 0.5))
    assert max(len(line) for lines in told for line in lines.splitlines()) < 200


def test_what_was_sampled_has_a_page_whatever_it_is_worth(centre: Centre) -> None:
    batch = Batch(centre.run)
    listed = by_importance(batch, 1)
    assert with_sampled(batch, listed) == listed
    drawn = sample_run(centre.path, Wanted(size=4), BOSS, keep=True).ids
    shown = [line.conversation_id for line in with_sampled(Batch(centre.run), listed)]
    assert shown[0] == listed[0].conversation_id and len(shown) == len(set(shown))
    assert set(shown) == {*drawn, shown[0]}
