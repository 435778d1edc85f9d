"""The agents of a batch: who they are, their conversations in order, how they compare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from qc.domain.language import say
from qc.reporting.batch import Batch
from qc.reporting.difference import Cells, Gap, Spread, gaps_of, spread_of, sums
from qc.reporting.estimates import Mean
from qc.reporting.labels import BLANK
from qc.reporting.pagenames import page_names
from qc.reporting.summaries import FEW, SMALL_SAMPLE

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An agent. `key` is the number, or the name where the source gives no number; `team` the one of most
    conversations, `teams` all of them; `namesakes`: other agents of the same name; `file`: the name of the own page."""

    key: str
    agent_id: str | None
    name: str
    team: str
    teams: tuple[str, ...]
    projects: tuple[str, ...]
    namesakes: int
    file: str

    @property
    def shown(self) -> str:
        return self.name or self.key


class People:
    """The agents of a batch. Agent number i (`who`) is `persons[i]`; everything about them is in arrays by `who`."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch

    @cached_property
    def staff(self) -> pa.Table:
        """The rows of `Batch.conversations` that name an agent, with `agent` (the key) and `who`, sorted by agent, time
        and id."""
        table = agent_column(self.batch.conversations)
        table = table.filter(pc.is_valid(table["agent"]))
        keys = pc.sort_indices(pc.unique(table["agent"])) if table.num_rows else None
        known = pc.unique(table["agent"]).take(keys) if keys is not None else pa.array([], pa.string())
        table = table.append_column("who", pc.cast(pc.index_in(table["agent"], value_set=known), pa.int64()))
        return table.sort_by([("who", "ascending"), ("started_at", "ascending"), ("conversation_id", "ascending")])

    @cached_property
    def who(self) -> Ints:
        return np.asarray(self.staff["who"].to_numpy(), np.int64)

    @cached_property
    def starts(self) -> Ints:
        """Where the conversations of each agent begin in `staff`; one more entry ends the last."""
        return np.searchsorted(self.who, np.arange(len(self.persons) + 1))

    @cached_property
    def persons(self) -> tuple[Person, ...]:
        grouped = self.staff.group_by(["who", "agent"], use_threads=False).aggregate(
            [("agent_id", "first"), ("agent_name", "first")]
        )
        rows = sorted(grouped.to_pylist(), key=lambda row: int(row["who"]))
        teams, projects = _most(self.staff, "team"), _most(self.staff, "project")
        names = [row["agent_name_first"] or "" for row in rows]
        called = Counter(names)
        files = page_names([row["agent"] for row in rows])
        return tuple(
            Person(
                key=row["agent"],
                agent_id=row["agent_id_first"],
                name=name,
                team=teams[row["who"]][0],
                teams=teams[row["who"]],
                projects=projects[row["who"]],
                namesakes=called[name] - 1 if name else 0,
                file=files[row["agent"]],
            )
            for row, name in zip(rows, names, strict=True)
        )

    @cached_property
    def team_names(self) -> tuple[str, ...]:
        return tuple(sorted({p.team for p in self.persons}))

    @cached_property
    def team_of(self) -> Ints:
        """The number of each agent's team in `team_names`."""
        number = {name: i for i, name in enumerate(self.team_names)}
        return np.array([number[p.team] for p in self.persons], np.int64)

    @cached_property
    def strata(self) -> Ints:
        """A number per row of `staff`: conversations of one project and channel are compared with each other."""
        return codes(pc.binary_join_element_wise(_filled(self.staff["project"]), self.staff["channel"], "\x1f"))

    @cached_property
    def posts(self) -> tuple[Ints, Ints, Ints]:
        """Every pair of agent and stratum that occurs: the agents, the strata, and the number of the pair per row of
        `staff`."""
        width = int(self.strata.max(initial=-1)) + 1
        pairs, at = np.unique(self.who * width + self.strata, return_inverse=True)
        return pairs // max(width, 1), pairs % max(width, 1), at

    @cached_property
    def cells(self) -> Cells:
        """The scores by agent and stratum."""
        score = np.asarray(pc.fill_null(self.staff["score"], float("nan")).to_numpy(), np.float64)
        scored = ~np.isnan(score)
        who, strata, score = self.who[scored], self.strata[scored], score[scored]
        width = int(strata.max(initial=-1)) + 1
        keys, at = np.unique(who * width + strata, return_inverse=True)
        return Cells(
            group=keys // width if width else keys,
            stratum=keys % width if width else keys,
            n=sums(at),
            total=sums(at, score),
            squares=sums(at, score**2),
        )

    @cached_property
    def spread(self) -> Spread | None:
        return spread_of(self.cells)

    @cached_property
    def gaps(self) -> Mapping[int, Gap]:
        """By `who`: how the agent's mean differs from that of the others."""
        return gaps_of(self.cells, self.spread)

    @cached_property
    def team_gaps(self) -> Mapping[str, Gap]:
        """The same for the teams agents belong to."""
        n = sums(self.cells.group, self.cells.n, len(self.persons))
        size = sums(self.team_of, n, len(self.team_names))
        crowds = sums(self.team_of, n**2, len(self.team_names)) / np.maximum(size, 1) ** 2
        gaps = gaps_of(self.cells.of(self.team_of), self.spread, crowds=crowds.tolist())
        return {self.team_names[number]: gap for number, gap in gaps.items()}

    def groups(self, column: str) -> pa.Table:
        """conversation_id → `who`, a column of `staff`."""
        who = self.staff[column] if column == "who" else _filled(self.staff[column])
        return pa.table({"conversation_id": self.staff["conversation_id"].combine_chunks(), "who": who})

    def rows_of(self, ids: pa.ChunkedArray) -> pa.ChunkedArray:
        """The row in `staff` of each conversation; null for those without an agent."""
        return pc.index_in(ids, value_set=self.staff["conversation_id"].combine_chunks())

    def who_of(self, ids: pa.ChunkedArray) -> pa.ChunkedArray:
        """The agent of each conversation as `who`; null for those without."""
        return self.staff["who"].take(self.rows_of(ids))


