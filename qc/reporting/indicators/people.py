"""What people said of conversations: how many were looked at, and what was written for the agents."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from qc.storage.read import StoredRun


def people_said(run: StoredRun) -> pa.Table:
    """A row per reviewed conversation of `run`: conversation_id, `looked_at` (1), `remarks` (comments written).

    Calibration sessions judge the judges and are left out."""
    table = run.table("reviews", ["conversation_id", "comment", "session"])
    table = table.filter(pc.is_null(table["session"]))
    said = pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(table["comment"]), ""), False)
    counted = pa.table({"conversation_id": table["conversation_id"], "remarks": pc.cast(said, pa.int64())})
    grouped = counted.group_by("conversation_id", use_threads=False).aggregate([("remarks", "sum")])
    return pa.table(
        {
            "conversation_id": grouped["conversation_id"],
            "looked_at": pa.array([1] * grouped.num_rows, pa.int64()),
            "remarks": grouped["remarks_sum"],
        }
    )
