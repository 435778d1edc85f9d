"""The page of one agent: the coaching handout."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.language import say
from qc.reporting import charts
from qc.reporting.agents import Comparison, comparison, summaries_of
from qc.reporting.batch import Batch
from qc.reporting.capability import Capability, ItemLine, Merit, ProjectLine, capability
from qc.reporting.coaching import Coaching, Example, coach, examples, priorities
from qc.reporting.difference import Gap
from qc.reporting.edition import Edition
from qc.reporting.exemplars import Exemplar, exemplar, models, own_best
from qc.reporting.people import People, Person, people_of, standing
from qc.reporting.progress import Trend, histories, trend
from qc.reporting.records import Record
from qc.reporting.recourse import Appeal, Reviewed, recourse
from qc.reporting.selection import Line
from qc.reporting.summaries import SMALL_SAMPLE, Summary
from qc.reporting.workload import SHIFT_GAP_H, Workload, workloads

COACHED, CLIPS = 3, 2
_STRENGTHS = 4
_REASONS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One thing to coach, and how a colleague does it."""

    coaching: Coaching
    model: Exemplar | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPage:
    """Everything about one agent. `likely`: the mean with chance taken out (empirical Bayes), None where agents cannot
    be compared; `reliability` of this agent's mean. `before`, `after`: file names of the neighbours by number."""

    person: Person
    summary: Summary
    whisker: charts.Whisker | None
    floor: float
    gap: Gap | None
    standing: str
    comparison: Comparison | None
    likely: float | None
    reliability: float
    trend: Trend | None
    lessons: tuple[Lesson, ...]
    better: tuple[ItemLine, ...]
    """Items lost less often than by the others, beyond chance."""
    merits: tuple[Merit, ...]
    best: tuple[Exemplar, ...]
    items: tuple[ItemLine, ...]
    projects: tuple[ProjectLine, ...]
    workload: Workload
    team_load: Workload
    hours: charts.Columns | None
    reasons: tuple[tuple[str, int], ...]
    """Why verdicts were undecided, in how many of them."""
    reviewed: Reviewed | None
    appeals: tuple[Appeal, ...]
    before: str
    after: str
    small_sample: int = SMALL_SAMPLE
    shift_gap_h: int = SHIFT_GAP_H

    @property
    def small(self) -> bool:
        return self.standing == "small"

    @property
    def shown_items(self) -> tuple[ItemLine, ...]:
        """Items that lost points at least once, or that stand out."""
        return tuple(i for i in self.items if i.own.n and not _quiet(i))

    @property
    def spotless(self) -> tuple[ItemLine, ...]:
        """The other items that could be judged."""
        return tuple(i for i in self.items if i.own.n and _quiet(i))

    @property
    def unsettled(self) -> tuple[ItemLine, ...]:
        return tuple(sorted((i for i in self.items if i.undecided), key=lambda i: (-i.undecided, i.title)))


def _quiet(item: ItemLine) -> bool:
    return not item.own.count and all(a is None or a.side == "like" for a in (item.everyone, item.team))


def agent_files(batch: Batch) -> Mapping[str, str]:
    """Agent key → the file name of the page."""
    return {p.key: p.file for p in people_of(batch).persons}


def agent_ids(batch: Batch) -> Iterator[str]:
    """The conversations quoted on the pages of agents."""
    chosen = _choose(batch)
    yield from (e.conversation_id for own in chosen.examples.values() for shown in own for e in shown)
    yield from (line.conversation_id for own in chosen.best.values() for line in own)
    yield from (line.conversation_id for line in chosen.models.values())


