"""Taking from stored runs what a policy of retention no longer keeps.

A purge is noted in run.json before the first file is rewritten (`Purged.done` false) and once more when it is through;
each file is replaced at once. Whoever was killed between is finished by the next call: what is due is found again in
the tables, and taking nothing from nothing is no harm. A run of which no conversation is left is moved aside first, so
that nobody sees half of it, and then removed.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qc.archive.due import TAKEN_FROM_TABLES, Due, conversations, days_of, projects_of
from qc.archive.forget import Bools, forget, touches
from qc.domain.retention import Kept
from qc.domain.run import Purged
from qc.errors import UsageError
from qc.schema.reviews import ALL_TABLES
from qc.storage.append import alone
from qc.storage.digests import PartDigest, intact, read_parts, sha256_of, write_parts
from qc.storage.files import remove_stale
from qc.storage.lineage import read_lineage, write_lineage
from qc.storage.read import StoredRun
from qc.storage.summary import SUMMARY
from qc.storage.write import NOTE, REVIEWS_FOLDER, part_number, write_part

_ASIDE = ".purged-"
_VAULT = "vault"
"""What masking took away, sealed (qc.privacy): it goes with the last text of the run."""

Lock = Callable[[Path], AbstractContextManager[None]]


def purge(due: Due, today: date, hold: Lock, record: Callable[[], object]) -> None:
    """Take what is `due`. `hold` keeps other commands away from a run; `record` writes down what is taken, before it
    is. Raises UsageError when another command is writing the run, or has changed it since it was looked at, and where a
    link stands in place of what would be removed; OSError."""
    run = due.run
    _refuse_links(due)
    with hold(run.path):
        if read_lineage(run.path) != run.lineage:
            raise UsageError(f"批次 {run.lineage.run_id} 刚刚被别的 qc 命令改动，没有清除", "再运行一次 qc purge。")
        record()
        for path in due.cached:
            path.unlink(missing_ok=True)
        for pages in due.reports:
            shutil.rmtree(pages) if pages.is_dir() else pages.unlink()
        shutil.rmtree(run.path / SUMMARY, ignore_errors=True)  # made of what is taken
        if due.whole:
            aside = run.path.with_name(f"{_ASIDE}{run.path.name}")
            run.path.replace(aside)
            shutil.rmtree(aside)
        elif due.talks:
            with alone(run.path):
                _purge_tables(due, today)
            if not _worded(run):
                shutil.rmtree(run.path / _VAULT, ignore_errors=True)


def _refuse_links(due: Due) -> None:
    """What a link leads to would stay, or is somebody else's."""
    for path in (*((due.run.path,) if due.whole else ()), *due.reports):
        if path.is_symlink():
            raise UsageError(
                f"批次 {due.run.lineage.run_id} 的 {path} 是一个链接，没有清除",
                "把它指的目录移到这里代替链接，再运行一次 qc purge。",
            )


def remove_left(runs: Path) -> None:
    """Finish the removal of whole runs that a killed purge had moved aside."""
    for folder in runs.glob(f"{_ASIDE}*"):
        shutil.rmtree(folder)


def _purge_tables(due: Due, today: date) -> None:
    run, lineage = due.run, due.run.lineage
    for folder in (run.path, run.path / REVIEWS_FOLDER):  # what a killed purge left half-written
        remove_stale(folder)
    new = tuple(
        Purged(kind=kind, project=project, before=_iso(due.before[kind][project]), on=_iso(today), done=False)
        for kind, projects in due.talks.items()
        for project in sorted(projects)
    )
    unfinished = any(not p.done for p in lineage.purged)
    replaced = {(p.kind, p.project) for p in new}
    earlier = tuple(p for p in lineage.purged if (p.kind, p.project) not in replaced)
    write_lineage(run.path, replace(lineage, purged=(*earlier, *new)))
    written = dict(_rewritten(due))
    lineage = replace(lineage, purged=(*earlier, *(replace(p, done=True) for p in new)))
    listed = read_parts(run.path)
    if listed is not None:
        parts = [written.get(part.path) or (_as_it_is(run, part) if unfinished else part) for part in listed]
        lineage = replace(lineage, parts_digest=write_parts(run.path, parts))
    if Kept.RESULTS in due.talks and lineage.tables:
        lineage = replace(lineage, tables={name: _rows(run, name) for name in lineage.tables})
    write_lineage(run.path, lineage)


