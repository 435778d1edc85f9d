"""All counted conversations of any number of runs as columns, and what each belongs to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from qc.domain.alert import Dimension
from qc.domain.conversation import CHANNEL_TITLES
from qc.domain.language import say
from qc.domain.topic import UNKNOWN_TOPIC
from qc.opinion.dedupe import conversations_of, counted_runs, last_of_each
from qc.opinion.matters import telling_customer, told_apart
from qc.storage.read import StoredRun

Ints = NDArray[np.int64]
Places = NDArray[np.signedinteger[Any]]
"""Of four bytes where they are kept: months have millions."""
Bools = NDArray[np.bool_]

NEGATIVE_LEVEL = 2
"""From this level (0..5) of a customer's worst turn on, the conversation counts as negative, as in the reports."""
_COLUMNS = [
    *("conversation_id", "project", "channel", "date", "started_at", "customer_id", "region"),
    *("customer_emotion_level", "source_sha256"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Which conversations (`row`) belong to which values (`value`, an index into `values`), pairs once each. `titles`
    are what the values are called."""

    row: Places
    value: Places
    values: tuple[tuple[str, ...], ...]
    titles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """One row per counted conversation. `day` indexes `days` (those with conversations, ascending); `customer` is the
    same number for conversations of the same customer, `named` where the customer is known; `level` is the customer's
    worst, 0–5. `run` indexes `runs`."""

    runs: tuple[StoredRun, ...]
    stored: tuple[int, ...]
    """Conversations of each run, also those that count in a later one."""
    run: Ints
    days: tuple[date, ...]
    day: Ints
    ids: pa.ChunkedArray
    customer: Ints
    named: Bools
    level: Ints
    risk: Bools
    dated: Bools
    groups: Mapping[Dimension, Membership]

    @property
    def negative(self) -> Bools:
        return self.level >= NEGATIVE_LEVEL

    def together(self, dimensions: Sequence[Dimension]) -> Membership:
        """The membership in one dimension, or in two at once: pairs of values of the same conversation."""
        first = self.groups[dimensions[0]]
        return first if len(dimensions) == 1 else _crossed(first, self.groups[dimensions[1]], len(self.ids))


def read_ledger(runs: Sequence[StoredRun]) -> Ledger:
    """Read what is counted from `runs`, in any order; of a night that was run twice only the last run."""
    counted = counted_runs(runs)
    parts = [conversations_of(run, _COLUMNS).combine_chunks() for run in counted]
    stored = tuple(p.num_rows for p in parts)
    run = np.repeat(np.arange(len(parts)), stored)
    table = pa.concat_tables(parts) if parts else pa.table({n: pa.array([], pa.string()) for n in _COLUMNS})
    kept = last_of_each(parts)
    row = np.cumsum(kept) - 1  # row of the ledger, where it is kept
    table = table.drop_columns(["source_sha256"])
    if not kept.all():
        table = table.filter(pa.array(kept))
    run = run[kept]
    started = np.array(
        [np.datetime64(r.lineage.started_at[:10] or "1970-01-01", "D") for r in counted], "datetime64[D]"
    )
    date_stored = _numpy(pc.cast(pc.cast(table["date"], pa.date32()), pa.int32()), -1)
    dated = date_stored >= 0
    on = np.where(dated, date_stored, started[run].astype(np.int64) if len(run) else date_stored)
    days, day = np.unique(on, return_inverse=True)
    customer, named = _customers(table["customer_id"])
    offsets = np.concatenate(([0], np.cumsum(stored))).astype(np.int64)
    ids = [p["conversation_id"].combine_chunks() for p in parts]
    del parts

    risk = np.zeros(len(run), bool)
    listed: dict[Dimension, list[_Placed]] = {dimension: [] for dimension in _LISTED}
    for i, source in enumerate(counted):
        if not stored[i]:
            continue
        tables = [_risks(source.table("findings", ["conversation_id", "kind", "severity", "status", "verdict"]))]
        tables += [one.rows(source) for one in _LISTED.values()]
        whose = pa.chunked_array([chunk for rows in tables for chunk in rows["conversation_id"].chunks], pa.string())
        at = _numpy(pc.index_in(whose, value_set=ids[i]), -1)
        known = (at >= 0) & kept[np.maximum(at, 0) + offsets[i]]
        places = row[np.maximum(at, 0) + offsets[i]]
        ends = np.cumsum([rows.num_rows for rows in tables])[:-1]
        own = list(zip(tables, np.split(known, ends), np.split(places, ends), strict=True))
        risk[own[0][2][own[0][1]]] = True
        for (dimension, one), (rows, which, where) in zip(_LISTED.items(), own[1:], strict=True):
            mine = rows.select([one.value, one.title]).filter(pa.array(which))
            listed[dimension].append(_placed(where[which], mine))
    hour = pc.hour(pc.cast(table["started_at"], pa.timestamp("ms")))
    everything = np.arange(len(run), dtype=np.int32)
    project = _column(table["project"], str)
    groups = {
        Dimension.TOTAL: Membership(row=everything, value=everything * 0, values=(("",),), titles=(say("全部会话"),)),
        Dimension.PROJECT: project,
        Dimension.CHANNEL: _column(table["channel"], lambda c: say(CHANNEL_TITLES.get(c, c))),
        Dimension.REGION: _column(table["region"], str),
        Dimension.HOUR: _column(hour, lambda h: say("{hour} 时", hour=h)),
    } | {dimension: _told_apart(_listed(found), project, len(run)) for dimension, found in listed.items()}
    return Ledger(
        runs=counted,
        stored=stored,
        run=run,
        days=tuple(np.datetime64(int(d), "D").astype(date) for d in days),
        day=day.astype(np.int64),
        ids=table["conversation_id"],
        customer=customer,
        named=named,
        level=_numpy(pc.cast(table["customer_emotion_level"], pa.int64()), 0),
        risk=risk,
        dated=dated,
        groups=groups,
    )


@dataclass(frozen=True, slots=True)
class _Placed:
    """Rows of the ledger, and which of `values` each has (−1: none). `titles`: what the values are called."""

    row: Places
    code: Places
    values: tuple[str, ...]
    titles: Mapping[str, str]


def _placed(row: Ints, table: pa.Table) -> _Placed:
    """Of a table with the columns value and title."""
    column, title = table.column_names
    pairs = table.group_by([column, title], use_threads=False).aggregate([])
    encoded = pc.dictionary_encode(table[column].combine_chunks())
    return _Placed(
        row=row.astype(np.int32),
        code=_numpy(encoded.indices, -1).astype(np.int32),
        values=tuple(map(str, encoded.dictionary.to_pylist())),
        titles=dict(zip(pairs[column].to_pylist(), pairs[title].to_pylist(), strict=True)),
    )


def _risks(findings: pa.Table) -> pa.Table:
    """Signals above low severity, as in the reports; rules on trial are left out."""
    signal = pc.and_(pc.equal(findings["kind"], "signal"), pc.equal(findings["verdict"], "hit"))
    grave = pc.and_(pc.not_equal(findings["severity"], "low"), pc.not_equal(findings["status"], "shadow"))
    return findings.filter(pc.and_(signal, grave))


def _on_topic(topics: pa.Table) -> pa.Table:
    """Without what no topic covers of a conversation that has one: every conversation has such words."""
    about = pc.or_(pc.not_equal(topics["topic_id"], UNKNOWN_TOPIC), pc.equal(pc.fill_null(topics["rank"], 1), 1))
    return topics.filter(pc.and_(about, pc.fill_null(pc.greater(topics["share"], 0), True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listing:
    """A table with any number of values for a conversation: its columns, and which rows count."""

    table: str
    value: str
    title: str
    more: tuple[str, ...] = ()
    keep: Callable[[pa.Table], pa.Table] = lambda rows: rows

    def rows(self, run: StoredRun) -> pa.Table:
        """Those of `run` that count."""
        return self.keep(run.table(self.table, ["conversation_id", self.value, self.title, *self.more]))


_LISTED = {
    Dimension.TOPIC: _Listing(table="topics", value="topic_id", title="topic", more=("share", "rank"), keep=_on_topic),
    Dimension.INTENT: _Listing(table="intents", value="intent_id", title="intent"),
    Dimension.COMPLAINT: _Listing(table="complaints", value="type_id", title="type"),
}


def _numpy(column: pa.ChunkedArray | pa.Array, absent: int) -> Ints:
    return np.asarray(pc.fill_null(column, absent).to_numpy(zero_copy_only=False), np.int64).reshape(-1)


def _customers(column: pa.ChunkedArray) -> tuple[Ints, Bools]:
    """A number per customer. Without an id that tells customers apart, each conversation is its own."""
    telling = telling_customer(column)
    named = np.asarray(pc.is_valid(telling).to_numpy(zero_copy_only=False), bool)
    code = _numpy(pc.dictionary_encode(telling.combine_chunks()).indices, 0)
    return np.where(named, code, len(code) + np.arange(len(code))).astype(np.int64), named


def _column(column: pa.ChunkedArray, title: Callable[[str], str]) -> Membership:
    """One value per conversation; conversations without one belong to none."""
    code, names = _encoded(column)
    row = np.flatnonzero(code >= 0).astype(np.int32)
    return Membership(
        row=row, value=code[row].astype(np.int32), values=tuple((n,) for n in names), titles=tuple(map(title, names))
    )


def _encoded(column: pa.ChunkedArray) -> tuple[Ints, tuple[str, ...]]:
    """Where each text (or number) stands among all of them in order, and these; −1 for nothing and an empty text."""
    encoded = pc.dictionary_encode(column.combine_chunks())
    known = [str(v) for v in encoded.dictionary.to_pylist()]
    names = sorted(set(known) - {""})
    place = {name: i for i, name in enumerate(names)}
    places = np.array([*(place.get(name, -1) for name in known), -1], np.int64)
    return places[_numpy(encoded.indices, len(known))], tuple(names)


def _listed(found: Sequence[_Placed]) -> Membership:
    """Any number of values per conversation. Where a value has had several titles, the last run's counts."""
    called: dict[str, str] = {}
    for one in found:
        called |= one.titles
    called[UNKNOWN_TOPIC] = say("未识别的话题")
    names = sorted({value for one in found for value in one.values} - {""})
    place = {name: i for i, name in enumerate(names)}
    codes = [np.array([*(place.get(v, -1) for v in one.values), -1], np.int64)[one.code] for one in found]
    code = np.concatenate([*codes, np.zeros(0, np.int64)])
    row = np.concatenate([*(one.row for one in found), np.zeros(0, np.int32)])
    width = max(len(names), 1)
    pair = distinct(row[code >= 0] * np.int64(width) + code[code >= 0])
    return Membership(
        row=(pair // width).astype(np.int32),
        value=(pair % width).astype(np.int32),
        values=tuple((n,) for n in names),
        titles=tuple(called.get(n) or n for n in names),
    )


def _told_apart(members: Membership, project: Membership, rows: int) -> Membership:
    """The same, those called alike with the projects of their conversations."""
    alike = [i for i, title in enumerate(members.titles) if members.titles.count(title) > 1]
    if not alike:
        return members
    of = np.full(rows, -1, np.int64)
    of[project.row] = project.value
    projects = {
        members.values[i][0]: [project.values[p][0] for p in np.unique(of[members.row[members.value == i]]) if p >= 0]
        for i in alike
    }
    names = (v for (v,) in members.values)
    titles = told_apart(dict(zip(names, members.titles, strict=True)), projects)
    return replace(members, titles=tuple(titles.values()))


def distinct(values: Ints) -> Ints:
    """Each of `values` once, ascending. `np.unique` goes by a hash, many times slower on millions of them."""
    ordered = np.sort(values)
    first = np.ones(len(ordered), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


def _crossed(first: Membership, second: Membership, rows: int) -> Membership:
    order = np.argsort(second.row, kind="stable")
    starts = np.searchsorted(second.row[order], np.arange(rows + 1))
    sizes = np.diff(starts)[first.row]
    at = np.repeat(starts[first.row], sizes) + np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    left, right = np.repeat(first.value.astype(np.int64), sizes), second.value[order][at]
    width = max(len(second.values), 1)
    pair = left * width + right
    pairs = np.flatnonzero(np.bincount(pair))
    value = np.searchsorted(pairs, pair)
    return Membership(
        row=np.repeat(first.row, sizes),
        value=value.astype(np.int32),
        values=tuple((*first.values[p // width], *second.values[p % width]) for p in pairs.tolist()),
        titles=tuple(f"{first.titles[p // width]} · {second.titles[p % width]}" for p in pairs.tolist()),
    )
