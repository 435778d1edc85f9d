"""The `terms` table is summed over shards when a run ends; until then each shard's part waits in the work folder."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from qc.schema.tables import TABLES
from qc.storage.digests import PartDigest
from qc.storage.write import WORK, part_path, write_part

_COUNTS = ("conversations", "occurrences", "negative_conversations")


def write_shard_terms(run: Path, shard: int, table: pa.Table) -> PartDigest:
    """Keep one shard's terms."""
    part = write_part(run / WORK, "terms", shard, table)
    return replace(part, path=f"{WORK}/{part.path}")


def merge_terms(run: Path, shards: Iterable[int]) -> PartDigest:
    """Write RUN/terms, one part, ordered by project and term, from the terms of `shards`. Doing it again gives the
    same."""
    parts = [part_path(run / WORK, "terms", shard) for shard in shards]
    schema = TABLES["terms"]
    together = pa.concat_tables([pq.read_table(p) for p in parts] or [schema.empty_table()])
    summed = together.group_by(["project", "term"]).aggregate([(name, "sum") for name in _COUNTS])
    ordered = summed.sort_by([("project", "ascending"), ("term", "ascending")])
    columns = [ordered["project"], ordered["term"], *(ordered[f"{name}_sum"] for name in _COUNTS)]
    return write_part(run, "terms", 0, pa.Table.from_arrays(columns, schema=schema))
