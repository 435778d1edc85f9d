"""Agents over a month: score with its interval, difference from the others, week by week, and who rose or fell."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from qc.domain.language import say
from qc.reporting import charts
from qc.reporting.agents import Comparison, Funnel, comparison, funnel
from qc.reporting.difference import LEVEL, Cells, Gap, Spread, gaps_of, spread_of, sums
from qc.reporting.estimates import Mean
from qc.reporting.labels import BLANK
from qc.reporting.month.period import Period
from qc.reporting.month.shift import Estimate, Shift, judged
from qc.reporting.month.sums import by, mean_of_lost, of_days
from qc.reporting.people import Person, codes, standing
from qc.reporting.summaries import FEW, SMALL_SAMPLE, Summary
from qc.statistics.distributions import student_quantile

Ints = NDArray[np.int64]
_WIDTH, _HEIGHT, _EDGE = 110.0, 26.0, 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Weeks:
    """A small line of weekly means: points in coordinates, None in a week without a score."""

    width: float
    height: float
    line: str
    dots: tuple[charts.Label, ...]
    means: tuple[Mean, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """`shift`: how the difference from the others changed, None where it cannot be judged."""

    person: Person
    summary: Summary
    gap: Gap | None
    standing: str
    whisker: charts.Whisker | None
    weeks: Weeks
    shift: Shift | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agents:
    """In rising order of their mean score. `since`: what rising and falling is measured against, in words."""

    rows: tuple[Agent, ...]
    nameless: int
    few: int
    small_sample: int
    floor: float
    comparison: Comparison | None
    funnel: Funnel | None
    since: str
    weeks: tuple[Period, ...]

    @property
    def moved(self) -> tuple[Agent, ...]:
        """Who rose or fell, those who fell most first."""
        found = [a for a in self.rows if a.shift is not None and a.shift.side != "level"]
        return tuple(sorted(found, key=lambda a: (a.shift.value if a.shift else 0.0, a.person.key)))


def agents(figures: pa.Table, before: pa.Table, period: Period) -> Agents:
    """Of the extracts `figures` of the period and of the one before it. Where nothing is known of that, who rose or
    fell is told from the second half of the period against the first."""
    staff = figures.filter(pc.is_valid(figures["agent"]))
    persons = _persons(staff)
    keys = list(persons)
    cells = _cells(staff, keys)
    spread = spread_of(cells)
    gaps = gaps_of(cells, spread)
    summaries = {s.key: s for s in by(staff, "agent")}
    floor = charts.whisker_floor([s.score for s in summaries.values()])
    earlier = before.filter(pc.is_valid(before["agent"]))
    since = say("比上期")
    later = staff
    if not earlier.num_rows:
        middle = period.days[len(period.days) // 2]
        earlier = of_days(staff, period.first, middle - timedelta(days=1))
        later = of_days(staff, middle, period.last)
        since = say("{first} 起比之前", first=f"{middle:%m-%d}")
    everyone = [*keys, *sorted(set(earlier["agent"].unique().to_pylist()) - set(keys))]
    moved = _moved(_cells(later, everyone), _cells(earlier, everyone))
    weekly = _weekly(staff, keys, period)
    swing = max((max(v) - min(v) for v in map(_known, weekly) if v), default=0.0)
    rows = []
    for who, key in enumerate(keys):
        own, gap = summaries[key], gaps.get(who)
        rows.append(
            Agent(
                person=persons[key],
                summary=own,
                gap=gap,
                standing=standing(own.score, gap),
                whisker=charts.whisker(own.score, gap.expected if gap else own.score.value, floor),
                weeks=_line(weekly[who], swing),
                shift=moved.get(who),
            )
        )
    rows.sort(key=lambda a: (a.summary.score.value is None, a.summary.score.value or 0.0, a.person.key))
    return Agents(
        rows=tuple(rows),
        nameless=int(pc.sum(figures.filter(pc.is_null(figures["agent"]))["one"]).as_py() or 0),
        few=FEW,
        small_sample=SMALL_SAMPLE,
        floor=floor,
        comparison=comparison(spread),
        funnel=funnel(rows, spread),
        since=since,
        weeks=period.weeks,
    )


def _persons(staff: pa.Table) -> Mapping[str, Person]:
    """By key, in order; the name and the team of most conversations first."""
    columns = ["agent", "agent_id", "agent_name", "team", "project"]
    rows = staff.group_by(columns, use_threads=False).aggregate([("one", "sum")]).to_pylist()
    rows.sort(key=lambda r: (r["agent"], -r["one_sum"], *(r[name] or "" for name in columns[2:])))
    own: dict[str, list[dict[str, str | None]]] = {}
    for row in rows:
        own.setdefault(row["agent"], []).append(row)
    names = {key: next((r["agent_name"] for r in mine if r["agent_name"]), "") or "" for key, mine in own.items()}
    called = Counter(names.values())
    return {
        key: Person(
            key=key,
            agent_id=mine[0]["agent_id"],
            name=names[key],
            team=mine[0]["team"] or say(BLANK),
            teams=tuple(dict.fromkeys(r["team"] or say(BLANK) for r in mine)),
            projects=tuple(dict.fromkeys(r["project"] or say(BLANK) for r in mine)),
            namesakes=called[names[key]] - 1 if names[key] else 0,
            file="",
        )
        for key, mine in own.items()
    }


def _who(table: pa.Table, keys: Sequence[str]) -> Ints:
    return np.asarray(pc.index_in(table["agent"], value_set=pa.array(keys, pa.string())).to_numpy(), np.int64)


def _cells(staff: pa.Table, keys: Sequence[str]) -> Cells:
    """Scores by agent (an index into `keys`) and project and channel."""
    table = staff.filter(pc.greater(staff["scored"], 0))
    strata = pc.binary_join_element_wise(pc.fill_null(table["project"], BLANK), table["channel"], "\x1f")
    stratum = codes(strata) if table.num_rows else np.zeros(0, np.int64)
    width = int(stratum.max(initial=0)) + 1
    pairs, at = np.unique(_who(table, keys) * width + stratum, return_inverse=True)
    n = np.asarray(table["scored"], np.float64)
    lost, squares = (np.asarray(pc.fill_null(table[name], 0.0), np.float64) for name in ("lost", "lost2"))
    count, missing, square = sums(at, n), sums(at, lost), sums(at, squares)
    return Cells(
        group=pairs // width,
        stratum=pairs % width,
        n=count,
        total=100 * count - missing,
        squares=1e4 * count - 200 * missing + square,
    )


def _moved(now: Cells, before: Cells) -> Mapping[int, Shift]:
    """How each agent's difference from the others under like conditions changed: what moved everybody, and another mix
    of projects and channels, is nobody's rise or fall."""
    spread, past = spread_of(now), spread_of(before)
    own, were = gaps_of(now, spread), gaps_of(before, past)
    if spread is None or past is None:
        return {}
    found = {}
    for who, gap in own.items():
        earlier = were.get(who)
        if earlier is not None and min(gap.n, earlier.n) >= FEW:
            error = math.hypot(_error(gap, spread), _error(earlier, past))
            found[who] = Estimate(value=gap.value - earlier.value, error=error, df=min(spread.df, past.df))
    return judged(found)


