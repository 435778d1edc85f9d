"""Taking from a data set what a policy of retention no longer keeps: whole partitions, or the words in their files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

import numpy as np
import pyarrow as pa

from qc.archive.compact import mark, publish, rewritten
from qc.archive.forget import forget, touches
from qc.archive.hive import UNKNOWN, escaped
from qc.archive.lake import PURGING, WHOLE, Entry, Lake, LakeFile
from qc.domain.retention import Kept, Retention
from qc.schema.reviews import ALL_TABLES


@dataclass(frozen=True, slots=True, kw_only=True)
class DueNight:
    """What is due of one night of a data set: paths of `results`, which go, and of the files to be written again
    without their `text` or without their `audio` paths; rows by kind."""

    entry: Entry
    files: dict[Kept, tuple[LakeFile, ...]]

    @property
    def counts(self) -> dict[str, int]:
        """Kind → conversations: those of every partition of which some file is due."""
        rows = {(file.day, file.project): file.rows for file in self.entry.files if file.table == "conversations"}
        places = {kind: {(file.day, file.project) for file in files} for kind, files in self.files.items()}
        return {kind.value: sum(rows.get(place, 0) for place in mine) for kind, mine in places.items()}


def due_nights(lake: Lake, retention: Retention, today: date) -> list[DueNight]:
    """What the policy takes of the nights of `lake` on the day `today`. A partition without a date counts for the day
    its run was begun."""
    projects = {escaped(name): name for name in retention.projects}
    found = []
    for entry in sorted(lake.entries().values(), key=lambda entry: (entry.started_at, entry.run_id)):
        if entry.state not in (WHOLE, PURGING) or entry.run_id in retention.keep:
            continue
        if entry.state == PURGING:  # a killed purge may have taken some files
            entry = replace(entry, files=tuple(f for f in entry.files if lake.has(f.path)))  # noqa: PLW2901
        files: dict[Kept, tuple[LakeFile, ...]] = {}
        for kind in (Kept.RESULTS, Kept.TEXT, Kept.AUDIO):
            mine = tuple(
                file
                for file in entry.files
                if touches(kind, file.table)
                and _over(entry, file, retention, kind, today, projects)
                and mark(kind, file.path) not in entry.purged
                and not (kind is not Kept.RESULTS and _over(entry, file, retention, Kept.RESULTS, today, projects))
            )
            if kind is Kept.RESULTS:
                mine = _without_needed_terms(entry, mine)
            if mine:
                files[kind] = mine
        if files or entry.state == PURGING:
            found.append(DueNight(entry=entry, files=files))
    return found


def _without_needed_terms(entry: Entry, due: tuple[LakeFile, ...]) -> tuple[LakeFile, ...]:
    """Words are counted by project, and lie under the day most conversations are of: they go with the last of these, as
    they do from the run."""
    staying = {f.project for f in entry.files if f.table == "conversations" and f not in due}
    return tuple(file for file in due if file.table != "terms" or file.project not in staying)


def purge_night(lake: Lake, due: DueNight) -> None:
    """Take what is `due` of a night; killed anywhere, the next call goes on. The files that stay keep their names."""
    entry = due.entry
    gone = {file.path for file in due.files.get(Kept.RESULTS, ())}
    written: dict[str, LakeFile] = {}
    marks = set(entry.purged)
    for kind, files in due.files.items():
        marks |= {mark(kind, file.path) for file in files if kind is not Kept.RESULTS}
    again = {file.path: file for kind, files in due.files.items() if kind is not Kept.RESULTS for file in files}
    for path, file in sorted(again.items()):
        kinds = [kind for kind in (Kept.TEXT, Kept.AUDIO) if file in due.files.get(kind, ())]
        written[path] = rewritten(lake, file, partial(_emptied, name=file.table, kinds=kinds))
    kept = tuple(written.get(file.path, file) for file in entry.files if file.path not in gone)
    if not any(file.table in ALL_TABLES for file in kept):
        gone |= {file.path for file in kept}  # nothing is left but the row of the run
        kept = ()
    purged = tuple(sorted(one for one in marks if one.split(" ", 1)[1] not in gone))
    begun = replace(entry, state=PURGING)
    publish(lake, replace(entry, state=WHOLE, files=kept, purged=purged), entry, written.values(), begun)


def _emptied(table: pa.Table, name: str, kinds: Iterable[Kept]) -> pa.Table:
    for kind in kinds:
        table = forget(kind, name, table, np.ones(table.num_rows, np.bool_))
    return table


def _over(
    entry: Entry, file: LakeFile, retention: Retention, kind: Kept, today: date, projects: dict[str, str]
) -> bool:
    if file.table not in ALL_TABLES:
        return False
    period = retention.period(kind, projects.get(file.project, ""))
    begun = (entry.started_at or "1970-01-01")[:10]
    day = date.fromisoformat(begun if file.day == UNKNOWN else file.day)
    return period is not None and day < period.before(today)
