"""Reading a stored run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from qc.domain.run import Lineage, RunStatus
from qc.errors import UsageError, refusal, remedy
from qc.schema.reviews import ALL_TABLES
from qc.storage.digests import PARTS_FILE
from qc.storage.lineage import LINEAGE_FILE, read_lineage
from qc.storage.write import NOTE, REVIEWS_FOLDER, part_files, part_number, part_path

_T = TypeVar("_T")
NEVER = datetime(1980, 1, 1)
"""The first time a ZIP archive, and so a workbook, can hold."""


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run on disk."""

    path: Path
    lineage: Lineage

    def table(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """All rows of table `name`, in part order, with its schema (columns in the order asked for)."""
        tables = list(self.parts(name, columns))
        schema = ALL_TABLES[name]
        if columns is not None:
            schema = pa.schema([schema.field(c) for c in columns])
        return pa.concat_tables(tables) if tables else schema.empty_table()

    def encoded(self, name: str, columns: Sequence[str]) -> pa.Table:
        """As `table`, with texts as dictionaries, each part its own: of millions of rows a fifth of the memory."""
        schema = pa.schema([ALL_TABLES[name].field(c) for c in columns])
        schema = pa.schema([f.with_type(_encoded(f.type)) for f in schema])
        tables = [_sound(path, schema, columns, encoded=True) for path in self.part_files(name)]
        return pa.concat_tables(tables) if tables else schema.empty_table()

    def parts(self, name: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """The table part by part, for readers that must stay small."""
        for path in self.part_files(name):
            yield _sound(path, ALL_TABLES[name], columns)

    def part(self, name: str, number: int, columns: Sequence[str]) -> pa.Table:
        """Some columns of one part. Raises UsageError when the file is not there or damaged."""
        return _sound(part_path(self.path, name, number), ALL_TABLES[name], columns)

    def rows(self, name: str) -> int:
        """How many rows table `name` has, as the footers of its files say; nothing else of them is read. Raises
        UsageError when one is damaged."""
        return sum(_told(path, lambda path: pq.read_metadata(path).num_rows) for path in self.part_files(name))

    def note(self, name: str) -> str:
        """What the writer of table `name` noted on its first part, empty where nothing."""
        files = self.part_files(name)
        found = (_sound(files[0], ALL_TABLES[name], ALL_TABLES[name].names[:1]).schema.metadata or {}) if files else {}
        return bytes(found.get(NOTE, b"")).decode()

    def shards(self) -> list[int]:
        """The numbers of the parts, in order."""
        return [part_number(path) for path in self.part_files("conversations")]

    def part_files(self, name: str) -> list[Path]:
        """Committed part files of table `name`, in order."""
        return part_files(self.path, name)

    @property
    def ended(self) -> datetime | None:
        """When the run ended; None where that cannot be read."""
        return _moment(self.lineage.finished_at)

    @property
    def moment(self) -> datetime:
        """When the run ended, else when it began, else NEVER: all that files made from it say of time, so that the
        same run gives the same bytes."""
        return self.ended or _moment(self.lineage.started_at) or NEVER


def _moment(written: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(written or "").replace(tzinfo=None)
    except ValueError:
        return None


def _encoded(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_encoded(kind.value_type)))
    return pa.dictionary(pa.int32(), kind) if pa.types.is_string(kind) else kind


def _sound(path: Path, schema: pa.Schema, columns: Sequence[str] | None, *, encoded: bool = False) -> pa.Table:
    return _told(path, lambda path: _read(path, schema, columns, encoded))


def _told(path: Path, read: Callable[[Path], _T]) -> _T:
    """What `read` makes of the file; what is wrong with it, as a UsageError."""
    try:
        return read(path)
    except (OSError, pa.ArrowException, ValueError, LookupError, TypeError, OverflowError) as error:
        if isinstance(error, OSError) and error.errno:
            lost = _remedy(path) if isinstance(error, FileNotFoundError) else ""
            raise UsageError(f"读不了 {path}：{refusal(error)}", f"{remedy(error)}{lost}") from None
        raise UsageError(f"读不了 {path}：内容坏了（{type(error).__name__}）", _remedy(path)) from None


def _remedy(path: Path) -> str:
    """What brings the file back: nothing that people said is brought back by a run."""
    name, folder = path.parent.name, path.parent.parent.name
    if folder != REVIEWS_FOLDER:
        return "结果表可以重做：先用 qc verify 看清还坏了什么，再从备份恢复，或重新运行 qc run。"
    if name.startswith("final_"):
        return "终审由复核算出：用 qc review import --run 批次目录 重算（不用给文件）。"
    return "人的意见重新运行也回不来：请从备份恢复这个文件。"


def _read(path: Path, schema: pa.Schema, columns: Sequence[str] | None, encoded: bool) -> pa.Table:
    """Columns that a run written by an earlier version does not have are null."""
    # A run is hundreds of small files: threads for each, and the path looked up as any file system, double the time.
    with pa.OSFile(str(path)) as source, _opened(source, schema if encoded else None) as file:
        _check_columns(file.schema_arrow, schema)
        if columns is None:
            return file.read(use_threads=False)
        stored = set(file.schema_arrow.names)
        table = file.read([c for c in columns if c in stored], use_threads=False)
    for missing in [c for c in columns if c not in stored]:
        table = table.append_column(schema.field(missing), pa.nulls(table.num_rows, schema.field(missing).type))
    table = table.select(list(columns))
    if not encoded:
        for at, column in enumerate(columns):  # pieces of a text have more to tell than they once had
            if table.schema.field(at).type != schema.field(column).type:
                table = table.set_column(at, schema.field(column), table[column].cast(schema.field(column).type))
    return table


def _check_columns(stored: pa.Schema, schema: pa.Schema) -> None:
    """Raises TypeError where a column is of another kind than the table's: a file that is not what its name says."""
    if len(set(stored.names)) != len(stored.names):
        raise TypeError
    for field in stored:
        at = schema.get_field_index(field.name)
        if at >= 0 and _kind(field.type) != _kind(schema.field(at).type):
            raise TypeError


@lru_cache(maxsize=256)
def _kind(kind: pa.DataType) -> str:
    """What sort of values: widths may differ between versions of qc."""
    if pa.types.is_dictionary(kind):
        return _kind(kind.value_type)
    if pa.types.is_list(kind):
        return f"list of {_kind(kind.value_type)}"
    if pa.types.is_integer(kind):
        return "whole"
    return "real" if pa.types.is_floating(kind) else str(kind.id)


def _opened(source: pa.NativeFile, encoded: pa.Schema | None) -> pq.ParquetFile:
    """The file, texts of `encoded` read as dictionaries."""
    if encoded is None:
        return pq.ParquetFile(source, pre_buffer=False)
    metadata = pq.read_metadata(source)
    stored = [metadata.schema.column(i) for i in range(metadata.num_columns)]
    texts = [c.path for c in stored if str(c.logical_type) == "String" and c.path.split(".")[0] in encoded.names]
    return pq.ParquetFile(source, pre_buffer=False, metadata=metadata, read_dictionary=texts)


def open_run(path: Path) -> StoredRun:
    """Open a run directory. Raises UsageError when it is none."""
    return StoredRun(path, read_lineage(path))


def require_finished(run: StoredRun) -> StoredRun:
    """`run`; raises UsageError when it is not finished."""
    if run.lineage.status is not RunStatus.DONE:
        raise UsageError(f"批次 {run.lineage.run_id} 还没有完成", "再运行一次当初的 qc run 命令，把它做完。")
    return run


def require_judged(run: StoredRun) -> StoredRun:
    """`run`; raises UsageError when it is not finished, or holds transcripts only."""
    if not require_finished(run).lineage.rules_digest:
        raise UsageError(f"{run.path} 只有转写，还没有判定", f"先运行 qc inspect {run.path}")
    return run


def run_folders(root: Path) -> list[Path]:
    """Every folder under `root` that says it is a run, in order of names. Hidden ones are none: a purge that was killed
    left them."""
    return sorted(path.parent for path in root.glob(f"*/{LINEAGE_FILE}") if not path.parent.name.startswith("."))


def list_runs(root: Path) -> list[StoredRun]:
    """Every finished run under `root`, oldest first (by start time, then id). Others are left out (`left_out`)."""
    runs = []
    for path in run_folders(root):
        try:
            run = open_run(path)
        except UsageError:
            continue
        if run.lineage.status is RunStatus.DONE:
            runs.append(run)
    return sorted(runs, key=lambda r: (r.lineage.started_at, r.lineage.run_id))


def left_out(root: Path) -> list[str]:
    """Why `list_runs` leaves out a run under `root`: it is damaged, of a later version of qc, not finished, or another
    user's (Chinese, one sentence for each)."""
    folders = [path for path in sorted(root.glob("[!.]*")) if path.is_dir()]
    shut = [path for path in folders if not os.access(path, os.R_OK | os.X_OK)]
    found = [f"目录 {path.name} 打不开：没有权限（多半是别的用户运行的）" for path in shut]
    lost = {path.parent for path in root.glob(f"*/{PARTS_FILE}") if not path.parent.name.startswith(".")}
    for path in sorted({*run_folders(root), *lost}):
        try:
            if read_lineage(path).status is not RunStatus.DONE:
                found.append(f"批次 {path.name} 还没有做完")
        except UsageError as error:
            found.append(error.message)
    return found


def not_counted(run: StoredRun, error: UsageError) -> str:
    """What is said of a finished run whose tables cannot be read, where it is left out of a sum of many (Chinese)."""
    return f"批次 {run.lineage.run_id} 坏了，没有算进来：{error.message}"
