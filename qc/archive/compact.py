"""Many runs into one data set: each night and each conversation once, as it was judged last, in a few large files.

A night is written beside the data set first and then moved into its place file by file, with its manifest before
(writing) and after (whole): whoever is killed leaves a night that says it is not whole, and the next call writes it
again. A reader that lists the folders may see, between the first and the last move, some files of a night as they were
and some as they are now, never half a file and never a row twice within a day and project; who reads by the manifest
(`Lake.datasets`) is told instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qc.archive.forget import holds, touches
from qc.archive.hive import Partition
from qc.archive.lake import MANIFEST, PURGING, STAGING, WHOLE, WRITING, Entry, Lake, LakeFile, Sink, night_of, schema_of
from qc.archive.once import judged_again
from qc.archive.sorting import Sorted
from qc.domain.retention import Kept
from qc.errors import UsageError
from qc.opinion.dedupe import counted_runs
from qc.schema.reviews import ALL_TABLES
from qc.schema.runs import RUNS, runs_table
from qc.storage.read import StoredRun, open_run
from qc.storage.state import state_of

_PENDING_BYTES = 96 << 20
"""So much of a table waits in memory for its file, over all partitions."""
_ROWS = 1 << 17
"""Rows of a row group, at most."""
_OPEN = 128
"""Files that are written at once; a table of more partitions is read again for the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compacted:
    """Nights, by what was done: `added`, `replaced` (judged again, reviewed, or half-written before), `same` (nothing
    new) and `newer` (the data set holds a later run of it). `again`: conversations left out of a night because a later
    one has them. Files and rows are those written."""

    added: int = 0
    replaced: int = 0
    same: int = 0
    newer: int = 0
    again: int = 0
    files: int = 0
    rows: int = 0
    runs: tuple[str, ...] = ()
    """Those written."""
    refused: tuple[UsageError, ...] = ()
    """What is wrong with those that could not be read, or were being changed: what the data set had of them stays."""


def compact(runs: Sequence[StoredRun], lake: Lake) -> Compacted:
    """Bring the finished and judged runs among `runs` into `lake`; what is there and unchanged is left alone.

    Raises UsageError when the place holds something else, or somebody writes it.
    """
    done = Compacted()
    with lake.alone():
        lake.prepare()
        known = lake.entries()
        for run in counted_runs(runs):
            entry = known.get(night_of(run))
            whole = entry is not None and entry.state == WHOLE
            if entry is not None and whole and _age(entry) > (run.lineage.started_at, run.lineage.run_id):
                done = replace(done, newer=done.newer + 1)
                continue
            state = state_of(run)
            if entry is not None and whole and entry.run_id == run.lineage.run_id and entry.source == state:
                done = replace(done, same=done.same + 1)
                continue
            try:
                before = entry or _under_another_name(run, known)
                written, again = _bring(run, lake, known, state)
            except UsageError as error:
                done = replace(done, refused=(*done.refused, error))
                continue
            done = replace(
                done,
                added=done.added + (before is None),
                replaced=done.replaced + (before is not None),
                again=done.again + again,
                files=done.files + len(written.files),
                rows=done.rows + written.rows,
                runs=(*done.runs, run.lineage.run_id),
            )
    return done


def _under_another_name(run: StoredRun, known: Mapping[str, Entry]) -> Entry | None:
    """What the data set has of this run from before an input of it was mended and tried again."""
    mine = (e for night, e in known.items() if e.run_id == run.lineage.run_id and night != night_of(run))
    return next(mine, None)


