"""Parquet tables as rows of a grid. The only module of this room that knows pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from qc.ingest.grid import GridError, Row

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS = 1000
_MOST_BYTES = 64 << 20
"""Of the values of so many rows: one that is stored once may stand in every row."""
_MOST_UNPACKED = 2 << 30


def parquet_rows(file: Path) -> Iterator[Row]:
    """The column names as row 0, then the rows, counted from 1; columns of lists or structs are left out.

    Raises GridError when it is no Parquet file, or one that would unpack beyond all measure.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    limits = {"thrift_string_size_limit": 16 << 20, "thrift_container_size_limit": 1_000_000}
    try:
        with pq.ParquetFile(file, **limits) as parquet:
            metadata = parquet.metadata
            flat = [f for f in parquet.schema_arrow if not pa.types.is_nested(f.type)]
        if sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups)) > _MOST_UNPACKED:
            raise GridError(f"Parquet 文件解压后超过 {_MOST_UNPACKED >> 30} GiB；请拆成几个")
        names, texts = [f.name for f in flat], [f.name for f in flat if _is_text(f.type)]
        with pq.ParquetFile(file, read_dictionary=texts, **limits) as parquet:  # a value that repeats is there once
            yield Row(0, tuple(names))
            number = 0
            for batch in parquet.iter_batches(batch_size=_ROWS, columns=names):
                if sum(map(_bytes, batch.columns)) > _MOST_BYTES:
                    raise GridError(f"Parquet 文件的 {_ROWS} 行里有超过 {_MOST_BYTES >> 20} MiB 的内容，不是清单")
                columns = [column.to_pylist() for column in batch.columns]
                for cells in zip(*columns, strict=True):
                    number += 1
                    yield Row(number, cells)
    except (pa.ArrowException, ValueError, LookupError, OverflowError) as error:
        raise GridError("不是可读的 Parquet 文件") from error


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_binary(kind) or pa.types.is_large_string(kind))


def _bytes(column: pa.Array) -> int:
    """What the values of a column take, each as often as it stands there."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_dictionary(column.type) or not len(column.dictionary):
        return int(column.nbytes)
    lengths = pc.binary_length(column.dictionary).cast(pa.int64())
    return pc.sum(lengths.take(column.indices)).as_py() or 0