@lru_cache(maxsize=1)
def people_of(batch: Batch) -> People:
    """The agents of a batch: several pages ask, it is worked out once."""
    return People(batch)


def agent_column(table: pa.Table) -> pa.Table:
    """`table` with `agent`: the number of the agent, where there is none the name, else null."""
    given = [
        pc.if_else(pc.equal(pc.utf8_trim_whitespace(table[c]), ""), None, table[c]) for c in ("agent_id", "agent_name")
    ]
    return table.append_column("agent", pc.coalesce(*given))


def standing(score: Mean, gap: Gap | None) -> str:
    """above, below, level; small where there are too few conversations to tell, alone where there is nobody to be
    compared with. What the interval and the false-discovery rate make clear is said from FEW conversations on."""
    if gap is not None and gap.side != "level" and score.n >= FEW:
        return gap.side
    if score.n < SMALL_SAMPLE:
        return "small"
    return "alone" if gap is None else "level"


def codes(column: pa.ChunkedArray) -> Ints:
    """The values numbered from 0 in rising order, so that the same values have the same numbers everywhere."""
    known = pc.unique(column)
    known = known.take(pc.sort_indices(known))
    return np.asarray(pc.index_in(column, value_set=known).to_numpy(), np.int64)


def within(groups: Sequence[int] | Ints) -> Ints:
    """How many rows of its group stand before each row; the groups must be contiguous."""
    group = np.asarray(groups)
    first = np.flatnonzero(np.r_[True, group[1:] != group[:-1]]) if len(group) else np.zeros(0, np.int64)
    return np.arange(len(group)) - np.repeat(first, np.diff(np.r_[first, len(group)]))


def _filled(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(column, say(BLANK))


def _most(staff: pa.Table, column: str) -> dict[int, tuple[str, ...]]:
    """By agent the values of `column`, the most frequent first."""
    table = pa.table({"who": staff["who"], "value": _filled(staff[column])})
    rows = table.group_by(["who", "value"], use_threads=False).aggregate([("value", "count")]).to_pylist()
    rows.sort(key=lambda r: (r["who"], r["value"] == say(BLANK), -r["value_count"], r["value"]))
    found: dict[int, tuple[str, ...]] = {}
    for row in rows:
        found[row["who"]] = (*found.get(row["who"], ()), row["value"])
    return found