def agent_pages(edition: Edition) -> Iterator[tuple[str, AgentPage]]:
    """File name and page of every agent, in order of their keys."""
    people = people_of(edition.batch)
    chosen, able, load = _choose(edition.batch), capability(people), workloads(people)
    past, heard, reasons = histories(people, edition.earlier), recourse(people), _reasons(people)
    summaries, compared = summaries_of(people), comparison(people.spread)
    floor = charts.whisker_floor([s.score for s in summaries.values()])
    files = ["", *(p.file for p in people.persons), ""]
    for who, person in enumerate(people.persons):
        summary, gap = summaries[who], people.gaps.get(who)
        trust = people.spread.reliability(summary.score.n) if people.spread else 0.0
        yield (
            person.file,
            AgentPage(
                person=person,
                summary=summary,
                whisker=charts.whisker(summary.score, gap.expected if gap else summary.score.value, floor),
                floor=floor,
                gap=gap,
                standing=standing(summary.score, gap),
                comparison=compared,
                likely=gap.expected + trust * gap.value if gap else None,
                reliability=trust,
                trend=trend(past.get(person.key, ()), people.spread),
                lessons=_lessons(who, chosen, edition.records),
                better=_better(able, who),
                merits=able.merits.get(who, ())[:_STRENGTHS],
                best=tuple(_exemplars(chosen.best.get(who, ()), edition.records)),
                items=able.items.get(who, ()),
                projects=able.projects.get(who, ()),
                workload=load.of[who],
                team_load=load.everyone,
                hours=_hours(load.of[who]),
                reasons=reasons.get(who, ()),
                reviewed=heard.reviewed.get(who),
                appeals=heard.appeals.get(who, ()),
                before=files[who],
                after=files[who + 2],
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """What is quoted. `models`: (who, item title) → a colleague's conversation."""

    examples: Mapping[int, tuple[tuple[Example, ...], ...]]
    best: Mapping[int, tuple[Line, ...]]
    models: Mapping[tuple[int, str], Line]


@lru_cache(maxsize=1)
def _choose(batch: Batch) -> _Chosen:
    people = people_of(batch)
    groups = people.groups("who")
    tops = priorities(batch, groups, COACHED)
    pool = models(people, [top.title for own in tops.values() for top in own])
    found: dict[tuple[int, str], Line] = {}
    for who, own in tops.items():
        person = people.persons[who]
        taken: set[str] = set()
        for top in own:
            offered = (line for project in person.projects for line in pool.get((top.title, project), ()))
            others = [line for line in offered if (line.agent_id or line.agent_name) != person.key]
            model = next((o for o in others if o.conversation_id not in taken), None)
            if model is not None:
                found[who, top.title] = model
                taken.add(model.conversation_id)
    return _Chosen(examples=examples(batch, groups, tops, CLIPS), best=own_best(people), models=found)


def _lessons(who: int, chosen: _Chosen, records: Mapping[str, Record]) -> tuple[Lesson, ...]:
    found = []
    for shown in chosen.examples.get(who, ()):
        model = chosen.models.get((who, shown[0].top.title))
        own = next(_exemplars((model,) if model else (), records), None)
        found.append(Lesson(coaching=coach(shown, records), model=own))
    return tuple(found)


def _exemplars(lines: Sequence[Line], records: Mapping[str, Record]) -> Iterator[Exemplar]:
    return (exemplar(line, records[line.conversation_id]) for line in lines)


def _better(able: Capability, who: int) -> tuple[ItemLine, ...]:
    less = [i for i in able.items.get(who, ()) if i.everyone is not None and i.everyone.side == "less"]
    return tuple(sorted(less, key=lambda i: i.everyone.value if i.everyone else 0.0)[:_STRENGTHS])


def _reasons(people: People) -> Mapping[int, tuple[tuple[str, int], ...]]:
    findings = people.batch.findings
    unsure = pc.and_(pc.equal(findings["verdict"], "undecided"), pc.not_equal(findings["status"], "shadow"))
    table = findings.filter(unsure)
    who = people.who_of(table["conversation_id"])
    rows = pa.table({"who": who, "reason": pc.fill_null(table["reason"], "")}).drop_null()
    counted = rows.group_by(["who", "reason"], use_threads=False).aggregate([("reason", "count")]).to_pylist()
    found: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
    for row in sorted(counted, key=lambda c: (-c["reason_count"], c["reason"])):
        if len(found[row["who"]]) < _REASONS:
            found[row["who"]].append((row["reason"], row["reason_count"]))
    return {who: tuple(own) for who, own in found.items()}


def _hours(load: Workload) -> charts.Columns | None:
    if not sum(load.hours):
        return None
    busiest = max(range(24), key=lambda h: load.hours[h])
    first = next(h for h in range(24) if load.hours[h])
    last = next(h for h in range(23, -1, -1) if load.hours[h])
    return charts.columns(
        title=say("每小时会话数"),
        summary=say("{hour} 时最多，有 {n} 个。", hour=busiest, n=load.hours[busiest]),
        data=[
            charts.Datum(label=say("{hour} 时", hour=h), values=(load.hours[h],), short=str(h))
            for h in range(first, last + 1)
        ],
        series=[(say("会话"), "ink-main")],
        unit=say("个"),
        width=420.0,
        height=150.0,
    )