def _bring(run: StoredRun, lake: Lake, known: dict[str, Entry], state: str) -> tuple[Entry, int]:
    """The night of the run, which is then among those `known`; and how many conversations were left out of it or of
    others because a later run has them. Raises UsageError when the run cannot be read, or changes meanwhile: then the
    data set is as it was."""
    night = night_of(run)
    again = dict(judged_again(lake, run, known.values()))
    count = sum(map(len, again.values()))
    rows = Sorted(run, without=again.pop(night, None))
    written = [
        *(file for name in ALL_TABLES if not rows.superseded for file in _written(lake, night, name, rows)),
        _run_row(lake, night, run, rows),
    ]
    staged = [writing.file for writing in written]
    if state_of(open_run(run.path)) != state:
        raise UsageError(f"批次 {run.lineage.run_id} 正在改动", "等它改完，再运行一次 qc compact；数据集没有变。")
    if (other := _under_another_name(run, known)) is not None:  # first, so that no row is there twice
        publish(lake, replace(other, files=()), other, ())
        del known[other.night]
    for earlier, ids in again.items():
        known[earlier] = _narrowed(lake, known[earlier], ids)
    known[night] = publish(
        lake,
        Entry(
            night=night,
            run_id=run.lineage.run_id,
            run_name=run.lineage.name,
            started_at=run.lineage.started_at,
            input_digest=run.lineage.input_digest,
            source=state,
            state=WHOLE,
            files=tuple(sorted(staged, key=lambda file: file.path)),
            purged=tuple(sorted(mark for writing in written for mark in writing.marks)),
        ),
        known.get(night),
        staged,
    )
    return known[night], count


def _narrowed(lake: Lake, entry: Entry, ids: pa.Array) -> Entry:
    """The night without the conversations `ids`, which a later run has. Where none is left, what did not belong to any
    (failed inputs, words) is the later run's to tell, too: only the row of the run stays. Killed anywhere, whatever
    writes the data set next goes on."""

    def others(table: pa.Table) -> pa.Table:
        return table.filter(pc.invert(pc.is_in(table["conversation_id"], value_set=ids)))

    files = [file for file in entry.files if lake.has(file.path)]
    written = {f.path: rewritten(lake, f, others) for f in files if f.table == "conversations"}
    left = any(file.rows for file in written.values())
    rest = [f for f in files if left and f.table not in ("conversations", "terms", RUNS)]
    written |= {f.path: rewritten(lake, f, others) for f in rest}
    kept = tuple(file for f in files if (left or f.table == RUNS) and (file := written.get(f.path, f)).rows)
    paths = {file.path for file in kept}
    purged = tuple(one for one in entry.purged if one.split(" ", 1)[1] in paths)
    staged = [file for file in written.values() if file.path in paths]
    for path in written.keys() - paths:  # nothing is left of it
        lake.remove(f"{STAGING}/{path}")
    narrow = replace(entry, state=WHOLE, files=kept, purged=purged)
    return publish(lake, narrow, entry, staged, replace(entry, state=PURGING))


def publish(
    lake: Lake, entry: Entry, before: Entry | None, staged: Iterable[LakeFile], begun: Entry | None = None
) -> Entry:
    """Put the `staged` files of `entry` into their places and take away what only `before` had. Killed anywhere, the
    manifest says that the night is not whole and which files may be there (or what `begun` says)."""
    old = () if before is None else before.files
    gone = sorted({file.path for file in old} - {file.path for file in entry.files})
    both = (*entry.files, *(file for file in old if file.path in gone))
    lake.write_entry(replace(entry, state=WRITING, files=both) if begun is None else begun)
    for file in staged:
        lake.move(staged_path(lake, file.path), lake.path(file.path))
    for path in gone:
        lake.remove(path)
    if entry.files:
        lake.write_entry(entry)
    else:
        lake.remove(f"{MANIFEST}/{entry.night}.json")
    return entry


def staged_path(lake: Lake, relative: str) -> str:
    """Where a file of the data set waits."""
    return lake.path(f"{STAGING}/{relative}")


def mark(kind: Kept, path: str) -> str:
    """How `Entry.purged` says that a file has nothing of a kind."""
    return f"{kind.value} {path}"


def file_path(name: str, partition: Partition, night: str) -> str:
    """Where the rows of a night lie."""
    return f"{name}/{partition.folder}/{night}.parquet"