def _error(gap: Gap, spread: Spread) -> float:
    return (gap.high - gap.low) / 2 / student_quantile(LEVEL, spread.df)


def _weekly(staff: pa.Table, keys: Sequence[str], period: Period) -> list[list[Mean]]:
    """[agent][week]"""
    out: list[list[Mean]] = [[] for _ in keys]
    for week in period.weeks:
        part = of_days(staff, week.first, week.last)
        at = _who(part, keys)
        n, lost, squares = (
            sums(at, np.asarray(pc.fill_null(part[name], 0), np.float64), len(keys))
            for name in ("scored", "lost", "lost2")
        )
        for who in range(len(keys)):
            out[who].append(mean_of_lost(int(n[who]), float(lost[who]), float(squares[who])))
    return out


def _known(means: Sequence[Mean]) -> list[float]:
    return [mean.value for mean in means if mean.value is not None]


def _line(means: Sequence[Mean], swing: float) -> Weeks:
    """Around the middle of its own values, on the scale on which the agent who swings most fills the height: the lines
    of two agents compare."""
    step = (_WIDTH - 2 * _EDGE) / max(len(means) - 1, 1)
    known = _known(means)
    middle = (max(known) + min(known)) / 2 if known else 0.0
    points = []
    for i, mean in enumerate(means):
        if mean.value is not None:
            away = (mean.value - middle) / swing if swing else 0.0
            y = _HEIGHT / 2 - away * (_HEIGHT - 2 * _EDGE)
            points.append(charts.Label(x=charts.r(_EDGE + i * step), y=charts.r(y), text=""))
    return Weeks(
        width=_WIDTH,
        height=_HEIGHT,
        line=" ".join(f"{p.x},{p.y}" for p in points),
        dots=tuple(points),
        means=tuple(means),
    )
