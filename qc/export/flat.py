"""Tables as others can read them: one value per cell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from qc.errors import UsageError
from qc.sheets.pages import Kind

SEPARATOR = ";"
"""Between the texts of a list."""


def flat_schema(schema: pa.Schema) -> pa.Schema:
    """The schema of `flat`: names and descriptions stay."""
    return pa.schema([f.with_type(_flat_type(f.type)) for f in schema], metadata=schema.metadata)


def flat(table: pa.Table) -> pa.Table:
    """Lists of text become text with ; between, other nested values JSON, single precision numbers the double nearest
    to what people read (0.9, not 0.8999999762), decimals numbers.
    Raises UsageError for whole numbers beyond 64 bits."""
    schema = flat_schema(table.schema)
    return pa.Table.from_arrays([_flat_column(table[at], field.type) for at, field in enumerate(schema)], schema=schema)


def kind_of(kind: pa.DataType) -> Kind:
    """How a spreadsheet writes values of a flat column."""
    if pa.types.is_boolean(kind):
        return Kind.FLAG
    if pa.types.is_integer(kind):
        return Kind.WHOLE
    if pa.types.is_floating(kind):
        return Kind.NUMBER
    if pa.types.is_timestamp(kind):
        return Kind.MOMENT
    return Kind.DAY if pa.types.is_date(kind) else Kind.TEXT


def rows(table: pa.Table) -> Iterator[tuple[object, ...]]:
    """The rows of a table, a slice at a time."""
    for batch in table.to_batches(max_chunksize=10_000):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def plain(value: object, kind: pa.DataType | None = None) -> object:
    """A value as JSON knows it: the entries of a map (of type `kind`) become an object; what is no number, null."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list):
        pairs = kind is not None and pa.types.is_map(kind)
        return {str(k): plain(v) for k, v in value} if pairs else [plain(v) for v in value]
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None  # NaN too
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def _flat_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_float32(kind) or pa.types.is_float16(kind):
        return pa.float64()
    if pa.types.is_decimal(kind):
        return pa.int64() if kind.scale == 0 else pa.float64()
    kept = (pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating, pa.types.is_date)
    if any(same(kind) for same in kept):
        return kind
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us") if kind.unit in ("ns", "us") else pa.timestamp("ms")
    return pa.string()


def _flat_column(column: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    kind = column.type
    if kind.equals(wanted):
        return column
    if pa.types.is_float32(kind) or pa.types.is_float16(kind):
        return pc.cast(pc.cast(pc.cast(column, pa.float32()), pa.string()), wanted)
    if pa.types.is_timestamp(kind):
        return pc.cast(column, wanted, safe=False)
    if pa.types.is_decimal(kind):
        return pc.cast(column, pa.float64()) if kind.scale else _whole(column)
    if pa.types.is_list(kind) and pa.types.is_string(kind.value_type) and not _has_null(column):
        return pc.binary_join(column, SEPARATOR)
    if pa.types.is_dictionary(kind) or pa.types.is_large_string(kind):
        return pc.cast(column, wanted)
    return pa.chunked_array([_told(chunk) for chunk in column.chunks], wanted)


def _whole(column: pa.ChunkedArray) -> pa.ChunkedArray:
    try:
        return pc.cast(column, pa.int64())
    except pa.ArrowInvalid:
        raise UsageError(
            "答案里有超过 64 位的整数，写不准", "在查询里转成小数或文字：sum(x)::double，或 sum(x)::varchar。"
        ) from None


def _has_null(column: pa.ChunkedArray) -> bool:
    return any(chunk.flatten().null_count for chunk in column.chunks)


def _told(chunk: pa.Array) -> pa.Array:
    """Nested values as JSON, others (times, intervals, identifiers) as they read."""
    nested = pa.types.is_nested(chunk.type)
    found = []
    for value in chunk.to_pylist():
        shown = None if value is None else plain(value, chunk.type)
        found.append(json.dumps(shown, ensure_ascii=False) if nested and shown is not None else shown)
    return pa.array([None if v is None else str(v) for v in found], pa.string())
