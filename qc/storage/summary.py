"""What comparisons read of an earlier run, in one file per table: RUN/.summary/TABLE.arrow.

A night of 100,000 conversations is hundreds of part files of dozens of columns; a report that looks at a month of such
nights would mostly open files. The summary has the few columns that reports, alerts and indicators compare, piece by
piece as they are stored (the same pieces give the same sums to the last digit), so that whoever reads it gets what the
tables give. It is made from the tables when first wanted, bears the digest of the run's state, and is made again when
that has changed (a review, another judgement, a purge) or the file is not what was written: Arrow takes what stands in
its files on trust, and a damaged one could tell wrong figures or end the process. It may be removed at any time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc as ipc

from qc.storage.digests import sha256_of
from qc.storage.files import atomic, write_text
from qc.storage.read import StoredRun
from qc.storage.state import state_of

SUMMARY = ".summary"
_COLUMNS: dict[str, tuple[str, ...]] = {
    "conversations": (
        *("conversation_id", "project", "channel", "date", "started_at", "duration_ms", "agent_id", "agent_name"),
        *("team", "customer_id", "region", "ring_count", "queue_wait_s", "hold_s", "after_call_s", "transfers"),
        *("satisfaction", "extra", "source_sha256", "agent_turns", "customer_turns", "bot_turns", "silence_ms"),
        *("agent_chars_per_min", "customer_emotion_end", "customer_emotion_level", "soothed", "primary_topic"),
        *("contact_reason", "asr_confidence", "sample_rate", "role_source"),
    ),
    "findings": ("conversation_id", "rule_id", "kind", "severity", "status", "verdict", "hit_count"),
    "topics": ("conversation_id", "topic_id", "topic", "share", "rank"),
    "intents": ("conversation_id", "intent_id", "intent"),
    "complaints": ("conversation_id", "type_id", "type"),
    "scores": ("conversation_id", "scorecard_id", "base", "score", "passed", "auto_fail", "business_error"),
}
"""What is compared over runs. Other columns and tables come from the parts."""
_FORMAT = hashlib.sha256(repr((1, sorted(_COLUMNS.items()))).encode()).hexdigest()
_STATE = b"qc.state"
_DIGEST = ".sha256"


@dataclass(frozen=True, slots=True)
class SummarisedRun(StoredRun):
    """A stored run whose summary, written for `state`, answers for the columns it has."""

    state: bytes

    def parts(self, name: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        if columns is None or not set(columns) <= set(_COLUMNS.get(name, ())):
            yield from StoredRun.parts(self, name, columns)
            return
        with ExitStack() as stack:
            file = _opened(self.path, name, self.state, list(columns), stack)
            if file is None:  # somebody removed it
                yield from StoredRun.parts(self, name, columns)
                return
            for number in range(file.num_record_batches):
                yield pa.Table.from_batches([file.get_batch(number)]).replace_schema_metadata(None).select(columns)


def summarised(run: StoredRun) -> StoredRun:
    """`run`, read by its summary, which is written where there is none of this state. Where none can be written (a
    medium that is read only, a full disk) the run as it is."""
    state = f"{_FORMAT} {state_of(run)}".encode()
    try:
        for name in _COLUMNS:
            with ExitStack() as stack:
                known = _opened(run.path, name, state, None, stack) is not None
            if not known:
                _write(run, name, state)
    except OSError:
        return run
    return SummarisedRun(run.path, run.lineage, state)


def kept(
    run: StoredRun, names: Sequence[str], key: str, make: Callable[[], Mapping[str, pa.Table]]
) -> Mapping[str, pa.Table]:
    """The tables `names` that `make` works out from `run`, kept beside the summary under the same rule: made when first
    wanted, and again when the run's state has changed, or `key`, which stands for all else that decides them."""
    state = f"{key} {state_of(run)}".encode()
    found = {name: table for name in names if (table := _kept(run.path, name, state)) is not None}
    if len(found) == len(names):
        return found
    made = make()
    with suppress(OSError):  # as in `summarised`
        for name in names:
            with _written(run.path, name) as temporary, ExitStack() as stack:
                table = made[name].replace_schema_metadata({_STATE: state}).combine_chunks()
                _writer(temporary, table.schema, stack).write_table(table)
    return made


def _kept(run: Path, name: str, state: bytes) -> pa.Table | None:
    with ExitStack() as stack:
        file = _opened(run, name, state, None, stack)
        try:
            return None if file is None else file.read_all().replace_schema_metadata(None)
        except (OSError, pa.ArrowInvalid):
            return None


def summary_path(run: Path, name: str) -> Path:
    """Where the summary of a table lies."""
    return run / SUMMARY / f"{name}.arrow"


def _write(run: StoredRun, name: str, state: bytes) -> None:
    columns = list(_COLUMNS[name])
    with _written(run.path, name) as temporary, ExitStack() as stack:
        writer, schema = None, None
        for part in run.parts(name, columns):
            if writer is None:
                schema = part.schema.with_metadata({_STATE: state})
                writer = _writer(temporary, schema, stack)
            for batch in part.cast(schema).combine_chunks().to_batches() or [_none(schema)]:
                writer.write_batch(batch)
        if writer is None:
            empty = StoredRun.table(run, name, columns).schema
            _writer(temporary, empty.with_metadata({_STATE: state}), stack)


@contextmanager
def _written(run: Path, name: str) -> Iterator[Path]:
    """A temporary file that becomes the summary of a table, and then the digest of it. Who is killed between leaves a
    summary that is made again."""
    path = summary_path(run, name)
    with atomic(path) as temporary:
        yield temporary
    write_text(path.with_suffix(_DIGEST), sha256_of(path))


def _whole(path: Path) -> bool:
    """Whether the summary is what was written."""
    return path.with_suffix(_DIGEST).read_bytes() == sha256_of(path).encode()


def _writer(path: Path, schema: pa.Schema, stack: ExitStack) -> ipc.RecordBatchFileWriter:
    sink = stack.enter_context(pa.OSFile(str(path), "wb"))
    options = ipc.IpcWriteOptions(compression="lz4", use_threads=False)
    return stack.enter_context(ipc.new_file(sink, schema, options=options))


def _none(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([], f.type) for f in schema], schema=schema)


def _opened(
    run: Path, name: str, state: bytes, columns: list[str] | None, stack: ExitStack
) -> ipc.RecordBatchFileReader | None:
    """The summary of a table, if it is of this state; with `columns` only, of one that was looked at whole before. None
    where it is not there or damaged."""
    path = summary_path(run, name)
    wanted = None if columns is None else sorted(_COLUMNS[name].index(c) for c in columns)
    try:
        if columns is None and not _whole(path):
            return None
        source = stack.enter_context(pa.OSFile(str(path)))
        options = ipc.IpcReadOptions(included_fields=wanted, use_threads=False)
        file = stack.enter_context(ipc.open_file(source, options=options))
        return file if (file.schema.metadata or {}).get(_STATE) == state else None
    except (OSError, pa.ArrowInvalid):
        return None