def _rewritten(due: Due) -> Iterator[tuple[str, PartDigest]]:
    """Rewrite the parts that hold what is due; path → digest of each. `conversations` is last: by it a killed purge is
    found again."""
    run = due.run
    talks = conversations(run)
    ids, days, projects = talks["conversation_id"], days_of(run, talks), projects_of(talks)

    def over(kind: Kept) -> list[bool]:
        mine, before = due.talks.get(kind, {}), due.before.get(kind, {})
        return [p in mine and d < before[p] for p, d in zip(projects, days, strict=True)]

    which = {kind: ids.filter(pa.array(over(kind), pa.bool_())) for kind in due.talks}
    left = {p for p, taken in zip(projects, over(Kept.RESULTS), strict=True) if not taken}
    gone = set(due.talks.get(Kept.RESULTS, {})) - left
    for name in sorted(ALL_TABLES, key=lambda name: name == "conversations"):
        kinds = [kind for kind in TAKEN_FROM_TABLES if kind in which and touches(kind, name)]
        for path in run.part_files(name) if kinds else ():
            table = pq.ParquetFile(path, pre_buffer=False).read(use_threads=False)
            note = bytes((table.schema.metadata or {}).get(NOTE, b"")).decode()
            before = table
            for kind in kinds:
                mask = _rows_of(name, table, which[kind], gone if kind is Kept.RESULTS else set())
                table = forget(kind, name, table, mask) if mask.any() else table
            if table is not before:
                digest = write_part(run.path, name, part_number(path), _whole(table, name), note=note)
                yield path.relative_to(run.path).as_posix(), digest


def _as_it_is(run: StoredRun, part: PartDigest) -> PartDigest:
    """A part that a killed purge had rewritten before anybody noted what it then was."""
    path = run.path / part.path
    if intact(run.path, part) or not path.is_file():
        return part
    rows = int(pq.read_metadata(path).num_rows)
    return replace(part, sha256=sha256_of(path), rows=rows, bytes=path.stat().st_size)


def _rows_of(name: str, table: pa.Table, ids: pa.ChunkedArray, projects: set[str]) -> Bools:
    """The rows of `table` that belong to the conversations; words (terms) to a project of which nothing is left."""
    if "conversation_id" in table.column_names:
        found = pc.is_in(table["conversation_id"], value_set=ids.combine_chunks())
    elif name == "terms":
        found = pc.is_in(pc.fill_null(table["project"], ""), value_set=pa.array(sorted(projects), pa.string()))
    else:
        return np.zeros(table.num_rows, np.bool_)
    return np.asarray(found.to_numpy(), np.bool_)


def _worded(run: StoredRun) -> bool:
    """Whether the run still holds what anybody said."""
    return any(bool(pc.any(pc.not_equal(part["text"], "")).as_py()) for part in run.parts("turns", ["text"]))


def _iso(day: date) -> str:
    return day.isoformat()


def _whole(table: pa.Table, name: str) -> pa.Table:
    """With the columns that an earlier version did not write, null."""
    schema = ALL_TABLES[name]
    for field in schema:
        if field.name not in table.column_names:
            table = table.append_column(field, pa.nulls(table.num_rows, field.type))
    return table.select(schema.names)


def _rows(run: StoredRun, name: str) -> int:
    return sum(int(pq.read_metadata(path).num_rows) for path in run.part_files(name))
