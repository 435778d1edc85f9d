"""The agent table (员工质量管理): figures per agent and team, and one coaching line each."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from qc.reporting import charts
from qc.reporting.batch import Batch, lookup
from qc.reporting.coaching import Coaching, Top, coach, examples, foremost
from qc.reporting.edition import Edition
from qc.reporting.estimates import Mean
from qc.reporting.labels import BLANK
from qc.reporting.summaries import SMALL_SAMPLE, Summary, summarise, summarise_all


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """One agent. `standing`: above, below, level, or small where there are too few conversations to tell.
    `interruptions`: spots where rules found the agent talking over the customer."""

    agent_id: str
    name: str
    team: str
    summary: Summary
    top: Top | None
    interruptions: int
    whisker: charts.Whisker | None
    standing: str
    coaching: Coaching | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    summary: Summary
    agents: int
    top: Top | None
    whisker: charts.Whisker | None
    standing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentsPage:
    """Agents in rising order of their mean score: who needs help comes first."""

    agents: tuple[Agent, ...]
    teams: tuple[Team, ...]
    total: Summary
    """All conversations that name an agent."""
    nameless: int
    """Conversations without an agent: bots, or tickets and calls whose manifest names none."""
    small_sample: int
    floor: float
    """The score at the left end of the interval pictures."""


def agents_page(edition: Edition) -> AgentsPage:
    """Compute the page."""
    batch, records = edition.batch, edition.records
    staff = _staff(batch)
    total = summarise_all(staff)
    tops, found = foremost(batch, _by(staff, "agent")), examples(batch, _by(staff, "agent"))
    names, teams, interruptions = _first(staff, "agent_name"), _first(staff, "team"), _interruptions(batch, staff)
    people, groups = summarise(staff, "agent"), summarise(staff, "team")
    floor = charts.whisker_floor([s.score for s in (*people, *groups)])
    agents = [
        Agent(
            agent_id=s.key,
            name=names.get(s.key, ""),
            team=teams.get(s.key, BLANK),
            summary=s,
            top=tops.get(s.key),
            interruptions=interruptions.get(s.key, 0),
            whisker=charts.whisker(s.score, total.score.value, floor),
            standing=standing(s.score, total.score.value),
            coaching=coach(found[s.key], records) if s.key in found else None,
        )
        for s in people
    ]
    crowd, team_tops = _crowd(staff), foremost(batch, _by(staff, "team"))
    return AgentsPage(
        agents=tuple(sorted(agents, key=_by_score)),
        teams=tuple(
            Team(
                summary=s,
                agents=crowd.get(s.key, 0),
                top=team_tops.get(s.key),
                whisker=charts.whisker(s.score, total.score.value, floor),
                standing=standing(s.score, total.score.value),
            )
            for s in groups
        ),
        total=total,
        nameless=batch.size - staff.num_rows,
        small_sample=SMALL_SAMPLE,
        floor=floor,
    )


def example_ids(batch: Batch) -> tuple[str, ...]:
    """The conversations quoted in coaching lines."""
    found = examples(batch, _by(_staff(batch), "agent")).values()
    return tuple(sorted({e.conversation_id for e in found}))


def standing(score: Mean, reference: float | None) -> str:
    """Whether a mean differs from `reference` beyond chance, judged by its 95 % interval."""
    if score.low is None or score.high is None or reference is None or score.n < SMALL_SAMPLE:
        return "small"
    if score.low > reference:
        return "above"
    return "below" if score.high < reference else "level"


def _by_score(agent: Agent) -> tuple[bool, float, str]:
    score = agent.summary.score.value
    return score is None, score or 0.0, agent.agent_id


def _staff(batch: Batch) -> pa.Table:
    table = batch.conversations
    table = table.append_column("agent", pc.coalesce(table["agent_id"], table["agent_name"]))
    return table.filter(pc.is_valid(table["agent"]))


def _by(staff: pa.Table, column: str) -> pa.Table:
    who = pc.fill_null(staff[column], BLANK)
    return pa.table({"conversation_id": staff["conversation_id"], "who": who})


def _first(staff: pa.Table, column: str) -> dict[str, str]:
    rows = staff.filter(pc.is_valid(staff[column])).group_by("agent", use_threads=False).aggregate([(column, "first")])
    return dict(zip(rows["agent"].to_pylist(), rows[f"{column}_first"].to_pylist(), strict=True))


def _crowd(staff: pa.Table) -> dict[str, int]:
    table = pa.table({"team": pc.fill_null(staff["team"], BLANK), "agent": staff["agent"]})
    rows = table.group_by("team", use_threads=False).aggregate([("agent", "count_distinct")])
    return dict(zip(rows["team"].to_pylist(), rows["agent_count_distinct"].to_pylist(), strict=True))


def _of_rule(table: pa.Table) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(table["conversation_id"], table["rule_id"], "\x1f")


def _interruptions(batch: Batch, staff: pa.Table) -> dict[str, int]:
    hits = batch.run.table("hits", ["conversation_id", "rule_id", "operator", "role"])
    hits = hits.filter(pc.and_(pc.equal(hits["operator"], "interrupt"), pc.equal(hits["role"], "agent")))
    hits = hits.filter(pc.is_in(_of_rule(hits), value_set=_of_rule(batch.findings)))  # others were excused
    who = pa.table({"who": lookup(hits["conversation_id"], staff)["agent"]}).drop_null()
    rows = who.group_by("who", use_threads=False).aggregate([("who", "count")])
    return dict(zip(rows["who"].to_pylist(), rows["who_count"].to_pylist(), strict=True))
