"""Taking from stored runs what a policy of retention no longer keeps.

A purge is noted in run.json before the first file is rewritten (`Purged.done` false) and once more when it is through;
each file is replaced at once. Whoever was killed between is finished by the next call: what is due is found again in
the tables, and taking nothing from nothing is no harm. A run of which no conversation is left is moved aside first, so
that nobody sees half of it, and then removed.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qc.archive.forget import Bools, forget, touches
from qc.domain.retention import TITLES, Kept, Retention
from qc.domain.run import Purged, RunStatus
from qc.schema.reviews import ALL_TABLES
from qc.storage.append import alone
from qc.storage.digests import PartDigest, intact, read_parts, sha256_of, write_parts
from qc.storage.lineage import write_lineage
from qc.storage.read import StoredRun, open_run
from qc.storage.summary import SUMMARY
from qc.storage.write import NOTE, part_number, write_part

_TABLES = (Kept.RESULTS, Kept.TEXT, Kept.AUDIO)
"""What is in the tables, in the order it is taken: rows that go need no emptying."""
_PAGES = ("report", "pages")
_ASIDE = ".purged-"
_VAULT = "vault"
"""What masking took away, sealed (qc.privacy): it goes with the last text of the run."""

Lock = Callable[[Path], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is due of one run. `talks`: kind → project → conversations. `reports`: folders of pages; `cached`:
    transcripts; `whole`: no conversation is left, the run goes."""

    run: StoredRun
    talks: Mapping[Kept, Mapping[str, int]]
    before: Mapping[Kept, Mapping[str, date]]
    reports: tuple[Path, ...]
    cached: tuple[Path, ...]
    whole: bool

    @property
    def counts(self) -> dict[str, int]:
        """Kind → how many: conversations, folders of pages, transcripts."""
        found = {kind.value: sum(projects.values()) for kind, projects in self.talks.items() if projects}
        found |= {"reports": len(self.reports)} if self.reports else {}
        found |= {"transcripts": len(self.cached)} if self.cached else {}
        return found | ({"runs": 1} if self.whole else {})


def due(run: StoredRun, retention: Retention, today: date, cache: Path) -> Due | None:
    """What the policy takes of `run` on the day `today`; None where nothing. A conversation without a date counts for
    the day the run was begun. Runs that are not finished, and those that are to be kept, are never touched."""
    lineage = run.lineage
    if lineage.status is not RunStatus.DONE or lineage.run_id in retention.keep:
        return None
    talks = _talks(run)
    days = _days(run, talks)
    projects = [name or "" for name in talks["project"].to_pylist()]
    census = Counter(zip(projects, days, strict=True))
    limits: dict[Kept, dict[str, date]] = {kind: {} for kind in Kept}
    for kind in Kept:
        for project in {p for p, _ in census}:
            period = retention.period(kind, project)
            if period is not None:
                limits[kind][project] = period.before(today)

    def over(kind: Kept, project: str, day: date) -> bool:
        return project in limits[kind] and day < limits[kind][project]

    found: dict[Kept, dict[str, int]] = {}
    for kind in _TABLES:
        taken = {p.project: date.fromisoformat(p.before) for p in lineage.purged if p.kind == kind and p.done}
        for (project, day), count in census.items():
            gone = project in taken and day < taken[project]
            rather = kind is not Kept.RESULTS and over(Kept.RESULTS, project, day)  # the whole row goes
            if over(kind, project, day) and not gone and not rather:
                found.setdefault(kind, {})
                found[kind][project] = found[kind].get(project, 0) + count
        for p in lineage.purged:  # begun and not finished: whatever the policy says by now
            if p.kind == kind and not p.done:
                found.setdefault(kind, {}).setdefault(p.project, 0)
                limits[kind].setdefault(p.project, date.fromisoformat(p.before))
    whole = bool(census) and sum(found.get(Kept.RESULTS, {}).values()) == len(days)
    pages = bool(found) or any(over(Kept.REPORTS, project, day) for project, day in census)
    kinds = (Kept.TRANSCRIPTS, Kept.TEXT, Kept.RESULTS)
    silent = [any(over(kind, p, d) for kind in kinds) for p, d in zip(projects, days, strict=True)]
    answer = Due(
        run=run,
        talks=found,
        before={kind: limits[kind] for kind in found},
        reports=tuple(run.path / name for name in _PAGES if pages and (run.path / name).is_dir()),
        cached=tuple(_cached(run, talks.filter(pa.array(silent, pa.bool_())), cache)),
        whole=whole,
    )
    return answer if answer.counts else None


def purge(due: Due, today: date, hold: Lock) -> None:
    """Take what is `due`. `hold` keeps other commands away from a run. Raises UsageError when one is writing it."""
    run = due.run
    with hold(run.path):
        if open_run(run.path).lineage.status is not RunStatus.DONE:
            return  # somebody opened it again meanwhile
        for path in due.cached:
            path.unlink(missing_ok=True)
        for folder in due.reports:
            shutil.rmtree(folder)
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
    if not due.whole:
        shutil.rmtree(run.path / ".work", ignore_errors=True)


def remove_left(runs: Path) -> None:
    """Finish the removal of whole runs that a killed purge had moved aside."""
    for folder in runs.glob(f"{_ASIDE}*"):
        shutil.rmtree(folder)


def _purge_tables(due: Due, today: date) -> None:
    run, lineage = due.run, due.run.lineage
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
    talks = _talks(run)
    ids, days = talks["conversation_id"], _days(run, talks)
    projects = [name or "" for name in talks["project"].to_pylist()]

    def over(kind: Kept) -> list[bool]:
        mine, before = due.talks.get(kind, {}), due.before.get(kind, {})
        return [p in mine and d < before[p] for p, d in zip(projects, days, strict=True)]

    which = {kind: ids.filter(pa.array(over(kind), pa.bool_())) for kind in due.talks}
    left = {p for p, taken in zip(projects, over(Kept.RESULTS), strict=True) if not taken}
    gone = set(due.talks.get(Kept.RESULTS, {})) - left
    for name in sorted(ALL_TABLES, key=lambda name: name == "conversations"):
        kinds = [kind for kind in _TABLES if kind in which and touches(kind, name)]
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


def _talks(run: StoredRun) -> pa.Table:
    return run.table("conversations", ["conversation_id", "project", "date", "source_format", "source_sha256"])


def _days(run: StoredRun, talks: pa.Table) -> list[date]:
    begun = date.fromisoformat((run.lineage.started_at or "1970-01-01")[:10])
    return [day or begun for day in pc.cast(talks["date"], pa.date32()).to_pylist()]


def _cached(run: StoredRun, talks: pa.Table, cache: Path) -> Iterator[Path]:
    """What the transcript cache still has of these recordings, heard as the run heard them."""
    from qc.asr.cache import TranscriptCache
    from qc.asr.engines.transcriber import AsrIdentity

    lineage = run.lineage
    if lineage.asr_engine is None or not cache.is_dir():
        return
    identity = AsrIdentity(engine=lineage.asr_engine, model=lineage.asr_model or "", options=lineage.asr_options or "")
    heard = talks.filter(pc.fill_null(pc.equal(talks["source_format"], "audio"), False))
    for content in pc.unique(heard["source_sha256"]).to_pylist():
        if content and (path := TranscriptCache(cache).path(identity.key(content))).exists():
            yield path


def told(kind: str) -> str:
    """What is counted under a key of `Due.counts`, in Chinese."""
    return "整个批次" if kind == "runs" else TITLES[Kept(kind)]
