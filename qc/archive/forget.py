"""What is taken from a table when its time is over. Rows, numbers and verdicts stay; words go."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.retention import Kept

_WORDS: Mapping[str, tuple[str, ...]] = {
    "conversations": ("extra",),
    "turns": ("text", "entities", "phrases", "words", "marks"),
    "findings": ("message",),
    "hits": ("text", "note"),
    "emotions": ("phrases", "features"),
    "topics": ("words",),
    "turn_topics": ("words",),
    "intents": ("phrases",),
    "complaints": ("reasons",),
    "reviews": ("comment",),
    "appeals": ("text",),
}
"""Columns that hold what people said or wrote, or quote it."""
_SOURCES: Mapping[str, tuple[str, ...]] = {"conversations": ("source_path",)}
"""Where a recording lies. Its digest stays: the same recording is known again, and nobody is found by it."""
_COLUMNS: Mapping[Kept, Mapping[str, tuple[str, ...]]] = {Kept.TEXT: _WORDS, Kept.AUDIO: _SOURCES}
Bools = np.ndarray[tuple[int], np.dtype[np.bool_]]


def touches(kind: Kept, name: str) -> bool:
    """Whether table `name` holds what `kind` takes."""
    return kind is Kept.RESULTS or name in _COLUMNS[kind]


def holds(kind: Kept, name: str, table: pa.Table) -> bool:
    """Whether `table` has anything `kind` would take."""
    if kind is Kept.RESULTS:
        return bool(table.num_rows)
    columns = [c for c in _COLUMNS[kind].get(name, ()) if c in table.column_names]
    return any(bool(pc.any(pc.greater(_length(table[c]), 0)).as_py()) for c in columns)


def _length(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_string(column.type):
        return pc.utf8_length(column)
    if pa.types.is_map(column.type):  # of which no length can be asked
        column = column.cast(pa.list_(pa.struct([("key", column.type.key_type), ("value", column.type.item_type)])))
    return pc.list_value_length(column)


def forget(kind: Kept, name: str, table: pa.Table, due: Bools) -> pa.Table:
    """`table` without what `kind` takes from the rows that are `due`: the rows themselves, or the words in them, in
    whose place an empty text or list stands."""
    if kind is Kept.RESULTS:
        return table.filter(pa.array(~due))
    mask = pa.array(due)
    for column in _COLUMNS[kind][name]:
        if column not in table.column_names:  # of an earlier version
            continue
        at, values = table.column_names.index(column), table[column].combine_chunks()
        table = table.set_column(at, table.schema.field(column), _emptied(values, mask))
    return table


def _emptied(values: pa.Array, due: pa.Array) -> pa.Array:
    kind = values.type
    if pa.types.is_string(kind):
        return pc.if_else(pc.and_(due, pc.is_valid(values)), "", values)
    kept = pc.if_else(due, pa.scalar(None, pa.int64()), pa.array(np.arange(len(values))))
    taken = values.take(kept)  # null where due
    if pa.types.is_map(kind):
        return taken
    empty = pa.array([[]], kind)
    both = pa.concat_arrays([values, empty])
    return both.take(pc.if_else(pc.and_(due, pc.is_valid(values)), len(values), pa.array(np.arange(len(values)))))
