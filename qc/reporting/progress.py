"""The scores of agents over earlier runs, and whether the last step is more than chance."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from qc.reporting.batch import lookup
from qc.reporting.charts import Label, r
from qc.reporting.days import day_of
from qc.reporting.difference import LEVEL, Spread
from qc.reporting.estimates import Mean
from qc.reporting.finals import scores_of
from qc.reporting.people import People, agent_column
from qc.statistics.distributions import student_quantile
from qc.storage.read import StoredRun
from qc.storage.summary import kept

_WIDTH, _HEIGHT = 720.0, 200.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 16.0, 14.0, 40.0
_SCORE = ["conversation_id", "base", "score"]
_KEPT, _FORMAT = "agent-scores", "1"
_NAMED = 10
"""So many runs are named under the axis, evenly spread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """An agent in one run, beside everybody in it (`mean_of_all`). `team`: where most conversations were."""

    run_id: str
    day: str
    team: str | None
    score: Mean
    mean_of_all: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How this run differs from the earlier ones together, less how everybody's scores moved; 95 % interval."""

    value: float
    low: float
    high: float
    runs: int
    n: int
    """Scored conversations of the agent in the earlier runs."""

    @property
    def side(self) -> str:
        return "up" if self.low > 0 else "down" if self.high < 0 else "level"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A run in the picture: its mean and interval in coordinates, that of everybody."""

    x: float
    y: float
    low: float
    high: float
    everyone: float | None
    small: bool
    point: Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A line of means with intervals over runs, oldest first."""

    width: float
    height: float
    right: float
    marks: tuple[Mark, ...]
    ticks: tuple[Label, ...]
    names: tuple[Label, ...]
    step: Step | None
    moved: bool
    """The agent changed teams on the way."""

    @property
    def line(self) -> str:
        return " ".join(f"{m.x},{m.y}" for m in self.marks)

    @property
    def everyone(self) -> str:
        return " ".join(f"{m.x},{m.everyone}" for m in self.marks if m.everyone is not None)


def histories(people: People, earlier: Sequence[StoredRun]) -> Mapping[str, tuple[Point, ...]]:
    """Agent key → a point for each run in which the agent was scored, oldest first, the batch itself last. What an
    earlier run says of its agents is worked out once and kept in its summary."""
    found: defaultdict[str, list[Point]] = defaultdict(list)
    known = {p.key for p in people.persons}
    own = people.batch.run
    tables = [(run, _kept(run)) for run in earlier]
    for run, table in [*tables, (own, _means(own, people.staff.select(["agent", "team", "score"])))]:
        for row in table.to_pylist():
            if row["agent"] in known:
                found[row["agent"]].append(
                    Point(
                        run_id=run.lineage.run_id,
                        day=row["day"],
                        team=row["team"],
                        score=Mean(value=row["mean"], sd=row["sd"], n=row["n"]),
                        mean_of_all=row["everyone"],
                    )
                )
    return {key: tuple(points) for key, points in found.items()}


def trend(points: Sequence[Point], spread: Spread | None) -> Trend | None:
    """The picture; None when there is nothing before the last run to compare it with."""
    if len(points) < 2:
        return None
    ends = [v for p in points for v in (p.score.low, p.score.high, p.score.value, p.mean_of_all) if v is not None]
    floor = min(90.0, math.floor(min(ends, default=0.0) / 10) * 10.0)
    base, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    step = (right - _LEFT) / len(points)

    def y(value: float) -> float:
        return r(base - (value - floor) / (100 - floor) * (base - _TOP))

    marks = []
    for i, p in enumerate(points):
        mean = p.score.value or 0.0
        low, high = (mean, mean) if p.score.low is None or p.score.high is None else (p.score.low, p.score.high)
        marks.append(
            Mark(
                x=r(_LEFT + step * (i + 0.5)),
                y=y(mean),
                low=y(low),
                high=y(high),
                everyone=None if p.mean_of_all is None else y(p.mean_of_all),
                small=p.score.low is None,
                point=p,
            )
        )
    every = math.ceil(len(points) / _NAMED)
    shown = [m for i, m in enumerate(reversed(marks)) if i % every == 0]
    return Trend(
        width=_WIDTH,
        height=_HEIGHT,
        right=right,
        marks=tuple(marks),
        ticks=tuple(Label(x=_LEFT, y=y(v), text=f"{v:.0f}") for v in (floor, (floor + 100) / 2, 100.0)),
        names=tuple(Label(x=m.x, y=base + 18, text=m.point.day[5:]) for m in reversed(shown)),
        step=_step(points, spread),
        moved=len({p.team for p in points}) > 1,
    )


def _step(points: Sequence[Point], spread: Spread | None) -> Step | None:
    *before, last = points
    known = [(p.score, p.mean_of_all) for p in before if p.mean_of_all is not None]
    past = [(score.n, score.value - everyone) for score, everyone in known if score.value is not None]
    n = sum(size for size, _ in past)
    if spread is None or not n or last.score.value is None or last.mean_of_all is None:
        return None
    value = last.score.value - last.mean_of_all - sum(size * away for size, away in past) / n
    error = spread.within * math.sqrt(1 / last.score.n + 1 / n)
    reach = student_quantile(LEVEL, spread.df) * error
    return Step(value=value, low=value - reach, high=value + reach, runs=len(past), n=n)


def _kept(run: StoredRun) -> pa.Table:
    return kept(run, [_KEPT], _FORMAT, lambda: {_KEPT: _stored(run)})[_KEPT]


def _stored(run: StoredRun) -> pa.Table:
    """`_means` of a stored run."""
    talks = agent_column(run.table("conversations", ["conversation_id", "agent_id", "agent_name", "team"]))
    scores = scores_of(run, _SCORE).group_by("conversation_id", use_threads=False).aggregate([("percent", "mean")])
    score = lookup(talks["conversation_id"], scores)["percent_mean"]
    return _means(run, talks.append_column("score", score))


def _means(run: StoredRun, talks: pa.Table) -> pa.Table:
    """A row per agent of the conversations `talks` (`agent`, `team`, `score`): the team of most of them, mean, sd and n
    of the scores, and beside these `everyone`, the mean of all, and the `day` of the run."""
    talks = talks.filter(pc.and_(pc.is_valid(talks["agent"]), pc.is_valid(talks["score"])))
    rows = talks.group_by(["agent", "team"], use_threads=False).aggregate([("score", "count")]).to_pylist()
    team: dict[str, tuple[int, str | None]] = {}
    for row in rows:
        team[row["agent"]] = max(
            team.get(row["agent"], (0, None)), (row["score_count"], row["team"]), key=lambda t: t[0]
        )
    means = talks.group_by("agent", use_threads=False).aggregate(
        [("score", "mean"), ("score", "stddev", pc.VarianceOptions(ddof=1)), ("score", "count")]
    )
    size = means.num_rows
    return pa.table(
        {
            "agent": means["agent"],
            "team": pa.array([team[agent][1] for agent in means["agent"].to_pylist()], pa.string()),
            "mean": means["score_mean"],
            "sd": means["score_stddev"],
            "n": means["score_count"],
            "everyone": pa.array([pc.mean(talks["score"]).as_py()] * size, pa.float64()),
            "day": pa.array([day_of(run)] * size, pa.string()),
        }
    )
