"""Conversations that people are to look at have a page, important or not."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from qc.reporting.batch import Batch
from qc.reporting.selection import Line, lines

MOST = 1000
"""Pages made for sampled and appealed conversations beside the important ones; each costs some 20 ms."""


def with_sampled(batch: Batch, listed: tuple[Line, ...]) -> tuple[Line, ...]:
    """`listed`, then the conversations with an appeal and those sampled for review that are not among them, at most
    MOST."""
    listed_ids = {line.conversation_id for line in listed}
    wanted: dict[str, None] = {}
    for name in ("appeals", "samples"):
        ids = batch.run.table(name, ["conversation_id"])["conversation_id"].to_pylist()
        wanted |= dict.fromkeys(i for i in ids if i not in listed_ids)
    if not wanted:
        return listed
    table = batch.conversations
    extra = table.filter(pc.is_in(table["conversation_id"], value_set=pa.array(list(wanted)[:MOST], pa.string())))
    return (*listed, *lines(extra))
