"""Targets: stored runs whose rows are not what any qc wrote. The data is JSON, a list of changes to a small sound run:
[table, row, column, value] sets a value, [table, row, null, {column: value}] a row, added where there is none."""

from __future__ import annotations

import hashlib
import io
import json
import wave
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq

from qc import __version__
from qc.archive.compact import compact
from qc.archive.due import due_runs
from qc.archive.lake import Lake
from qc.archive.purge import purge
from qc.archive.purge_lake import due_nights, purge_night
from qc.domain.retention import Kept, Period, Retention
from qc.domain.run import CardLineage, Counts, Lineage, RunStatus
from qc.pipeline.plan import exclusive
from qc.pipeline.specs import Folders, folders, load
from qc.pipeline.verification import verify as verification
from qc.pipeline.verification.rules import Known
from qc.privacy.bleep import bleep as what_to_bleep
from qc.privacy.bleep import write_bleeped, write_offsets
from qc.schema.reviews import ALL_TABLES
from qc.schema.tables import SCHEMA_VERSION, TABLES
from qc.storage.lineage import write_lineage
from qc.storage.read import StoredRun, open_run
from qc.storage.write import part_path
from tests.fuzz.target import SPEECH, Target
from tests.reporting.conftest import CARDS, RULES, RunBuilder, Talk

_MOST_EDITS = 50
_TODAY = date(2026, 11, 22)


Rows = list[dict[str, Any]]


def _sound(folder: Path) -> dict[str, Rows]:
    build = RunBuilder(folder)
    turns = (("agent", "您好，请讲。"), ("customer", f"我的手机是{SPEECH}"))
    build.add(Talk("A1", turns=turns, found={"service.greeting": (1, "您好")}, unsure=("service.interrupt",)))
    build.add(Talk("A2"))
    build.fail("坏.wav", "empty_file", "文件是空的（0 字节）")
    build.term("95598", "手机", 1, 1)
    mobile = {"start": 5, "end": 13, "type": "mobile", "valid": True, "personal": True}
    times = {"start": 0, "end": 13, "start_ms": 100, "end_ms": 400}
    for row in build.rows["turns"]:
        row |= {"start_ms": 0, "end_ms": 450, "entities": [], "phrases": [], "words": [], "marks": []}
    build.rows["turns"][1] |= {"entities": [mobile], "phrases": [{**times, "confidence": 0.9}], "words": [times]}
    build.rows["conversations"][0] |= {"source_path": "a.wav", "source_sha256": hashlib.sha256(_wav()).hexdigest()}
    return {name: build.rows.get(name, []) for name in ALL_TABLES}


@cache
def _wav() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((2, 2, 8000, 0, "NONE", ""))
        file.writeframes(b"\1\0\2\0" * 4000)
    return out.getvalue()


def edited(data: bytes, folder: Path) -> StoredRun | None:
    """The run with its rows changed, its recording in `folder`/in; None where the data says of no change, or of one
    that no file can hold."""
    try:
        rows = _sound(folder)
        for name, row, column, value in json.loads(data)[:_MOST_EDITS]:
            mine = rows[name]
            if row >= len(mine):
                row = len(mine)  # noqa: PLW2901
                mine.append({})
            mine[row] = dict(value) if column is None else {**mine[row], column: value}
        made = {name: pa.Table.from_pylist([_typed(r, name) for r in rows[name]], ALL_TABLES[name]) for name in rows}
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError, pa.ArrowException):
        return None
    run = folder / "runs" / "r"
    for name, table in made.items():
        path = part_path(run, name, 0)
        path.parent.mkdir(parents=True)
        if name in TABLES or table.num_rows:
            pq.write_table(table, path)
    (folder / "in").mkdir()
    (folder / "in" / "a.wav").write_bytes(_wav())
    counts = {name: made[name].num_rows for name in TABLES}
    talks, lost = counts["conversations"], counts["failures"]
    lineage = Lineage(
        run_id="r",
        status=RunStatus.DONE,
        started_at="2026-11-21T01:02:03",
        finished_at="2026-11-21T01:08:00",
        qc_version=__version__,
        schema_version=SCHEMA_VERSION,
        input_path=str(folder / "in"),
        asr_engine="openai-whisper",
        rules_digest="ab" * 32,
        rules=dict.fromkeys(RULES, "1.0.0"),
        rule_digests=dict.fromkeys(RULES, "00"),
        scorecards=tuple(CardLineage(id=i, title=t, version="1.0.0", digest="cd" * 32) for i, t in CARDS.values()),
        counts=Counts(input=talks + lost, ok=talks, failed=lost, quarantined=0),
        tables=counts,
    )
    write_lineage(run, lineage)
    return open_run(run)


def _typed(row: dict[str, Any], name: str) -> dict[str, Any]:
    """JSON knows no times."""
    row = dict(row)
    for field in ALL_TABLES[name]:
        value = row.get(field.name)
        if isinstance(value, str) and pa.types.is_temporal(field.type):
            moment = datetime.fromisoformat(value)
            row[field.name] = moment.date() if pa.types.is_date(field.type) else moment
    return row


class Quiet:
    def note(self, message: str) -> None: ...
    def stage(self, title: str, total: float | None, unit: str) -> None: ...
    def advance(self, amount: float, message: str) -> None: ...
    def finish(self) -> None: ...


def verify(data: bytes, folder: Path) -> Iterator[str]:
    """Whatever stands in the tables, it is told what is wrong with it."""
    run = edited(data, folder)
    if run is None:
        return
    with patch.object(verification, "known_rules", lambda *_: _known()):
        done = verification.verify(run.path, _folders(), None, sample=5, progress=Quiet())
    for check in done.checks:
        yield from (check.told, *check.problems)


@cache
def _folders() -> Folders:
    return folders(None)


@cache
def _known() -> Known:
    specs = load(_folders())
    few = replace(specs.pack, rules=specs.pack.rules[:3])
    cards = frozenset(card.id for card in specs.cards)
    return Known(specs=replace(specs, pack=few), whole=True, cards=cards, told="现在的规则就是当时的")


def bleep(data: bytes, folder: Path) -> Iterator[str]:
    run = edited(data, folder)
    if run is None:
        return
    told, recording = what_to_bleep(run, "A1")
    write_bleeped(told, recording, folder / "a.wav")
    for name in ("a.json", "a.csv"):
        write_offsets(told, folder / name)
    yield from ()


def retention(data: bytes, folder: Path) -> Iterator[str]:
    """A purge of the run, then of the data set that holds it."""
    run = edited(data, folder)
    if run is None:
        return
    lake = Lake(str(folder / "lake"))
    compact([run], lake)
    for dataset in lake.datasets().values():
        dataset.to_table()
    policy = Retention(default={Kept.TEXT: Period(days=1), Kept.AUDIO: Period(), Kept.REPORTS: None})
    for night in due_nights(lake, policy, _TODAY):
        purge_night(lake, night)
    found, damaged = due_runs([run], policy, _TODAY, folder / "cache")
    yield from (error.message for error in damaged)
    for one in found:
        purge(one, _TODAY, partial(exclusive, unlocked=print), list)


TARGETS = (
    Target(name="rows_verify", run=verify, ready=_known),
    Target(name="rows_bleep", run=bleep),
    Target(name="rows_retention", run=retention),
)
