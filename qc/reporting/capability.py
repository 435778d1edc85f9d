"""What agents are good at: their items and merits against the others, and groups of items by project."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from qc.domain.language import say
from qc.reporting.against import Against, Counts, against
from qc.reporting.deductions import deducted
from qc.reporting.difference import Cells, Gap, gaps_of, sums
from qc.reporting.estimates import Mean, Rate
from qc.reporting.labels import BLANK
from qc.reporting.people import People, codes, standing

Ints = NDArray[np.signedinteger[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLine:
    """An item of an agent's scorecards. `own`: deducted among the conversations where it could be judged; `undecided`
    those where nobody could tell. `everyone`, `team`: against the others who do the same work; None where there are
    none."""

    title: str
    own: Rate
    lost: float
    undecided: int
    everyone: Against | None
    team: Against | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Merit:
    """A merit of an agent: in how many conversations, against the others."""

    rule_id: str
    title: str
    against: Against


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """A group of items in one project. `against`: conversations *with* a deduction in it."""

    section: str
    against: Against | None
    clean: Rate
    """Conversations without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectLine:
    """An agent in one project: the score, how it compares with the others there, and each group of items."""

    project: str
    score: Mean
    gap: Gap | None
    skills: tuple[Skill, ...]

    @property
    def standing(self) -> str:
        return standing(self.score, self.gap)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """By agent (`who`). `projects` only of those who serve more than one."""

    items: Mapping[int, tuple[ItemLine, ...]] = field(default_factory=dict)
    merits: Mapping[int, tuple[Merit, ...]] = field(default_factory=dict)
    projects: Mapping[int, tuple[ProjectLine, ...]] = field(default_factory=dict)


def capability(people: People) -> Capability:
    """Worked out for all agents at once: the corrections for many comparisons need all of them."""
    if not people.persons:
        return Capability()
    judged = _judged(people)
    return Capability(items=_items(people, judged), merits=_merits(people), projects=_projects(people, judged))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """A row per judged or undecided item: the row of its conversation in `People.staff`, and codes."""

    row: NDArray[np.int32]
    title: NDArray[np.int32]
    section: NDArray[np.int32]
    titles: tuple[str, ...]
    sections: tuple[str, ...]
    bad: NDArray[np.bool_]
    unsure: NDArray[np.bool_]
    lost: NDArray[np.float64]


def _judged(people: People) -> _Judged:
    items = people.batch.items
    row = people.rows_of(items["conversation_id"])
    status = pc.is_in(items["status"], value_set=pa.array(["passed", "deducted", "undecided"]))
    kept = pc.and_(status, pc.is_valid(row))
    title, titles = _numbered(items["item_title"])  # numbers before the filter: these are millions of rows
    section, sections = _numbered(items["section_title"])
    bad = deducted(items)
    return _Judged(
        row=np.asarray(row.filter(kept).to_numpy()),
        title=np.asarray(title.filter(kept).to_numpy()),
        section=np.asarray(section.filter(kept).to_numpy()),
        titles=titles,
        sections=sections,
        bad=_flags(bad.filter(kept)),
        unsure=_flags(pc.equal(items["status"], "undecided").filter(kept)),
        lost=np.asarray(pc.if_else(bad, pc.negate(items["points"]), 0.0).filter(kept).to_numpy(), np.float64),
    )


def _items(people: People, judged: _Judged) -> Mapping[int, tuple[ItemLine, ...]]:
    clear, width = ~judged.unsure, len(judged.titles)
    counts = _counts(people, judged.row[clear], judged.title[clear], judged.bad[clear], width)
    everyone, team = against(counts), against(counts, people.team_of)
    key = people.who[judged.row] * width + judged.title
    own_n, own_bad = sums(key, clear), sums(key, judged.bad & clear)
    lost, unsure = sums(key, judged.lost), sums(key, judged.unsure)
    found: defaultdict[int, list[ItemLine]] = defaultdict(list)
    for k in np.flatnonzero(own_n + unsure).tolist():
        number, title = divmod(k, width)
        found[number].append(
            ItemLine(
                title=judged.titles[title],
                own=Rate(count=int(own_bad[k]), n=int(own_n[k])),
                lost=float(lost[k]),
                undecided=int(unsure[k]),
                everyone=everyone.get((number, title)),
                team=team.get((number, title)),
            )
        )
    return {number: tuple(sorted(lines, key=_weight)) for number, lines in found.items()}


