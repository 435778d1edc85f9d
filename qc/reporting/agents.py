"""The agent table (员工质量管理): figures per agent and team, how far apart is apart, one coaching line each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.language import say
from qc.reporting import charts
from qc.reporting.batch import Batch
from qc.reporting.coaching import Coaching, Example, Top, coach, examples, priorities
from qc.reporting.difference import FAIR, LEVEL, RELIABLE, Gap, Spread
from qc.reporting.edition import Edition
from qc.reporting.finals import verdict_key
from qc.reporting.formatting import points
from qc.reporting.labels import BLANK
from qc.reporting.people import People, Person, people_of, standing
from qc.reporting.summaries import FEW, SMALL_SAMPLE, Summary, summarise, summarise_all
from qc.statistics.distributions import student_quantile

_SIZES = (10, 30, 50, 100, 200, 500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """One agent. `standing`: above, below, level, small (too few conversations) or alone (nobody does the same work).
    `interruptions`: spots where rules found the agent talking over the customer."""

    person: Person
    summary: Summary
    gap: Gap | None
    top: Top | None
    interruptions: int
    whisker: charts.Whisker | None
    standing: str
    coaching: Coaching | None

    @property
    def agent_id(self) -> str:
        return self.person.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    summary: Summary
    agents: int
    gap: Gap | None
    top: Top | None
    whisker: charts.Whisker | None
    standing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """With `n` conversations each, how far apart two agents named beforehand, and any two, must be."""

    n: int
    two: float
    any: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What may be read from the differences between agents. `reliability` of the typical agent's mean and what it is
    called: reliable, fair, poor, none (agents do not differ beyond chance)."""

    spread: Spread
    typical: Apart
    table: tuple[Apart, ...]
    reliability: float
    verdict: str


