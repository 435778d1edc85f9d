"""All counted conversations of any number of runs as columns, and what each belongs to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from qc.domain.alert import Dimension
from qc.domain.conversation import CHANNEL_TITLES
from qc.domain.topic import UNKNOWN_TOPIC
from qc.opinion.dedupe import counted_runs, last_of_each
from qc.opinion.matters import telling_customer
from qc.storage.read import StoredRun

Ints = NDArray[np.int64]
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

    row: Ints
    value: Ints
    values: tuple[tuple[str, ...], ...]
    titles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """One row per counted conversation. `day` indexes `days` (those with conversations, ascending); `customer` is the
    same number for conversations of the same customer, `named` where the customer is known; `level` is the customer's
    worst, 0–5. `run` indexes `runs`."""

    runs: tuple[StoredRun, ...]
    run: Ints
    days: tuple[date, ...]
    day: Ints
    ids: NDArray[np.object_]
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
    parts = [run.table("conversations", _COLUMNS) for run in counted]
    run = np.repeat(np.arange(len(parts)), [p.num_rows for p in parts])
    table = pa.concat_tables(parts) if parts else pa.table({n: pa.array([], pa.string()) for n in _COLUMNS})
    kept = last_of_each(table) if table.num_rows else np.zeros(0, bool)
    row = np.cumsum(kept) - 1  # row of the ledger, where it is kept
    table = table.filter(pa.array(kept))
    run = run[kept]
    started = np.array(
        [np.datetime64(r.lineage.started_at[:10] or "1970-01-01", "D") for r in counted], "datetime64[D]"
    )
    stored = _numpy(pc.cast(pc.cast(table["date"], pa.date32()), pa.int32()), -1)
    dated = stored >= 0
    on = np.where(dated, stored, started[run].astype(np.int64) if len(run) else stored)
    days, day = np.unique(on, return_inverse=True)
    customer, named = _customers(table["customer_id"])
    offsets = np.concatenate(([0], np.cumsum([p.num_rows for p in parts]))).astype(np.int64)

    def places(name: str, columns: list[str], keep: Callable[[pa.Table], pa.Table] = lambda t: t) -> pa.Table:
        """Rows of a table of all runs with the ledger's row of their conversation as `row`."""
        found = []
        for i, (source, part) in enumerate(zip(counted, parts, strict=True)):
            if not part.num_rows:
                continue
            rows = keep(source.table(name, ["conversation_id", *columns]))
            at = pc.index_in(rows["conversation_id"], value_set=part["conversation_id"].combine_chunks())
            at = _numpy(at, -1)
            known = (at >= 0) & kept[np.maximum(at, 0) + offsets[i]]
            rows = rows.filter(pa.array(known)).append_column("row", pa.array(row[at[known] + offsets[i]], pa.int64()))
            found.append(rows)
        return pa.concat_tables(found) if found else pa.table({n: pa.array([], pa.string()) for n in (*columns, "row")})

    risk = np.zeros(len(run), bool)
    risk[_numpy(places("findings", ["kind", "severity", "status", "verdict"], _risks)["row"], 0)] = True
    hour = pc.hour(pc.cast(table["started_at"], pa.timestamp("ms")))
    everything = np.arange(len(run))
    groups = {
        Dimension.TOTAL: Membership(row=everything, value=everything * 0, values=(("",),), titles=("全部会话",)),
        Dimension.PROJECT: _column(table["project"], str),
        Dimension.CHANNEL: _column(table["channel"], lambda c: CHANNEL_TITLES.get(c, c)),
        Dimension.REGION: _column(table["region"], str),
        Dimension.HOUR: _column(pc.cast(hour, pa.string()), lambda h: f"{int(h)} 时"),
        Dimension.TOPIC: _listed(places("topics", ["topic_id", "topic", "share"], _on_topic), "topic_id", "topic"),
        Dimension.INTENT: _listed(places("intents", ["intent_id", "intent"]), "intent_id", "intent"),
        Dimension.COMPLAINT: _listed(places("complaints", ["type_id", "type"]), "type_id", "type"),
    }
    return Ledger(
        runs=counted,
        run=run,
        days=tuple(np.datetime64(int(d), "D").astype(date) for d in days),
        day=day.astype(np.int64),
        ids=np.asarray(table["conversation_id"].to_numpy(zero_copy_only=False), object),
        customer=customer,
        named=named,
        level=_numpy(pc.cast(table["customer_emotion_level"], pa.int64()), 0),
        risk=risk,
        dated=dated,
        groups=groups,
    )


def _risks(findings: pa.Table) -> pa.Table:
    """Signals above low severity, as in the reports; rules on trial are left out."""
    signal = pc.and_(pc.equal(findings["kind"], "signal"), pc.equal(findings["verdict"], "hit"))
    grave = pc.and_(pc.not_equal(findings["severity"], "low"), pc.not_equal(findings["status"], "shadow"))
    return findings.filter(pc.and_(signal, grave))


def _on_topic(topics: pa.Table) -> pa.Table:
    return topics.filter(pc.fill_null(pc.greater(topics["share"], 0), True))


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
    text = np.asarray(pc.fill_null(column, "").to_numpy(zero_copy_only=False), object).astype(str)
    row = np.flatnonzero(text != "")
    values, value = np.unique(text[row], return_inverse=True)
    names = tuple(str(v) for v in values)
    return Membership(
        row=row, value=value.astype(np.int64), values=tuple((n,) for n in names), titles=tuple(map(title, names))
    )


def _listed(table: pa.Table, column: str, titles: str) -> Membership:
    """Any number of values per conversation, from the rows of a table. Where a value has had several titles, the last
    run's counts."""
    codes = np.asarray(pc.fill_null(table[column], "").to_numpy(zero_copy_only=False), object).astype(str)
    names = table[titles].to_pylist()
    called = dict(zip(codes.tolist(), names, strict=True))
    called[UNKNOWN_TOPIC] = "未识别的话题"
    row = _numpy(table["row"], 0)
    values, value = np.unique(codes, return_inverse=True)
    pair = np.unique(row * max(len(values), 1) + value)
    keys = [str(v) for v in values]
    width = max(len(values), 1)
    return Membership(
        row=pair // width,
        value=pair % width,
        values=tuple((k,) for k in keys),
        titles=tuple(called.get(k) or k for k in keys),
    )


def _crossed(first: Membership, second: Membership, rows: int) -> Membership:
    order = np.argsort(second.row, kind="stable")
    starts = np.searchsorted(second.row[order], np.arange(rows + 1))
    sizes = np.diff(starts)[first.row]
    at = np.repeat(starts[first.row], sizes) + np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    left, right = np.repeat(first.value, sizes), second.value[order][at]
    width = max(len(second.values), 1)
    pairs, value = np.unique(left * width + right, return_inverse=True)
    return Membership(
        row=np.repeat(first.row, sizes),
        value=value.astype(np.int64),
        values=tuple((*first.values[p // width], *second.values[p % width]) for p in pairs.tolist()),
        titles=tuple(f"{first.titles[p // width]} · {second.titles[p % width]}" for p in pairs.tolist()),
    )
