"""Which runs and conversations count: a night that was run twice, and a conversation that stands in two runs, once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.run import RunStatus
from qc.storage.read import StoredRun

SKEW = timedelta(days=7)
"""A run holds no conversation that began so long after it."""
_KEY = ("conversation_id", "started_at", "source_sha256")


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
    needed = pc.if_else(pc.is_valid(table["started_at"]), pa.scalar(None, pa.string()), table["source_sha256"])
    return table.set_column(table.column_names.index("source_sha256"), "source_sha256", needed)


def last_of_each(conversations: pa.Table) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which rows to count, of conversations of several runs one after the other: of those with the same id and start
    (without a start: the same id from the same file) the last."""
    size = conversations.num_rows
    counted = np.ones(size, bool)
    ids = _codes(conversations["conversation_id"])
    again = np.flatnonzero(np.bincount(ids)[ids] > 1) if size else np.zeros(0, np.int64)
    if not len(again):
        return counted
    some = conversations.select(["started_at", "source_sha256"]).take(pa.array(again))
    started = pc.cast(pc.cast(some["started_at"], pa.timestamp("ms")), pa.int64())
    other = _codes(pc.if_else(pc.is_valid(started), "", pc.fill_null(some["source_sha256"], "")))
    keys = (ids[again], np.asarray(pc.fill_null(started, -1).to_numpy(), np.int64), other)
    order = np.lexsort((np.arange(len(again)), *keys))
    same = np.ones(len(again) - 1, bool)
    for key in keys:
        same &= key[order][1:] == key[order][:-1]
    counted[again[order[:-1][same]]] = False
    return counted


def _codes(column: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The same number for the same text."""
    encoded = pc.dictionary_encode(column.combine_chunks(), null_encoding="encode")
    return np.asarray(encoded.indices.to_numpy(zero_copy_only=False), np.int64)
