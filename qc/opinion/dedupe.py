"""Which runs and conversations count: a night that was run twice, and a conversation that stands in two runs, once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.run import RunStatus
from qc.storage.read import StoredRun

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


def last_of_each(conversations: pa.Table) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which rows to count, of conversations of several runs one after the other: of those with the same id and start
    (without a start: the same id from the same file) the last."""
    started = pc.cast(pc.cast(conversations["started_at"], pa.timestamp("ms")), pa.int64())
    other = pc.if_else(pc.is_valid(started), "", pc.fill_null(conversations["source_sha256"], ""))
    key = pc.binary_join_element_wise(
        conversations["conversation_id"], pc.fill_null(pc.cast(started, pa.string()), ""), other, "\0"
    )
    _, last = np.unique(np.asarray(key.to_numpy(zero_copy_only=False), object).astype(str)[::-1], return_index=True)
    counted = np.zeros(len(key), bool)
    counted[len(key) - 1 - last] = True
    return counted
