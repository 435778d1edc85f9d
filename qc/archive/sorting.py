"""Rows of a stored run, by the partition of the data set they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from qc.archive.hive import Partition
from qc.schema.reviews import ALL_TABLES
from qc.schema.runs import RUN_FIELDS
from qc.storage.read import StoredRun
from qc.storage.write import part_number

_KEYS = ["conversation_id", "date", "project"]
_FALLBACK = 0
"""The number of the partition of what belongs to no conversation."""
Codes = np.ndarray[tuple[int], np.dtype[np.int64]]


class Sorted:
    """The tables of `run`, piece by piece. A row belongs to the day and the project of its conversation; words (terms)
    to the day most conversations are of and their own project; what belongs to no conversation (a failed input) to that
    day and no project. Rows of the conversations `without` are passed over."""

    def __init__(self, run: StoredRun, without: pa.Array | None = None) -> None:
        self._run = run
        self._without = without
        numbers, tables = [], []
        for path in run.part_files("conversations"):
            number = part_number(path)
            numbers.append(number)
            tables.append(run.part("conversations", number, _KEYS))
        whole = pa.concat_tables(tables) if tables else pa.table({k: pa.array([], pa.string()) for k in _KEYS})
        places = [Partition(day, name) for day, name in _pairs(whole)]
        counts: dict[date, int] = {}
        for place in places:
            if place.date is not None:
                counts[place.date] = counts.get(place.date, 0) + 1
        self.day = max(counts, key=lambda day: (counts[day], -day.toordinal()), default=None)
        """The day most conversations are of, the first of equal ones; None where no day is known."""
        known = dict.fromkeys([Partition(self.day, None), *places])
        self.partitions = list(known)
        code = {place: i for i, place in enumerate(self.partitions)}
        self._codes = np.array([code[place] for place in places], np.int64)
        self._ids = whole["conversation_id"].combine_chunks()
        self.superseded = without is not None and len(without) == len(self._ids)
        """All conversations are passed over."""
        ends = np.cumsum([table.num_rows for table in tables]).tolist()
        self._rows = dict(zip(numbers, zip([0, *ends], ends, strict=False), strict=True))

    def pieces(self, name: str) -> Iterator[tuple[Partition, pa.Table]]:
        """Table `name` in stored order, each piece of one partition; run_id and run_name stand first, and what the
        layout says (date, project) is left out."""
        schema = ALL_TABLES[name]
        lineage = self._run.lineage
        for path in self._run.part_files(name):
            number = part_number(path)
            table = self._run.part(name, number, schema.names)
            codes = self._places(name, table, number)
            if self._without is not None and "conversation_id" in table.column_names:
                kept = pc.invert(pc.is_in(table["conversation_id"], value_set=self._without))
                table, codes = table.filter(kept), codes[np.asarray(kept.to_numpy(), np.bool_)]
            table = table.drop_columns([c for c in ("date", "project") if c in schema.names])
            for at, value in enumerate((lineage.run_id, lineage.name)):
                table = table.add_column(at, RUN_FIELDS[at], pa.repeat(value, table.num_rows))
            for which in np.unique(codes).tolist():
                mine = np.flatnonzero(codes == which)
                yield self.partitions[which], table if len(mine) == len(codes) else table.take(pa.array(mine))

    def _places(self, name: str, table: pa.Table, number: int) -> Codes:
        """The partition of each row, an index into `partitions`."""
        if name == "conversations":
            first, last = self._rows[number]
            return self._codes[first:last]
        if name == "terms":
            return self._of_projects(table["project"].to_pylist())
        first, last = self._rows.get(number, (0, 0))
        # a row stands in the part of its conversation: a look among some hundred, not among all
        at = pc.fill_null(pc.index_in(table["conversation_id"], value_set=self._ids[first:last]), -1).to_numpy()
        codes = np.where(at >= 0, self._codes[np.minimum(at + first, len(self._codes) - 1)] if last else 0, _FALLBACK)
        if (at < 0).any():
            absent = np.flatnonzero(at < 0)
            rest = table["conversation_id"].take(pa.array(absent))
            at = pc.fill_null(pc.index_in(rest, value_set=self._ids), -1).to_numpy()
            found = at >= 0
            codes[absent[found]] = self._codes[at[found]]
        return codes.astype(np.int64)

    def _of_projects(self, projects: list[str | None]) -> Codes:
        codes = {place: i for i, place in enumerate(self.partitions)}
        for name in dict.fromkeys(projects):
            if (place := Partition(self.day, name)) not in codes:
                codes[place] = len(self.partitions)
                self.partitions.append(place)
        return np.array([codes[Partition(self.day, name)] for name in projects], np.int64)


def _pairs(table: pa.Table) -> Iterator[tuple[date | None, str | None]]:
    days = pc.cast(table["date"], pa.date32()).to_pylist()
    names: list[str | None] = [name or None for name in table["project"].to_pylist()]
    return zip(days, names, strict=True)
