"""The `terms` table is summed over shards when a run ends."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from qc.schema.tables import TABLES
from qc.storage.digests import PartDigest
from qc.storage.interim import read_interim
from qc.storage.write import write_part

_COUNTS = ("conversations", "occurrences", "negative_conversations")


def merge_terms(run: Path, shards: Iterable[int]) -> PartDigest:
    """Write RUN/terms, one part, ordered by project and term, from the terms of `shards`. Doing it again gives the
    same."""
    schema = TABLES["terms"]
    together = pa.concat_tables([schema.empty_table(), *read_interim(run, "terms", shards)])
    summed = together.group_by(["project", "term"]).aggregate([(name, "sum") for name in _COUNTS])
    ordered = summed.sort_by([("project", "ascending"), ("term", "ascending")])
    columns = [ordered["project"], ordered["term"], *(ordered[f"{name}_sum"] for name in _COUNTS)]
    return write_part(run, "terms", 0, pa.Table.from_arrays(columns, schema=schema))
