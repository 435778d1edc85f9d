"""Targets: what qc itself wrote, and what comes back to it. A disk, a sync program or a hand may have changed it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from qc.archive.due import due_runs
from qc.archive.lake import MANIFEST, Lake
from qc.archive.purge_lake import due_nights
from qc.asr.assemble import Assembly, assemble
from qc.asr.cache import TranscriptCache
from qc.asr.engines.measured import _key as measured_key
from qc.asr.engines.measured import recall
from qc.asr.models import ct2_weights
from qc.domain.config import Config
from qc.domain.conversation import CallMeta, Channel, Source
from qc.domain.recording import Recording
from qc.domain.retention import Kept, Period, Retention
from qc.domain.run import Counts, Lineage, RunStatus
from qc.domain.speech import SpeechSpecs
from qc.errors import QcError
from qc.paths import packaged
from qc.pipeline.plan import Plan, start
from qc.pipeline.restore import stored_inputs
from qc.pipeline.retry import begun
from qc.review.file import read_file
from qc.review.sheet import read_reviews
from qc.schema.runs import runs_table
from qc.specs.speech import load_speech
from qc.storage import audit
from qc.storage.digests import intact, read_parts
from qc.storage.lineage import read_lineage, write_lineage
from qc.storage.read import StoredRun, list_runs
from qc.storage.sql import Database
from qc.storage.summary import summarised, summary_path
from qc.storage.write import committed_shards, part_path
from qc.text.frequencies import frequencies
from tests.fuzz.reading import in_workbook
from tests.fuzz.rows import Quiet
from tests.fuzz.target import Target

NOW = datetime(2026, 11, 22)
_POLICY = Retention(default={kind: Period(days=30) for kind in Kept})


def review_file(data: bytes, folder: Path) -> Iterator[str]:
    file = folder / "复核.json"
    file.write_bytes(data)
    yield from (c.message for c in read_file(file, now=NOW).complaints)


def review_sheet(data: bytes, folder: Path) -> Iterator[str]:
    file = folder / "复核.xlsx"
    file.write_bytes(data)
    returned = read_reviews(file, now=NOW, reviewer="李")
    for opinion in returned.opinions:
        (opinion.conversation_id + opinion.comment + opinion.reviewer).encode()
    yield from (c.message for c in returned.complaints)


def cache_entry(data: bytes, folder: Path) -> Iterator[str]:
    """What comes out of the cache becomes a conversation."""
    file = folder / "ab" / "abcd.json"
    file.parent.mkdir()
    file.write_bytes(data)
    transcript = TranscriptCache(folder).get("abcd")
    if transcript is not None:
        config = Config()
        turns, _ = assemble(transcript, "95598", Assembly(audio=config.audio, asr=config.asr, speech=_speech()))
        for turn in turns:
            turn.text.encode()
    yield from ()


@cache
def _speech() -> SpeechSpecs:
    return load_speech(packaged("rules") / "_speech")


def markers(data: bytes, folder: Path) -> Iterator[str]:
    place = folder / ".work" / "shards"
    place.mkdir(parents=True)
    (place / "00000.json").write_bytes(data)
    done, damaged = committed_shards(folder)
    assert len(done) + len(damaged) == 1
    for number, counts in done.items():
        assert isinstance(number, int)
        assert counts.inputs == counts.ok + counts.failed + counts.quarantined
    yield from ()


def lineage(data: bytes, folder: Path) -> Iterator[str]:
    run = folder / "r"
    run.mkdir()
    (run / "run.json").write_bytes(data)
    found = read_lineage(run)
    _ = f"{found.run_id}{found.started_at}{found.counts.input + 0}{found.counts.balanced()}"
    runs_table([found])
    due_runs([StoredRun(run, found)], _POLICY, NOW.date(), folder / "cache")
    list_runs(folder)
    for note in found.notes:
        note.encode()
    yield from ()


def parts_list(data: bytes, folder: Path) -> Iterator[str]:
    (folder / "parts.json").write_bytes(data)
    for listed in read_parts(folder) or ():
        assert (folder / listed.path).resolve().is_relative_to(folder.resolve())
        intact(folder, listed)
    yield from ()


def audit_log(data: bytes, folder: Path) -> Iterator[str]:
    (folder / audit.LOG).write_bytes(data)
    for entry in audit.entries(folder):
        str(entry)
    verdict = audit.verify(folder)
    yield from verdict.problems
    yield from verdict.remarks


def audit_head(data: bytes, folder: Path) -> Iterator[str]:
    (folder / audit.LOG).write_bytes(b"")
    (folder / audit.HEAD).write_bytes(data)
    yield from audit.verify(folder).problems


def lake_entry(data: bytes, folder: Path) -> Iterator[str]:
    """What is listed here is also removed when its time is over."""
    place = folder / MANIFEST / "n.json"
    place.parent.mkdir(parents=True)
    place.write_bytes(data)
    lake = Lake(str(folder))
    for entry in lake.entries().values():
        for file in entry.files:
            assert (folder / file.path).resolve().is_relative_to(folder.resolve())
    due_nights(lake, _POLICY, NOW.date())
    lake.datasets()
    yield from ()


def retry(data: bytes, folder: Path) -> Iterator[str]:
    """What a run that is opened again remembers of its failures."""
    write_lineage(folder, Lineage(run_id="r", qc_version="0", status=RunStatus.DONE))
    (folder / ".work").mkdir()
    (folder / ".work" / "retry.json").write_bytes(data)
    again = begun(Plan(run=folder, lineage=read_lineage(folder), resumed=True), Quiet(), wanted=True)
    if again is not None:
        source = Source(path="a.wav", format="audio", sha256="ef")
        asked = Recording(
            conversation_id="a",
            file="a.wav",
            project="甲",
            channel=Channel.VOICE_INBOUND,
            meta=CallMeta(),
            source=source,
        )
        for failure in again.settled([asked], mask=True).values():
            yield failure.message
        yield again.told(folder, "2026-11-22")


def summary(data: bytes, folder: Path) -> Iterator[str]:
    """What an earlier run comes to in few columns: whatever became of its file, it says what the tables say."""
    columns = ["conversation_id", "rule_id", "hit_count"]
    table = pa.table({"conversation_id": ["c1"], "rule_id": ["a.b"], "hit_count": pa.array([2], pa.int32())})
    write_lineage(folder, Lineage(run_id="r", qc_version="0"))
    path = part_path(folder, "findings", 0)
    path.parent.mkdir()
    pq.write_table(table, path)
    run = StoredRun(folder, Lineage(run_id="r", qc_version="0"))
    summarised(run)
    summary_path(folder, "findings").write_bytes(data)
    assert summarised(run).table("findings", columns).equals(run.table("findings", columns))
    yield from ()


def part(table: str) -> Callable[[bytes, Path], Iterator[str]]:
    """A part of a stored run, read as commands do."""

    def run(data: bytes, folder: Path) -> Iterator[str]:
        file = part_path(folder, table, 0)
        file.parent.mkdir(parents=True)
        file.write_bytes(data)
        stored = StoredRun(folder, Lineage(run_id="r", qc_version="0", counts=Counts()))
        if table == "turns":
            for item in stored_inputs(stored):
                str(item)
        stored.table(table)
        stored.encoded(table, ["conversation_id"])
        with Database([stored], memory="200MB") as database:
            for batch in database.ask(f"select * from {table}"):
                batch.to_pylist()
        yield from ()

    return run


def run_id(data: bytes, folder: Path) -> Iterator[str]:
    """A name from the command line: a folder right under the output, or a refusal."""
    out = folder / "runs"
    name = os.fsdecode(data.replace(b"\0", b""))
    plan = start(out, Lineage(run_id="", qc_version="0", plan_digest="ab"), run_id=name, fresh=False)
    assert plan.run.resolve().parent == out.resolve()
    yield from ()


def ct2(data: bytes, folder: Path) -> Iterator[str]:
    """The weights of a model: their names and shapes decide how much is read."""
    for look in (ct2_weights.vocabulary_size, ct2_weights.is_convertible, ct2_weights.convert):
        try:
            look(bytearray(data))
        except ct2_weights.FormatError as error:
            assert str(error)
    yield from ()


def checkpoint(data: bytes, folder: Path) -> Iterator[str]:
    from qc.asr.engines.whisper.checkpoint import vocabulary_size

    file = folder / "a.pt"
    file.write_bytes(data)
    vocabulary_size(file)
    yield from ()


def measured(data: bytes, folder: Path) -> Iterator[str]:
    with _cache(folder):
        (folder / "asr-choice.json").write_bytes(data.replace(b"KEY", _machine()))
        for found in recall(Config().asr):
            found.engine.encode()
    yield from ()


@cache
def _machine() -> bytes:
    """What measurements on this machine are kept under."""
    try:
        return measured_key(Config().asr).encode()
    except QcError:  # no model is installed
        return b"KEY"


def words(data: bytes, folder: Path) -> Iterator[str]:
    """The dictionary as it is kept in the cache: damaged, it is made again."""
    import hashlib

    source = folder / "dict.txt"
    source.write_bytes(b"a 1\n")
    name = f"words-{hashlib.sha256(b'a 1' + bytes([10])).hexdigest()[:16]}.npz"
    with _cache(folder):
        (folder / name).write_bytes(data)
        found, total = frequencies(source, lambda: ({"a": 1}, 1))
        assert all(isinstance(word, str) and isinstance(n, int) for word, n in found.items())
        assert isinstance(total, int)
    yield from ()


@contextmanager
def _cache(folder: Path) -> Iterator[None]:
    before = os.environ.get("QC_CACHE_DIR")
    os.environ["QC_CACHE_DIR"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["QC_CACHE_DIR"]
        else:
            os.environ["QC_CACHE_DIR"] = before


TARGETS = (
    Target(name="review_file", run=review_file),
    Target(name="review_sheet", run=review_sheet),
    Target(name="review_sheet_part", run=in_workbook(review_sheet, sheets=3)),
    Target(name="cache_entry", run=cache_entry),
    Target(name="marker", run=markers),
    Target(name="run_json", run=lineage),
    Target(name="parts_list", run=parts_list),
    Target(name="audit_log", run=audit_log),
    Target(name="audit_head", run=audit_head),
    Target(name="lake_entry", run=lake_entry, refusals=(QcError, FileNotFoundError)),
    Target(name="retry", run=retry),
    Target(name="summary", run=summary),
    Target(name="part_turns", run=part("turns")),
    Target(name="part_findings", run=part("findings")),
    Target(name="run_id", run=run_id),
    Target(name="ct2", run=ct2),
    Target(name="checkpoint", run=checkpoint),
    Target(name="measured", run=measured, ready=_machine),
    Target(name="words", run=words),
)
