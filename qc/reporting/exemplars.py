"""典型案例: conversations worth imitating, an agent's own and others' for the items to work on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from qc.reporting.batch import Batch, plain
from qc.reporting.evidence import Quote, quotes
from qc.reporting.people import People, codes, within
from qc.reporting.records import Record
from qc.reporting.selection import Line, lines

OWN = 2
_QUOTES = 2
_TRIED = 8
_OFFERED = 6
"""So many models of an item and project are at hand: an agent's own is left out, and none is shown twice to one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemplar:
    """A conversation without violations. `merits`: what was done well, quoted; `opening`: how the agent began, where
    there is nothing to quote."""

    line: Line
    merits: tuple[tuple[str, Quote], ...]
    opening: str


def flawless(batch: Batch) -> pa.Table:
    """Rows of `Batch.conversations` that may be shown as a model, best first: those of which most could be judged, then
    most merits, then the highest score. Where nothing tells two voices apart no conversation is ever judged in full, so
    that an undecided item puts one behind others and does not shut it out."""
    table = batch.conversations
    good = pc.and_(pc.is_valid(table["score"]), pc.equal(table["violations"], 0))
    good = pc.and_(good, pc.fill_null(table["passed"], False))
    order = [("undecided_items", "ascending"), ("merits", "descending"), ("score", "descending")]
    return table.filter(good).sort_by([*order, ("conversation_id", "ascending")])


def own_best(people: People) -> Mapping[int, tuple[Line, ...]]:
    """By agent the best conversations with a merit."""
    table = flawless(people.batch)
    table = table.filter(pc.greater(table["merits"], 0))
    who = people.who_of(table["conversation_id"])
    table, number = table.filter(pc.is_valid(who)), np.asarray(who.drop_null().to_numpy(), np.int64)
    order = np.argsort(number, kind="stable")
    kept = order[within(number[order]) < OWN]
    found: defaultdict[int, list[Line]] = defaultdict(list)
    for at, line in zip(number[kept].tolist(), lines(table.take(pa.array(kept))), strict=True):
        found[at].append(line)
    return {at: tuple(own) for at, own in found.items()}


def models(people: People, titles: Iterable[str]) -> Mapping[tuple[str, str], tuple[Line, ...]]:
    """(item title, project) → conversations of different agents in which the item applied and nothing was lost, the
    best first."""
    best = flawless(people.batch)
    who = people.who_of(best["conversation_id"])
    best, who = best.filter(pc.is_valid(who)), np.asarray(who.drop_null().to_numpy(), np.int64)
    project = codes(best["project"])
    place = who * (int(project.max(initial=0)) + 1) + project
    order = np.argsort(place, kind="stable")
    kept = np.sort(order[within(place[order]) < _TRIED])  # the best of each agent in each project, best first
    best, who = best.take(pa.array(kept)), who[kept]
    items = people.batch.items.select(["conversation_id", "item_title", "status"])
    at = pc.index_in(items["conversation_id"], value_set=best["conversation_id"].combine_chunks())
    items, at = items.filter(pc.is_valid(at)), at.drop_null()
    wanted = pc.is_in(items["item_title"], value_set=pa.array(sorted(set(titles)), pa.string()))
    passed = pc.and_(wanted, pc.is_in(items["status"], value_set=pa.array(["passed", "awarded"])))
    items, at = plain(items.filter(passed)), np.asarray(at.filter(passed).to_numpy(), np.int64)
    if not len(at):
        return {}
    shown, who = best.take(pa.array(at)), who[at]
    title, project = codes(items["item_title"]), codes(shown["project"])
    group = title * (int(project.max()) + 1) + project
    first = np.unique(np.stack([group, at]), axis=1, return_index=True)[1]  # by group, the best first
    alone = np.unique(np.stack([group[first], who[first]]), axis=1, return_index=True)[1]  # the best of each agent
    rows = first[np.sort(alone)]
    rows = rows[within(group[rows]) < _OFFERED]
    found: defaultdict[tuple[str, str], list[Line]] = defaultdict(list)
    names = items["item_title"].take(pa.array(rows)).to_pylist()
    for name, line in zip(names, lines(shown.take(pa.array(rows))), strict=True):
        found[name, line.project].append(line)
    return {key: tuple(kept) for key, kept in found.items()}


def exemplar(line: Line, record: Record) -> Exemplar:
    """The conversation with its merits quoted."""
    refuted = {f.rule_id for f in record.finals if f.final_verdict != "hit"}
    merits = [f for f in record.findings if f.kind == "merit" and f.verdict == "hit" and f.status != "shadow"]
    merits = [f for f in merits if f.rule_id not in refuted]
    shown = [(f.rule_title, q) for f in merits for q in quotes(record, f.rule_id, limit=1)]
    opening = next((t.text for t in record.turns if t.role == "agent"), "")
    return Exemplar(line=line, merits=tuple(shown[:_QUOTES]), opening=opening[:80])
