"""Parquet manifests as rows. The only module of this room that knows pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from qc.ingest.grid import GridError, Row


def parquet_rows(file: Path) -> Iterator[Row]:
    """The column names as row 0, then the rows, counted from 1. Raises GridError when it is no Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file) as parquet:
            names = parquet.schema_arrow.names
            yield Row(0, tuple(names))
            number = 0
            for batch in parquet.iter_batches(batch_size=1000):
                columns = [column.to_pylist() for column in batch.columns]
                for cells in zip(*columns, strict=True):
                    number += 1
                    yield Row(number, cells)
    except (pa.ArrowException, ValueError) as error:
        raise GridError("不是可读的 Parquet 文件") from error
