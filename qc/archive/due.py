"""What a policy of retention no longer keeps of stored runs, before anything is taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from qc.archive.transcripts import Transcripts
from qc.domain.retention import TITLES, Kept, Retention
from qc.domain.run import RunStatus
from qc.errors import UsageError
from qc.storage.read import StoredRun

TAKEN_FROM_TABLES = (Kept.RESULTS, Kept.TEXT, Kept.AUDIO)
"""What is in the tables, in the order it is taken: rows that go need no emptying."""
_SILENCE = (Kept.TRANSCRIPTS, Kept.TEXT, Kept.RESULTS)
"""A recording of which any of these is over needs no transcript any more."""
_PAGES = ("report", "report.partial", "report.old", "pages", "bleep", "workbook.xlsx")
"""What of a run quotes what is taken, or lets it be heard, also where its making was broken off."""
_BRIEFS = "opinion"
"""Beside the runs: a folder for each day of them, whose brief quotes that day."""
_QUOTED = (Kept.REPORTS, Kept.TEXT, Kept.RESULTS)
"""A day of which any of these is over needs no brief any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is due of one run. `talks`: kind → project → conversations. `reports`: folders of pages, a workbook,
    days' briefs; `cached`: transcripts; `whole`: no conversation is left, the run goes."""

    run: StoredRun
    talks: Mapping[Kept, Mapping[str, int]]
    before: Mapping[Kept, Mapping[str, date]]
    reports: tuple[Path, ...]
    cached: tuple[Path, ...]
    whole: bool

    @property
    def counts(self) -> dict[str, int]:
        """Kind → how many: conversations, folders of pages and workbooks, transcripts."""
        found = {kind.value: sum(projects.values()) for kind, projects in self.talks.items() if projects}
        found |= {"reports": len(self.reports)} if self.reports else {}
        found |= {"transcripts": len(self.cached)} if self.cached else {}
        return found | ({"runs": 1} if self.whole else {})


def due_runs(
    runs: Sequence[StoredRun], retention: Retention, today: date, cache: Path
) -> tuple[list[Due], list[UsageError]]:
    """What the policy takes of `runs` on the day `today`, and what is wrong with those whose tables cannot be read:
    they keep nobody else's.

    What several runs share (a transcript, a day's brief) is counted with the first of them. A transcript that a run
    under legal hold, or a conversation whose time is not over, was judged by stays.
    """
    transcripts = Transcripts(cache)
    found: list[Due] = []
    damaged: list[UsageError] = []
    for run in runs:
        try:
            one = due(run, retention, today, transcripts)
        except UsageError as error:
            damaged.append(error)
            continue
        if one is not None:
            found.append(one)
    taken = {path for one in found for path in one.cached}
    if taken:
        taken -= _needed(runs, retention, today, transcripts, taken)
    once: list[Due] = []
    written: set[Path] = set()
    for one in found:
        mine = tuple(path for path in one.cached if path in taken)
        taken.difference_update(mine)
        once.append(replace(one, cached=mine, reports=tuple(path for path in one.reports if path not in written)))
        written.update(one.reports)
    return [one for one in once if one.counts], damaged


def unmatched(runs: Sequence[StoredRun], retention: Retention, names: Collection[str]) -> Iterator[str]:
    """What the policy names and nothing here is called, in Chinese sentences: by a slip of the pen, what was to be kept
    is taken. `names`: of all runs there are."""
    for name in retention.keep:
        if name not in names:
            yield f"retention.keep 里的 {name} 不是这里的批次；要是写错了编号，就没有保全"
    seen: set[str] = set()
    for run in runs if retention.projects else ():
        with suppress(UsageError):  # told of already
            seen.update(pc.unique(run.table("conversations", ["project"])["project"]).to_pylist())
    for name in retention.projects:
        if name not in seen:
            yield f"retention.projects 里的 {name} 在这些批次里没有会话；要是写错了名字，它的会话会按 default 清除"


def due(run: StoredRun, retention: Retention, today: date, transcripts: Transcripts) -> Due | None:
    """What the policy takes of `run` on the day `today`; None where nothing. A conversation without a date counts for
    the day the run was begun. Runs that are not finished, and those that are to be kept, are never touched. Raises
    UsageError when its conversations cannot be read."""
    lineage = run.lineage
    if lineage.status is not RunStatus.DONE or lineage.run_id in retention.keep:
        return None
    talks = conversations(run)
    days, projects = days_of(run, talks), projects_of(talks)
    census = Counter(zip(projects, days, strict=True))
    limits = _limits(retention, {project for project, _ in census}, today)

    def over(kind: Kept, project: str, day: date) -> bool:
        return project in limits[kind] and day < limits[kind][project]

    found: dict[Kept, dict[str, int]] = {}
    for kind in TAKEN_FROM_TABLES:
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
    written = [run.path / name for name in _PAGES] if pages else []
    quoted = {day for project, day in census if any(over(kind, project, day) for kind in _QUOTED)}
    written += [run.path.parent / _BRIEFS / day.isoformat() for day in sorted(quoted)]
    silent = [any(over(kind, p, d) for kind in _SILENCE) for p, d in zip(projects, days, strict=True)]
    answer = Due(
        run=run,
        talks=found,
        before={kind: limits[kind] for kind in found},
        reports=tuple(path for path in written if path.exists()),
        cached=tuple(transcripts.of(run.lineage, talks.filter(pa.array(silent, pa.bool_())))),
        whole=whole,
    )
    return answer if answer.counts else None


def _limits(retention: Retention, projects: set[str], today: date) -> dict[Kept, dict[str, date]]:
    """Kind → project → the first day that is kept; no entry: for ever."""
    periods = {kind: {project: retention.period(kind, project) for project in projects} for kind in Kept}
    return {kind: {name: p.before(today) for name, p in of.items() if p is not None} for kind, of in periods.items()}


def _needed(
    runs: Sequence[StoredRun], retention: Retention, today: date, transcripts: Transcripts, due: set[Path]
) -> set[Path]:
    """Which of the transcripts that are `due` of one run another still needs."""
    needed: set[Path] = set()
    for run in runs:
        try:
            talks = conversations(run)
        except UsageError:
            continue  # told of already
        days, projects = days_of(run, talks), projects_of(talks)
        limits = _limits(retention, set(projects), today)
        held = run.lineage.run_id in retention.keep
        alive = [
            held or not any(project in limits[kind] and day < limits[kind][project] for kind in _SILENCE)
            for project, day in zip(projects, days, strict=True)
        ]
        needed.update(due.intersection(transcripts.of(run.lineage, talks.filter(pa.array(alive, pa.bool_())))))
    return needed


def conversations(run: StoredRun) -> pa.Table:
    """What decides when the time of a conversation is over, and which recording it is."""
    return run.table("conversations", ["conversation_id", "project", "date", "source_format", "source_sha256"])


def days_of(run: StoredRun, talks: pa.Table) -> list[date]:
    """The day of each conversation."""
    begun = date.fromisoformat((run.lineage.started_at or "1970-01-01")[:10])
    return [day or begun for day in pc.cast(talks["date"], pa.date32()).to_pylist()]


def projects_of(talks: pa.Table) -> list[str]:
    """The project of each conversation, empty for none."""
    return [name or "" for name in talks["project"].to_pylist()]


def told(kind: str) -> str:
    """What is counted under a key of `Due.counts`, in Chinese."""
    return "整个批次" if kind == "runs" else TITLES[Kept(kind)]