def _written(lake: Lake, night: str, name: str, rows: Sorted) -> list[Writing]:
    """The staged files of one table."""
    found: list[Writing] = []
    passed: set[Partition] = set()
    while True:
        taken, more = _pass(lake, night, name, rows, passed)
        found += taken
        if not more:
            return found


def _pass(lake: Lake, night: str, name: str, rows: Sorted, passed: set[Partition]) -> tuple[list[Writing], bool]:
    """One reading of the table, for the first so many partitions that are not in `passed`, which they then are; and
    whether any is left."""
    mine: dict[Partition, Writing] = {}
    waiting, more = 0, False
    with ExitStack() as stack:
        for partition, table in rows.pieces(name):
            if partition in passed:
                continue
            if partition not in mine:
                if len(mine) == _OPEN:
                    more = True
                    continue
                mine[partition] = Writing(lake, file_path(name, partition, night), schema_of(name), stack)
            waiting += mine[partition].add(table)
            while waiting > _PENDING_BYTES:
                fullest = max(mine.values(), key=lambda writing: writing.waiting)
                waiting -= fullest.flush()
        for writing in mine.values():
            writing.close()
    passed.update(mine)
    return list(mine.values()), more


class Writing:
    """A staged Parquet file of the data set that grows. zstd, and dates and projects are left to the layout."""

    def __init__(self, lake: Lake, relative: str, schema: pa.Schema, stack: ExitStack) -> None:
        self._relative, self._table = relative, relative.split("/")[0]
        kept = [field for field in schema if field.name not in ("date", "project")]
        self._schema = pa.schema(kept, metadata=schema.metadata)
        self._sink: Sink = stack.enter_context(lake.sink(staged_path(lake, relative)))
        self._writer = pq.ParquetWriter(
            pa.PythonFile(self._sink, mode="w"), self._schema, compression="zstd", write_statistics=True
        )
        self._tables: list[pa.Table] = []
        self._bare = {kind for kind in (Kept.TEXT, Kept.AUDIO) if touches(kind, self._table)}
        self.rows = self.waiting = 0

    def add(self, table: pa.Table) -> int:
        """Returns by how many bytes the file has more to write."""
        self._tables.append(table)
        self._bare = {kind for kind in self._bare if not holds(kind, self._table, table)}
        self.rows += table.num_rows
        self.waiting += table.nbytes
        return int(table.nbytes)

    def flush(self) -> int:
        """Write what waits; returns its bytes."""
        written, self.waiting = self.waiting, 0
        if self._tables:
            table = pa.concat_tables(self._tables).cast(self._schema)
            self._writer.write_table(table, row_group_size=_ROWS)
            self._tables = []
        return written

    def close(self) -> None:
        self.flush()
        self._writer.close()

    @property
    def marks(self) -> list[str]:
        """What there is nothing of in the file, as `Entry.purged` has it."""
        return [mark(kind, self._relative) for kind in self._bare]

    @property
    def file(self) -> LakeFile:
        return LakeFile(path=self._relative, rows=self.rows, bytes=self._sink.bytes, sha256=self._sink.sha256)


def rewritten(lake: Lake, file: LakeFile, change: Callable[[pa.Table], pa.Table]) -> LakeFile:
    """The staged file of what `change` makes of a file of the data set, a row group at a time."""
    with ExitStack() as stack:
        source = pq.ParquetFile(stack.enter_context(lake.files.open_input_file(lake.path(file.path))))
        writing = Writing(lake, file.path, source.schema_arrow, stack)
        for group in range(source.num_row_groups):
            writing.add(change(source.read_row_group(group)))
            writing.flush()
        writing.close()
    return writing.file


def _run_row(lake: Lake, night: str, run: StoredRun, rows: Sorted) -> Writing:
    """The row of the run itself."""
    table = runs_table([run.lineage])
    with ExitStack() as stack:
        writing = Writing(lake, file_path(RUNS, Partition(rows.day, None), night), table.schema, stack)
        writing.add(table)
        writing.close()
    return writing


def _age(entry: Entry) -> tuple[str, str]:
    return entry.started_at, entry.run_id