class Compared(Protocol):
    """Somebody the funnel can show."""

    @property
    def person(self) -> Person: ...

    @property
    def gap(self) -> Gap | None: ...

    @property
    def standing(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """An agent in the funnel."""

    x: float
    y: float
    standing: str
    agent: Compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """Agents by their conversations and their difference from the others; between the `limits` (95 % of what chance
    does) and `far` (99.8 %) curves nothing is said (Spiegelhalter 2005)."""

    width: float
    height: float
    right: float
    zero: float
    limits: tuple[str, str]
    far: tuple[str, str]
    dots: tuple[Dot, ...]
    ticks: tuple[charts.Label, ...]
    names: tuple[charts.Label, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentsPage:
    """Agents in rising order of their mean score: who needs help comes first."""

    agents: tuple[Agent, ...]
    teams: tuple[Team, ...]
    total: Summary
    """All conversations that name an agent."""
    nameless: int
    """Conversations without an agent: bots, or tickets and calls whose manifest names none."""
    few: int
    small_sample: int
    floor: float
    """The score at the left end of the interval pictures."""
    comparison: Comparison | None
    funnel: Funnel | None


def agents_page(edition: Edition) -> AgentsPage:
    """Compute the page."""
    batch, records = edition.batch, edition.records
    people = people_of(batch)
    found, interruptions = _shown(people), _interruptions(people)
    tops = priorities(batch, people.groups("who"))
    summaries, groups = summaries_of(people), summarise(people.staff, "team")
    floor = charts.whisker_floor([s.score for s in (*summaries.values(), *groups)])
    agents = []
    for who, person in enumerate(people.persons):
        summary, gap = summaries[who], people.gaps.get(who)
        agents.append(
            Agent(
                person=person,
                summary=summary,
                gap=gap,
                top=next(iter(tops.get(who, ())), None),
                interruptions=interruptions.get(who, 0),
                whisker=charts.whisker(summary.score, gap.expected if gap else summary.score.value, floor),
                standing=standing(summary.score, gap),
                coaching=coach(found[who], records) if who in found else None,
            )
        )
    agents.sort(key=_by_score)
    return AgentsPage(
        agents=tuple(agents),
        teams=_teams(people, groups, floor),
        total=summarise_all(people.staff),
        nameless=batch.size - people.staff.num_rows,
        few=FEW,
        small_sample=SMALL_SAMPLE,
        floor=floor,
        comparison=comparison(people.spread),
        funnel=funnel(agents, people.spread),
    )


def example_ids(batch: Batch) -> tuple[str, ...]:
    """The conversations quoted in coaching lines."""
    return tuple(sorted({e.conversation_id for own in _shown(people_of(batch)).values() for e in own}))


def summaries_of(people: People) -> Mapping[int, Summary]:
    """The figures of each agent by `who`."""
    return {int(s.key): s for s in summarise(people.staff, "who")}


def comparison(spread: Spread | None) -> Comparison | None:
    """None where there are not two agents to compare."""
    if spread is None or not spread.within:
        return None
    value = spread.reliability(spread.typical)
    grade = "reliable" if value >= RELIABLE else "fair" if value >= FAIR else "poor"
    return Comparison(
        spread=spread,
        typical=_apart(spread, spread.typical),
        table=tuple(_apart(spread, n) for n in _SIZES),
        reliability=value,
        verdict=grade if spread.between else "none",
    )


def funnel(agents: Sequence[Compared], spread: Spread | None) -> Funnel | None:
    """None where there is no limit to draw or nobody to compare."""
    compared = [a for a in agents if a.gap is not None]
    if spread is None or not spread.within or len(compared) < 2:
        return None
    width, height, left, top, bottom = 720.0, 280.0, 44.0, 14.0, 40.0
    right, base = width - 16, height - bottom
    most = charts.round_up(max(a.gap.n for a in compared if a.gap))
    first = max(2, math.ceil(most / 60))
    t = student_quantile(LEVEL, spread.df)
    reach = max(abs(a.gap.value) for a in compared if a.gap) * 1.08
    reach = charts.round_up(max(reach, t * spread.within / math.sqrt(max(spread.typical, first) / 2)))

    def x(n: float) -> float:
        return charts.r(left + n / most * (right - left))

    def y(value: float) -> float:
        return charts.r(top + (reach - max(-reach, min(reach, value))) / (2 * reach) * (base - top))

    def curve(z: float, sign: int) -> str:
        begin = min(most, max(first, (z * spread.within / reach) ** 2))  # where it enters the picture
        steps = [begin + (most - begin) * (i / 60) ** 2 for i in range(61)]
        return " ".join(f"{x(n)},{y(sign * z * spread.within / math.sqrt(n))}" for n in steps)

    far = student_quantile(0.998, spread.df)
    return Funnel(
        width=width,
        height=height,
        right=right,
        zero=y(0),
        limits=(curve(t, 1), curve(t, -1)),
        far=(curve(far, 1), curve(far, -1)),
        dots=tuple(Dot(x=x(a.gap.n), y=y(a.gap.value), standing=a.standing, agent=a) for a in compared if a.gap),
        ticks=tuple(charts.Label(x=left, y=y(v), text=points(v, 1)) for v in (reach, reach / 2, 0, -reach / 2, -reach)),
        names=tuple(charts.Label(x=x(n), y=base + 18, text=charts.plain(n)) for n in (0, most / 2, most)),
    )


def _apart(spread: Spread, n: int) -> Apart:
    return Apart(n=n, two=spread.apart(n), any=spread.apart_of_any(n))


def _teams(people: People, groups: tuple[Summary, ...], floor: float) -> tuple[Team, ...]:
    crowd, tops = _crowd(people.staff), priorities(people.batch, people.groups("team"))
    teams = []
    for summary in groups:
        gap = people.team_gaps.get(summary.key)
        teams.append(
            Team(
                summary=summary,
                agents=crowd.get(summary.key, 0),
                gap=gap,
                top=next(iter(tops.get(summary.key, ())), None),
                whisker=charts.whisker(summary.score, gap.expected if gap else summary.score.value, floor),
                standing=standing(summary.score, gap),
            )
        )
    return tuple(teams)


def _shown(people: People) -> Mapping[int, tuple[Example, ...]]:
    groups = people.groups("who")
    found = examples(people.batch, groups, priorities(people.batch, groups))
    return {who: own[0] for who, own in found.items() if own}


def _by_score(agent: Agent) -> tuple[bool, float, str]:
    score = agent.summary.score.value
    return score is None, score or 0.0, agent.agent_id


def _crowd(staff: pa.Table) -> dict[str, int]:
    table = pa.table({"team": pc.fill_null(staff["team"], say(BLANK)), "agent": staff["agent"]})
    rows = table.group_by("team", use_threads=False).aggregate([("agent", "count_distinct")])
    return dict(zip(rows["team"].to_pylist(), rows["agent_count_distinct"].to_pylist(), strict=True))


def _interruptions(people: People) -> dict[int, int]:
    hits = people.batch.run.table("hits", ["conversation_id", "rule_id", "operator", "role"])
    hits = hits.filter(pc.and_(pc.equal(hits["operator"], "interrupt"), pc.equal(hits["role"], "agent")))
    hits = hits.filter(pc.is_in(verdict_key(hits), value_set=verdict_key(people.batch.findings)))  # others were excused
    who = pa.table({"who": people.who_of(hits["conversation_id"])}).drop_null()
    rows = who.group_by("who", use_threads=False).aggregate([("who", "count")])
    return dict(zip(rows["who"].to_pylist(), rows["who_count"].to_pylist(), strict=True))
