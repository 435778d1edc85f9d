"""Stored tables for other programs: one folder, one file per table, every run with its number and name in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from qc.errors import UsageError
from qc.export.flat import flat, flat_schema, rows
from qc.schema.reviews import ALL_TABLES
from qc.schema.runs import COLUMNS, RUN_FIELDS, RUNS, columns_table, runs_table
from qc.sheets.csvfile import write_csv
from qc.storage.files import close_tree, make_folder, take_place
from qc.storage.read import StoredRun

FORMATS = ("csv", "parquet")
_MARKER = ".qc-export"
"""Marks a folder as ours to replace."""


def export_tables(
    runs: Sequence[StoredRun], out: Path, form: str, *, tables: Sequence[str] = (), encoding: str = "utf-8"
) -> tuple[Path, ...]:
    """Write `tables` (none named: all) of `runs` together into the folder `out`, with `runs` and `columns`, which say
    what the runs and the columns are; returns the files. An earlier export in `out` is replaced as a whole.

    Raises UsageError for an unknown table, or when `out` holds something else.
    """
    unknown = [name for name in tables if name not in ALL_TABLES]
    if unknown:
        raise UsageError(f"没有这张表：{'、'.join(unknown)}", f"有：{'、'.join(ALL_TABLES)}。")
    if out.exists() and not (out / _MARKER).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} 不是空目录，也不是 qc 导出的，不覆盖它。", "请换一个目录，或先移走其中的文件。")
    draft = out.with_name(out.name + ".partial")
    shutil.rmtree(draft, ignore_errors=True)
    make_folder(draft)
    write = _parquet if form == "parquet" else _csv(encoding)
    names = [name for name in ALL_TABLES if not tables or name in tables]
    try:
        for name in names:
            schema = flat_schema(pa.schema([*RUN_FIELDS, *ALL_TABLES[name]], metadata=ALL_TABLES[name].metadata))
            write(draft / f"{name}.{form}", schema, _parts(runs, name, schema))
        for name, table in ((RUNS, runs_table([run.lineage for run in runs])), (COLUMNS, _columns(names))):
            write(draft / f"{name}.{form}", table.schema, iter([table]))
        (draft / _MARKER).touch()
        close_tree(draft)
        take_place(draft, out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return tuple(out / f"{name}.{form}" for name in (*names, RUNS, COLUMNS))


def _parts(runs: Sequence[StoredRun], name: str, schema: pa.Schema) -> Iterator[pa.Table]:
    own = ALL_TABLES[name].names
    for run in runs:
        for part in run.parts(name, own):
            table = flat(part)
            for at, value in enumerate((run.lineage.run_id, run.lineage.name)):
                table = table.add_column(at, RUN_FIELDS[at], pa.repeat(value, table.num_rows))
            yield table.cast(schema)


def _columns(names: Sequence[str]) -> pa.Table:
    """What the columns of the exported tables mean, with the types they have there."""
    table = columns_table()
    types = {
        (name, field.name): str(field.type)
        for name in names
        for field in flat_schema(pa.schema([*RUN_FIELDS, *ALL_TABLES[name]]))
    }
    kept = [row | {"type": types.get((row["table"], row["column"]), row["type"])} for row in table.to_pylist()]
    wanted = {*names, RUNS, COLUMNS}
    return pa.Table.from_pylist([row for row in kept if row["table"] in wanted], table.schema)


def _parquet(path: Path, schema: pa.Schema, parts: Iterator[pa.Table]) -> None:
    # snappy: what every reader of Parquet knows
    with pq.ParquetWriter(path, schema, compression="snappy") as writer:
        for part in parts:
            writer.write_table(part)


def _csv(encoding: str) -> Callable[[Path, pa.Schema, Iterator[pa.Table]], None]:
    def write(path: Path, schema: pa.Schema, parts: Iterator[pa.Table]) -> None:
        write_csv(path, schema.names, (row for part in parts for row in rows(part)), encoding)

    return write
