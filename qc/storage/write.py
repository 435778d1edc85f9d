"""Writing a run: one part file per table and shard, then a marker that the shard is whole.

A killed run leaves whole shards with their markers and at most some part files without one; the shard is then
computed again and its files replaced, so no row is lost or doubled.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from qc.schema.reviews import ALL_TABLES, REVIEW_TABLES
from qc.schema.tables import TABLES
from qc.storage.digests import PartDigest, intact, part_digest, sha256_of
from qc.storage.files import atomic, remove_stale, write_text

WORK = ".work"
_PART = re.compile(r"part-[0-9]{5,}\.parquet")
NOTE = b"note"
_COMPLETE = "complete"
REVIEWS_FOLDER = "reviews"
"""What people add to a run stands apart from what the run wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardCounts:
    """What one shard came to. `inputs = ok + failed + quarantined`. `identity`: a digest of which inputs they were."""

    shard: int
    identity: str
    inputs: int
    ok: int
    failed: int
    quarantined: int
    audio_ms: int
    parts: tuple[PartDigest, ...]
    """The files of the shard, so that one that was damaged or lost after all is computed again."""


def write_part(run: Path, name: str, shard: int, table: pa.Table, *, note: str = "") -> PartDigest:
    """Write one part of table `name`: zstd, deterministic bytes for equal rows. `note`: what its reader must know of
    how it came about (`StoredRun.note`)."""
    path = part_path(run, name, shard)
    with atomic(path) as temporary:
        write_file(temporary, name, table, note=note)
        size, digest = temporary.stat().st_size, sha256_of(temporary)
    return PartDigest(path=path.relative_to(run).as_posix(), sha256=digest, rows=table.num_rows, bytes=size)


def write_file(path: Path, name: str, table: pa.Table, *, note: str = "") -> None:
    """Write rows of table `name` into the file `path`, as a part is written."""
    schema = ALL_TABLES[name]
    if not table.schema.equals(schema):
        table = table.cast(schema)
    pq.write_table(
        table.replace_schema_metadata({**(schema.metadata or {}), **({NOTE: note} if note else {})}),
        path,
        compression="zstd",
        use_dictionary=True,
        write_statistics=True,
        row_group_size=64 * 1024,
        store_schema=True,
    )


def part_path(run: Path, name: str, shard: int) -> Path:
    """Where part `shard` of table `name` lives."""
    return table_folder(run, name) / f"part-{shard:05d}.parquet"


def part_files(run: Path, name: str) -> list[Path]:
    """Committed part files of table `name`, in order. What a person or a sync program put beside them is none."""
    return sorted(p for p in table_folder(run, name).glob("part-*.parquet") if _PART.fullmatch(p.name))


def part_number(path: Path) -> int:
    """The number of a part file."""
    return int(path.stem.removeprefix("part-"))


def table_folder(run: Path, name: str) -> Path:
    """Where the parts of table `name` live."""
    return run / REVIEWS_FOLDER / name if name in REVIEW_TABLES else run / name


def commit_shard(run: Path, counts: ShardCounts) -> None:
    """Say that every part file of the shard is in place."""
    write_text(_marker(run, counts.shard), json.dumps(asdict(counts), sort_keys=True))


def committed_shards(run: Path) -> tuple[Mapping[int, ShardCounts], Sequence[str]]:
    """Shards that are whole, by number; and the names of those that have a marker and yet are not: it cannot be read,
    or their files are not what was written (a disk that lost power). They are to be computed again."""
    done: dict[int, ShardCounts] = {}
    damaged: list[str] = []
    for path in sorted((run / WORK / "shards").glob("*.json")):
        try:
            data = json.loads(path.read_bytes())
            counts = ShardCounts(**{**data, "parts": tuple(map(part_digest, data["parts"]))})
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            damaged.append(path.stem)
            continue
        if path == _marker(run, counts.shard) and all(intact(run, part) for part in counts.parts):
            done[counts.shard] = counts
        else:
            damaged.append(path.stem)
    return done, damaged


def remove_unlisted(run: Path, parts: Iterable[PartDigest]) -> None:
    """Remove part files of the run's tables that are not among `parts`: an attempt that was broken off left them, and
    the inputs came out otherwise since."""
    listed = {run / part.path for part in parts}
    for path in (path for name in TABLES for path in part_files(run, name)):
        if path not in listed:
            path.unlink()


def mark_complete(run: Path) -> None:
    """Say that all tables are there, and that the command that makes them is not over: it may still be writing the
    report. `clear_work` takes it back."""
    write_text(run / WORK / _COMPLETE, "")


def is_complete(run: Path) -> bool:
    """Whether the run was done when its command was broken off."""
    return (run / WORK / _COMPLETE).exists()


def clear_work(run: Path) -> None:
    """Remove what only a running run needs, and what a killed one left half-written."""
    remove_stale(run)
    for path in (run / WORK).glob("*"):  # that it is complete is known until nothing else is left
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != _COMPLETE:
            path.unlink(missing_ok=True)
    shutil.rmtree(run / WORK, ignore_errors=True)


def _marker(run: Path, shard: int) -> Path:
    return run / WORK / "shards" / f"{shard:05d}.json"
