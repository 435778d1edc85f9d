"""Small nights beside each other, as the pipeline leaves them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from qc.schema.tables import TABLES
from qc.storage.digests import PartDigest, sha256_of, write_parts
from qc.storage.lineage import write_lineage
from qc.storage.read import StoredRun, open_run
from tests.reporting.conftest import RunBuilder, Talk

FIRST = date(2020, 3, 1)
PROJECTS = ("95598", "保险", 'A/B=50% "试点"')
"""The last one can be no name of a folder as it is."""


def talk(number: int, day: int) -> Talk:
    return Talk(
        id=f"{day:02d}-{number:04d}",
        turns=(("agent", "您好，请讲。"), ("customer", f"第 {number} 个，我要投诉。"), ("agent", "不归我管。")),
        found={"service.shirking": (3, "不归我管"), "customer.escalation": (2, "投诉")} if number % 3 == 0 else {},
        level=3 if number % 3 == 0 else 0,
    )


def night(
    runs: Path,
    day: int,
    *,
    talks: int = 12,
    judged: int = 0,
    projects: Sequence[str] = PROJECTS,
    dated: bool = True,
    input_digest: str | None = None,
) -> StoredRun:
    """A run over the talks of `day` (from 0); `judged` times later with the same input, each a run of its own."""
    on = FIRST + timedelta(days=day)
    builder = RunBuilder(runs / f"night-{day:02d}-{judged}")
    for number in range(talks):
        builder.add(talk(number, day))
    for number, row in enumerate(builder.rows["conversations"]):
        row["project"] = projects[number % len(projects)]
        row["date"] = on if dated else None
        row["started_at"] = datetime.combine(on, row["started_at"].time()) if dated else None
        row["source_sha256"] = f"{row['conversation_id']:0>64}"
        row["source_path"] = f"{row['conversation_id']}.wav"
    builder.fail("缺.wav", "unreadable", "打不开")
    for project in projects:
        builder.term(project, "投诉", 4, 4)
    begun = datetime.combine(on, datetime.min.time()) + timedelta(days=1, hours=1 + judged)
    return builder.write(
        run_id=f"night-{day:02d}-{judged}",
        name=f"{on:%m 月 %d 日}夜间",
        started_at=begun.isoformat(),
        finished_at=(begun + timedelta(minutes=5)).isoformat(),
        input_digest=input_digest or f"{day:064x}",
    )


def listed(run: StoredRun) -> StoredRun:
    """With the digests that a finished run has."""
    parts = [
        PartDigest(
            path=path.relative_to(run.path).as_posix(), sha256=sha256_of(path), rows=0, bytes=path.stat().st_size
        )
        for name in TABLES
        for path in run.part_files(name)
    ]
    write_lineage(run.path, replace(run.lineage, parts_digest=write_parts(run.path, parts)))
    return open_run(run.path)