def _merits(people: People) -> Mapping[int, tuple[Merit, ...]]:
    findings = people.batch.findings
    live = pc.and_(pc.equal(findings["verdict"], "hit"), pc.not_equal(findings["status"], "shadow"))
    merit = findings.filter(pc.and_(live, pc.equal(findings["kind"], "merit")))
    known = people.rows_of(merit["conversation_id"])
    merit = merit.filter(pc.is_valid(known))
    if not merit.num_rows:
        return {}
    row = np.asarray(known.drop_null().to_numpy(), np.int64)
    rule = codes(merit["rule_id"])
    rules = sorted(pc.unique(merit["rule_id"]).to_pylist(), key=_utf8)
    titles = dict(zip(merit["rule_id"].to_pylist(), merit["rule_title"].to_pylist(), strict=True))
    who, strata, post = people.posts
    width = len(rules)
    hit = sums(post[row] * width + rule, size=len(who) * width)
    counts = Counts(
        who=np.repeat(who, width),
        what=np.tile(np.arange(width), len(who)),
        stratum=np.repeat(strata, width),
        count=hit,
        n=np.repeat(sums(post), width),
    )
    found: defaultdict[int, list[Merit]] = defaultdict(list)
    for (number, what), compared in against(counts).items():
        if compared.own.count:
            found[number].append(Merit(rule_id=rules[what], title=titles[rules[what]], against=compared))
    return {
        number: tuple(sorted(own, key=lambda m: (m.against.side != "more", -m.against.own.count, m.rule_id)))
        for number, own in found.items()
    }


def _projects(people: People, judged: _Judged) -> Mapping[int, tuple[ProjectLine, ...]]:
    column = pc.fill_null(people.staff["project"], say(BLANK))
    project, names = codes(column), sorted(pc.unique(column).to_pylist(), key=_utf8)
    scores, gaps = _scores(people, project, len(names))
    clear, width = ~judged.unsure, len(judged.sections)
    key = judged.row[clear].astype(np.int64) * width + judged.section[clear]
    talk = np.flatnonzero(sums(key))  # a conversation counts once in a group of items
    any_bad, row = sums(key, judged.bad[clear])[talk] > 0, talk // width
    what = project[row] * width + talk % width
    compared = against(_counts(people, row, what, any_bad, len(names) * width))
    key = people.who[row] * (len(names) * width) + what
    n, faulty = sums(key), sums(key, any_bad)
    skills: defaultdict[tuple[int, int], list[Skill]] = defaultdict(list)
    for k in np.flatnonzero(n).tolist():
        number, group = divmod(k, len(names) * width)
        skills[number, group // width].append(
            Skill(
                section=judged.sections[group % width],
                against=compared.get((number, group)),
                clean=Rate(count=int(n[k] - faulty[k]), n=int(n[k])),
            )
        )
    found: defaultdict[int, list[ProjectLine]] = defaultdict(list)
    for k, score in sorted(scores.items()):
        number, place = divmod(k, len(names))
        found[number].append(
            ProjectLine(project=names[place], score=score, gap=gaps.get(k), skills=tuple(skills[number, place]))
        )
    return {
        number: tuple(sorted(lines, key=lambda p: (-p.score.n, p.project)))
        for number, lines in found.items()
        if len(lines) > 1
    }


def _scores(people: People, project: Ints, projects: int) -> tuple[dict[int, Mean], dict[int, Gap]]:
    """Mean and gap by who × project, keyed who · projects + project."""
    cells = people.cells
    of_stratum = np.zeros(max(int(people.strata.max(initial=0)), 0) + 1, np.int64)
    of_stratum[people.strata] = project
    group = cells.group * projects + of_stratum[cells.stratum]
    finer = Cells(group=group, stratum=cells.stratum, n=cells.n, total=cells.total, squares=cells.squares)
    n, total, squares = (sums(group, v) for v in (cells.n, cells.total, cells.squares))
    means = {}
    for k in np.flatnonzero(n).tolist():
        variance = (squares[k] - total[k] ** 2 / n[k]) / (n[k] - 1) if n[k] > 1 else None
        sd = None if variance is None else max(0.0, float(variance)) ** 0.5
        means[k] = Mean(value=float(total[k] / n[k]), sd=sd, n=int(n[k]))
    return means, gaps_of(finer, people.spread)


def _counts(people: People, row: Ints, what: Ints, happened: NDArray[np.bool_], width: int) -> Counts:
    """Rows of `People.staff` with `what` (below `width`) → one per agent, what and stratum."""
    who, strata, post = people.posts
    key = post[row] * width + what
    n, count = sums(key), sums(key, happened)
    at = np.flatnonzero(n)
    return Counts(who=who[at // width], what=at % width, stratum=strata[at // width], count=count[at], n=n[at])


def _numbered(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, tuple[str, ...]]:
    """The number of each value among all, in rising order, and the values."""
    column = pc.fill_null(column, say(BLANK))
    known = pc.cast(pc.unique(column), pa.string())
    known = known.take(pc.sort_indices(known))
    return pc.index_in(column, value_set=known), tuple(known.to_pylist())


def _weight(line: ItemLine) -> tuple[bool, int, float, str]:
    more = line.everyone is not None and line.everyone.side == "more"
    return not more, -line.own.count, -(line.own.value or 0.0), line.title


def _flags(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    return np.asarray(pc.fill_null(column, False).to_numpy(), np.bool_)


def _utf8(text: str) -> bytes:
    """Arrow sorts text by its bytes, Python by its characters: the same order but for surrogates."""
    return text.encode("utf-8", "surrogatepass")
