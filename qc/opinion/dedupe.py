"""Which runs and conversations count: a night that was run twice, and a conversation that stands in two runs, once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.run import RunStatus
from qc.storage.read import StoredRun

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
_UNDATED = np.iinfo(np.int64).min
SKEW = timedelta(days=7)
"""A run holds no conversation that began so long after it."""
KEY = ("conversation_id", "started_at", "source_sha256")
"""What tells conversations apart."""


def counted_runs(runs: Iterable[StoredRun]) -> tuple[StoredRun, ...]:
    """Finished and judged runs, oldest first; of those over the same input (same digest) only the last."""
    latest: dict[str, StoredRun] = {}
    for run in sorted(runs, key=_age):
        if run.lineage.status is RunStatus.DONE and run.lineage.rules_digest:
            latest[run.lineage.input_digest or run.lineage.run_id] = run
    return tuple(sorted(latest.values(), key=_age))


def _age(run: StoredRun) -> tuple[str, str]:
    return run.lineage.started_at, run.lineage.run_id


def last_day(run: StoredRun, days: Iterable[date]) -> date | None:
    """The last of `days` the run has conversations of; a slip of the pen in a list (2062 for 2026) is none, unless
    there is no other."""
    days = set(days)
    begun = date.fromisoformat(run.lineage.started_at[:10] or "1970-01-01")
    return max((day for day in days if day <= begun + SKEW), default=max(days, default=None))


def conversations_of(run: StoredRun, columns: Sequence[str]) -> pa.Table:
    """Columns of a run's conversations with `source_sha256` only where `last_of_each` needs it, without a start: of
    months of runs the digests would be the largest part."""
    table = run.table("conversations", list(columns))
    dated = pc.is_valid(table["started_at"])
    needed = pa.chunked_array([pa.nulls(table.num_rows, pa.string())])
    if not pc.all(dated, min_count=0).as_py():  # keeps the digests it leaves out in memory
        needed = pc.if_else(dated, pa.scalar(None, pa.string()), table["source_sha256"])
    return table.set_column(table.column_names.index("source_sha256"), "source_sha256", needed)


def last_of_each(runs: Sequence[pa.Table]) -> Bools:
    """Which rows to count, of the conversations of several runs one after the other (each run has an id once): of those
    with the same id and start (without a start: the same id from the same file) the last."""
    size = sum(run.num_rows for run in runs)
    counted = np.ones(size, bool)
    suspects = np.flatnonzero(_in_several(runs)) if size else np.zeros(0, np.int64)
    if not len(suspects):
        return counted
    rows = pa.concat_tables([run.select(KEY) for run in runs]).take(pa.array(suspects))
    ids = codes(rows["conversation_id"])
    again = np.flatnonzero(np.bincount(ids)[ids] > 1)
    some = rows.take(pa.array(again))
    started = _started(some)
    other = codes(pc.if_else(pc.is_valid(some["started_at"]), "", pc.fill_null(some["source_sha256"], "")))
    keys = (ids[again], started, other)
    order = np.lexsort((np.arange(len(again)), *keys))
    same = np.ones(max(len(again) - 1, 0), bool)
    for key in keys:
        same &= key[order][1:] == key[order][:-1]
    counted[suspects[again[order[:-1][same]]]] = False
    return counted


def _in_several(runs: Sequence[pa.Table]) -> Bools:
    """Rows that may stand in another run too: of a time from which to which several runs have conversations, or of no
    time. Nights hardly overlap, and to compare millions of ids is most of the work."""
    starts = [_started(run) for run in runs]
    spans = [(own.min(), own.max()) for own in (start[start != _UNDATED] for start in starts) if len(own)]
    first, last = (np.sort(np.array(ends, np.int64)) for ends in (zip(*spans, strict=True) if spans else ((), ())))
    at = np.concatenate(starts)
    runs_then = np.searchsorted(first, at, side="right") - np.searchsorted(last, at, side="left")
    return np.asarray((runs_then > 1) | (at == _UNDATED), bool)


def _started(table: pa.Table) -> Ints:
    """Milliseconds, _UNDATED where not known."""
    started = pc.cast(pc.cast(table["started_at"], pa.timestamp("ms")), pa.int64())
    return np.asarray(pc.fill_null(started, _UNDATED).to_numpy(), np.int64)


def codes(column: pa.ChunkedArray) -> Ints:
    """The same number for the same text; nothing is one of its own."""
    encoded = pc.dictionary_encode(column.combine_chunks())
    return np.asarray(pc.fill_null(encoded.indices, len(encoded.dictionary)).to_numpy(), np.int64)
