"""The day a run is about."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from qc.storage.read import StoredRun


def day_of(run: StoredRun) -> str:
    """The day most of the run's first conversations began on, 2026-11-20: nightly runs start on the day after. Where
    they do not say, the day the run was started."""
    first = next(run.parts("conversations", ["date"]), None)  # the other parts say the same, and cost as much again
    dates = pc.drop_null(first["date"]) if first is not None else ()
    day = str(pc.mode(pc.cast(dates, pa.int32()))[0]["mode"].cast(pa.date32())) if len(dates) else ""
    return day or run.lineage.started_at[:10]
