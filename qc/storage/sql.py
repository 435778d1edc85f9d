"""SQL over stored runs. The only module that knows DuckDB (the extra `sql`).

The database lives in memory and sees the tables as Arrow data sets, so that it needs no file of its own accord: it may
open none, write none, load no extension, and nobody can set that otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
from pyarrow.fs import LocalFileSystem

from qc.errors import UsageError, display_width
from qc.schema.reviews import ALL_TABLES
from qc.schema.runs import COLUMNS, RUN_FIELDS, RUNS, columns_table, runs_table
from qc.storage.read import StoredRun

BATCH_ROWS = 10_000
_NARROWEST = "SELECT、WITH、FROM、VALUES、DESCRIBE、SUMMARIZE、SHOW、EXPLAIN"


class Database:
    """The tables of `runs` under their names, each with the columns run_id and run_name before its own; `runs` (what
    is known of each run) and `columns` (what each column means). `lake`: the tables of a data set (qc.archive) in place
    of those. `memory` is what DuckDB may use, as it writes sizes (2GB). Raises UsageError when DuckDB is not
    installed."""

    def __init__(
        self, runs: Sequence[StoredRun], *, memory: str = "2GB", lake: Mapping[str, ds.Dataset] | None = None
    ) -> None:
        self._duckdb, self._memory = _door(), memory
        options = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
        try:
            self._connection = self._duckdb.connect(":memory:", config={**options, "memory_limit": memory})
        except self._duckdb.Error:
            raise UsageError(f"内存上限 {memory} 写得不对", "写成 512MB、2GB 这样。") from None
        for name in ALL_TABLES:
            self._connection.register(name, _dataset(runs, name) if lake is None else lake[name])
        self._connection.register(RUNS, runs_table([run.lineage for run in runs]) if lake is None else lake[RUNS])
        self._connection.register(COLUMNS, columns_table())
        for setting in (
            "python_enable_replacements = false",  # else a query could read our own variables
            "temp_directory = ''",
            "errors_as_json = true",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            self._connection.execute(f"SET {setting}")

    def __enter__(self) -> Database:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._connection.close()

    @property
    def memory_bytes(self) -> int:
        """What DuckDB may use for its tables. It does not count what one value grows to (a list of a billion numbers):
        for that the process needs a bound of its own."""
        told = self._connection.execute("select current_setting('memory_limit')").fetchall()[0][0]
        size, unit = told.split()
        return int(float(size) * 1024 ** ("bytes", "KiB", "MiB", "GiB", "TiB").index(unit))

    def ask(self, query: str) -> pa.RecordBatchReader:
        """What one reading statement answers, batch by batch; the columns have different names. Raises UsageError for
        a statement that does not read, more than one, and whatever DuckDB refuses, with the place."""
        with self._told(query):
            statements = self._connection.extract_statements(query)
        kinds = self._duckdb.StatementType
        if len(statements) != 1 or statements[0].type not in (kinds.SELECT, kinds.EXPLAIN):
            raise UsageError("一次只能写一条查询，而且只读", f"可以用：{_NARROWEST}。")
        with self._told(query):
            reader = self._relation(query).to_arrow_reader(BATCH_ROWS)
        schema = pa.schema(
            [pa.field(n, f.type) for n, f in zip(_distinct(reader.schema.names), reader.schema, strict=True)]
        )
        return pa.RecordBatchReader.from_batches(schema, self._batches(query, reader, schema))

    def _relation(self, query: str) -> Any:
        """Not executed as a statement: that would hold the whole answer. But only statements tell where they fail."""
        try:
            return self._connection.sql(query)
        except self._duckdb.Error:
            self._connection.execute(query)
            raise

    def _batches(self, query: str, reader: Any, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        with self._told(query):
            for batch in reader:
                yield pa.RecordBatch.from_arrays(batch.columns, schema=schema)

    @contextmanager
    def _told(self, query: str) -> Iterator[None]:
        """DuckDB's refusals in Chinese."""
        try:
            yield
        except self._duckdb.Error as error:
            raise self._refusal(query, error) from None
        except (pa.ArrowException, OSError) as error:  # reading a part, or DuckDB's words through Arrow's
            raise self._refusal(query, error) from None

    def _refusal(self, query: str, error: Exception) -> UsageError:
        told = _details(str(error))
        kind, text = told.get("exception_type", ""), told.get("exception_message", str(error)).strip()
        name, candidates = told.get("name", ""), told.get("candidates", "")
        hint = '表和列的名字见 qc query "select * from columns"，写法见 duckdb.org/docs/sql。'
        if kind == "Parser":
            message = f"看不懂这条 SQL：{text}"
        elif kind == "Catalog" and told.get("type") == "Table":
            message, hint = f"没有这张表：{name}", f"有：{'、'.join([*ALL_TABLES, RUNS, COLUMNS])}。"
        elif told.get("error_subtype") == "COLUMN_NOT_FOUND":
            message = f"没有这一列：{name}" + (f"；相近的：{candidates.replace(',', '、')}" if candidates else "")
        elif kind == "Permission" or "has been locked" in text:
            message, hint = (
                "查询只能读批次里的表，不能读写文件、装扩展或改设置",
                "要存结果，用 --csv、--json 或 --xlsx。",
            )
        elif kind == "Out of Memory":
            message, hint = f"内存不够（上限 {self._memory}）", "加条件或 limit 少取一些，或用 --memory 放宽。"
        else:
            message = f"执行不了：{text}"
        return UsageError(message + _place(query, told.get("position")), hint)


def _door() -> Any:
    try:
        import duckdb
    except ImportError:
        raise UsageError("qc query 要用 DuckDB，还没有安装", "安装：pip install 'qc[sql]'") from None
    return duckdb


def _dataset(runs: Sequence[StoredRun], name: str) -> ds.Dataset:
    """All parts of a table with the run they belong to; what an earlier version did not store is null."""
    form, disk = ds.ParquetFileFormat(), LocalFileSystem()
    fragments = [
        form.make_fragment(
            str(path.resolve()),
            disk,
            partition_expression=(ds.field("run_id") == run.lineage.run_id)
            & (ds.field("run_name") == run.lineage.name),
        )
        for run in runs
        for path in run.part_files(name)
    ]
    schema = pa.schema([*RUN_FIELDS, *ALL_TABLES[name]])
    if not fragments:
        return ds.dataset(schema.empty_table())
    return ds.FileSystemDataset(fragments, schema, form, disk)


def _distinct(names: Sequence[str]) -> list[str]:
    """`select a.x, b.x` names two columns x."""
    found: list[str] = []
    for name in names:
        number, own = 1, name
        while own in found:
            number += 1
            own = f"{name}_{number}"
        found.append(own)
    return found


def _details(text: str) -> Mapping[str, str]:
    """What DuckDB tells of an error: `Kind Error: {…}`."""
    try:
        told = json.loads(text[text.index("{") :])
    except ValueError:
        kind, _, message = text.partition(" Error: ")
        return {"exception_type": kind, "exception_message": message or text}
    return {key: str(value) for key, value in told.items()} if isinstance(told, dict) else {}


def _place(query: str, position: str | None) -> str:
    """The line of the query with a caret under the place; `position` counts bytes."""
    if position is None or not position.isdigit():
        return ""
    before = query.encode("utf-8")[: int(position)].decode("utf-8", "ignore")
    number = before.count("\n")
    line, start = query.split("\n")[number], before.rsplit("\n", 1)[-1]
    return f"（第 {number + 1} 行第 {len(start) + 1} 字）\n    {line}\n    {' ' * display_width(start)}^"
