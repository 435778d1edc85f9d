"""Tables that are made of the whole run when it ends: until then each shard's part waits in the work folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from qc.storage.digests import PartDigest
from qc.storage.write import WORK, part_path, write_part

INTERIM = ("complaints", "terms")


def write_interim(run: Path, name: str, shard: int, table: pa.Table) -> PartDigest:
    """Keep what one shard has of the table."""
    part = write_part(run / WORK, name, shard, table)
    return replace(part, path=f"{WORK}/{part.path}")


def read_interim(run: Path, name: str, shards: Iterable[int]) -> Iterator[pa.Table]:
    """What each of `shards` has of the table."""
    return (pq.read_table(part_path(run / WORK, name, shard)) for shard in shards)
