"""What people said of the machine's verdicts on an agent: reviews, the scores that follow, appeals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from qc.reporting.batch import lookup
from qc.reporting.finals import with_percent
from qc.reporting.people import People

_LISTED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Overturned:
    """A verdict of the machine that a person changed."""

    conversation_id: str
    rule_id: str
    title: str
    machine: str
    final: str
    reviewer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """`conversations` were reviewed, `verdicts` confirmed or changed; `machine` and `final`: the mean score (percent of
    the base) of the same conversations by the machine and after review, None where no score was made again."""

    conversations: int
    verdicts: int
    changed: int
    machine: float | None
    final: float | None
    overturned: tuple[Overturned, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """An appeal as its last step left it. `opened`, `at`: when it began and when that step was; `reason`: the first
    text, `answer`: the last one when it has been decided."""

    appeal_id: str
    conversation_id: str
    title: str
    status: str
    opened: datetime | None
    at: datetime | None
    reason: str
    answer: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recourse:
    """By agent (`who`)."""

    reviewed: Mapping[int, Reviewed] = field(default_factory=dict)
    appeals: Mapping[int, tuple[Appeal, ...]] = field(default_factory=dict)


def recourse(people: People) -> Recourse:
    """Read the reviews and appeals of a run; empty where there are none."""
    titles = _titles(people) if people.batch.run.part_files("reviews") or people.batch.run.part_files("appeals") else {}
    return Recourse(reviewed=_reviewed(people, titles), appeals=_appeals(people, titles))


def _reviewed(people: People, titles: Mapping[str, str]) -> Mapping[int, Reviewed]:
    run = people.batch.run
    columns = ["conversation_id", "rule_id", "machine_verdict", "final_verdict", "reviewer"]
    verdicts = _of_agents(people, run.table("final_findings", columns))
    scores = _of_agents(people, run.table("final_scores", ["conversation_id", "base", "score"]))
    talks: defaultdict[int, set[str]] = defaultdict(set)
    told: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in verdicts.to_pylist():
        talks[row["who"]].add(row["conversation_id"])
        told[row["who"]].append(row)
    for row in scores.select(["who", "conversation_id"]).to_pylist():
        talks[row["who"]].add(row["conversation_id"])
    means = _means(people, scores)
    return {
        who: Reviewed(
            conversations=len(ids),
            verdicts=len(told[who]),
            changed=sum(row["machine_verdict"] != row["final_verdict"] for row in told[who]),
            machine=means.get(who, (None, None))[0],
            final=means.get(who, (None, None))[1],
            overturned=_overturned(told[who], titles),
        )
        for who, ids in talks.items()
    }


def _overturned(rows: list[dict[str, Any]], titles: Mapping[str, str]) -> tuple[Overturned, ...]:
    changed = [row for row in rows if row["machine_verdict"] != row["final_verdict"]]
    changed.sort(key=lambda row: (row["conversation_id"], row["rule_id"]))
    return tuple(
        Overturned(
            conversation_id=row["conversation_id"],
            rule_id=row["rule_id"],
            title=titles.get(row["rule_id"], row["rule_id"]),
            machine=row["machine_verdict"],
            final=row["final_verdict"],
            reviewer=row["reviewer"] or "",
        )
        for row in changed[:_LISTED]
    )


def _means(people: People, final: pa.Table) -> Mapping[int, tuple[float | None, float | None]]:
    """By agent the mean of the machine's and of the final scores, over the conversations that have both."""
    by_talk = (
        with_percent(final).group_by(["who", "conversation_id"], use_threads=False).aggregate([("percent", "mean")])
    )
    machine = people.batch.run.table("scores", ["conversation_id", "base", "score"])
    machine = machine.filter(
        pc.is_in(machine["conversation_id"], value_set=by_talk["conversation_id"].combine_chunks())
    )
    machine = with_percent(machine).group_by("conversation_id", use_threads=False).aggregate([("percent", "mean")])
    beside = lookup(by_talk["conversation_id"], machine)["percent_mean"]
    rows = by_talk.append_column("machine", beside).group_by("who", use_threads=False)
    means = rows.aggregate([("machine", "mean"), ("percent_mean", "mean")]).to_pylist()
    return {row["who"]: (row["machine_mean"], row["percent_mean_mean"]) for row in means}


def _appeals(people: People, titles: Mapping[str, str]) -> Mapping[int, tuple[Appeal, ...]]:
    steps = people.batch.run.table("appeals").sort_by([("appeal_id", "ascending"), ("step", "ascending")])
    number = {p.key: i for i, p in enumerate(people.persons)}
    served = people.who_of(steps["conversation_id"]).to_pylist()
    histories: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    agent: dict[str, int] = {}
    for row, who in zip(steps.to_pylist(), served, strict=True):
        histories[row["appeal_id"]].append(row)
        own = number.get(row["agent_id"] or "", who)
        if own is not None:
            agent.setdefault(row["appeal_id"], own)
    found: defaultdict[int, list[Appeal]] = defaultdict(list)
    for appeal_id, own in agent.items():
        first, last = histories[appeal_id][0], histories[appeal_id][-1]
        found[own].append(
            Appeal(
                appeal_id=appeal_id,
                conversation_id=first["conversation_id"],
                title=titles.get(first["rule_id"], first["rule_id"] or ""),
                status=last["status"],
                opened=first["at"],
                at=last["at"],
                reason=first["text"] or "",
                answer=(last["text"] or "") if last is not first else "",
                actor=last["actor"] or "",
            )
        )
    return {who: tuple(sorted(own, key=lambda a: (a.status != "open", a.appeal_id))) for who, own in found.items()}


def _of_agents(people: People, table: pa.Table) -> pa.Table:
    table = table.append_column("who", people.who_of(table["conversation_id"]))
    return table.filter(pc.is_valid(table["who"]))


def _titles(people: People) -> dict[str, str]:
    run = people.batch.run
    findings = run.table("findings", ["rule_id", "rule_title"])
    findings = findings.group_by("rule_id", use_threads=False).aggregate([("rule_title", "first")])
    found = dict(zip(findings["rule_id"].to_pylist(), findings["rule_title_first"].to_pylist(), strict=True))
    return found | dict(run.lineage.rule_titles)
