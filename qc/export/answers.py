"""What a query answers, in a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from qc.export.flat import flat, flat_schema, kind_of, plain, rows
from qc.schema.runs import meaning
from qc.sheets.csvfile import write_csv
from qc.sheets.pages import Column, Page
from qc.sheets.write import write_workbook
from qc.storage.files import atomic


class Counted:
    """The batches of an answer and how many rows of it were taken."""

    def __init__(self, answer: pa.RecordBatchReader) -> None:
        self.schema = answer.schema
        self.rows = 0
        self._answer = answer

    def tables(self) -> Iterator[pa.Table]:
        for batch in self._answer:
            self.rows += batch.num_rows
            yield pa.Table.from_batches([batch])

    def flat_rows(self) -> Iterator[tuple[object, ...]]:
        for table in self.tables():
            yield from rows(flat(table))


def answer_csv(answer: pa.RecordBatchReader, path: Path, encoding: str) -> int:
    """Write the answer as CSV; returns its rows."""
    counted = Counted(answer)
    with atomic(path) as temporary:
        write_csv(temporary, counted.schema.names, counted.flat_rows(), encoding)
    return counted.rows


def answer_json(answer: pa.RecordBatchReader, path: Path) -> int:
    """Write the answer as a JSON array of objects, one a line; nested values stay nested. Returns its rows."""
    counted = Counted(answer)
    fields = list(counted.schema)
    with atomic(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.write("[")
        for number, row in enumerate(row for table in counted.tables() for row in rows(table)):
            line = {field.name: plain(value, field.type) for field, value in zip(fields, row, strict=True)}
            file.write((",\n" if number else "\n") + json.dumps(line, ensure_ascii=False))
        file.write("\n]\n")
    return counted.rows


def answer_workbook(answer: pa.RecordBatchReader, path: Path, query: str, created: datetime) -> int:
    """Write the answer as a workbook with the query beside it; returns its rows."""
    counted = Counted(answer)
    fields = zip(counted.schema, flat_schema(counted.schema), strict=True)
    columns = tuple(Column(title=f.name, kind=kind_of(shown.type), note=meaning(f)) for f, shown in fields)
    pages = [
        Page(name="结果", columns=columns, rows=counted.flat_rows()),
        Page(name="SQL", columns=(Column(title="SQL", width=100, wrap=True),), rows=[[query]]),
    ]
    with atomic(path) as temporary:
        write_workbook(temporary, pages, created=created, title="qc query")
    return counted.rows
