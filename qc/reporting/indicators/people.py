"""What people said of conversations: reviews, as the indicators of monitoring need them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from qc.storage.read import StoredRun

_KEY = ["conversation_id", "rule_id"]


def people_said(run: StoredRun) -> pa.Table:
    """A row per reviewed conversation of `run`: conversation_id, `read` (somebody went through all of it), `upheld`
    (and left every verdict as it was), `looked_at` (1), `remarks` (comments written). Flags are 0 and 1.

    The last review of a conversation and rule counts. Calibration sessions judge the judges and are left out."""
    columns = [*_KEY, "machine_verdict", "human_verdict", "comment", "reviewed_at", "session"]
    table = run.table("reviews", columns)
    table = table.filter(pc.is_null(table["session"]))
    table = table.sort_by([(c, "ascending") for c in (*_KEY, "reviewed_at")])
    said = pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(table["comment"]), ""), False)
    remarks = _count(table.select(["conversation_id"]).append_column("remarks", pc.cast(said, pa.int64())), "remarks")
    last = table.group_by(_KEY, use_threads=False).aggregate([("machine_verdict", "last"), ("human_verdict", "last")])
    whole = pc.is_null(last["rule_id"])
    other = pc.fill_null(pc.not_equal(last["machine_verdict_last"], last["human_verdict_last"]), False)
    flags = last.select(["conversation_id"])
    flags = flags.append_column("read", pc.cast(whole, pa.int64()))
    flags = flags.append_column("other", pc.cast(pc.and_(pc.invert(whole), other), pa.int64()))
    grouped = flags.group_by("conversation_id", use_threads=False).aggregate([("read", "max"), ("other", "max")])
    read, untouched = grouped["read_max"], pc.equal(grouped["other_max"], 0)
    return pa.table(
        {
            "conversation_id": grouped["conversation_id"],
            "read": read,
            "upheld": pc.multiply(read, pc.cast(untouched, pa.int64())),
            "looked_at": pa.array([1] * grouped.num_rows, pa.int64()),
            "remarks": pc.take(remarks["remarks"], pc.index_in(grouped["conversation_id"], _ids(remarks))),
        }
    )


def _count(table: pa.Table, name: str) -> pa.Table:
    grouped = table.group_by("conversation_id", use_threads=False).aggregate([(name, "sum")])
    return pa.table({"conversation_id": grouped["conversation_id"], name: grouped[f"{name}_sum"]})


def _ids(table: pa.Table) -> pa.Array:
    return table["conversation_id"].combine_chunks()
