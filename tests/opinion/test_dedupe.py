"""Conversations that stand in several runs count once, in the last: against comparing every row with every other."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pyarrow as pa
import pytest

from qc.opinion.dedupe import KEY, last_of_each
from qc.schema.tables import TABLES

SCHEMA = pa.schema([TABLES["conversations"].field(name) for name in KEY])
FIRST = datetime(2026, 11, 1)
Row = tuple[str, datetime | None, str | None]


def runs_of(rng: random.Random) -> list[list[Row]]:
    """Runs that overlap by some hours, hold the same conversations now and then, undated ones among them."""
    runs = []
    for number in range(rng.randrange(1, 6)):
        rows = {}
        for _ in range(rng.randrange(0, 30)):
            name = str(rng.randrange(40))
            start = FIRST + timedelta(hours=number * rng.choice((0, 1, 24)) + rng.randrange(3))
            rows[name] = (name, None if rng.random() < 0.2 else start, rng.choice((None, "a", "b")))
        runs.append(list(rows.values()))
    return runs


@pytest.mark.parametrize("seed", range(40))
def test_of_the_same_conversation_the_last_counts(seed: int) -> None:
    runs = runs_of(random.Random(seed))
    rows = [row for run in runs for row in run]
    told = [(name, start, "" if start else digest or "") for name, start, digest in rows]
    wanted = [row not in told[at + 1 :] for at, row in enumerate(told)]
    tables = [pa.table(list(map(list, zip(*run, strict=True))) or [[], [], []], schema=SCHEMA) for run in runs]
    assert last_of_each(tables).tolist() == wanted


def test_nothing_is_nothing() -> None:
    assert last_of_each([]).tolist() == [] and last_of_each([SCHEMA.empty_table()]).tolist() == []
