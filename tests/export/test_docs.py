"""The queries of docs/export.zh-CN.md run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qc.storage.read import StoredRun
from qc.storage.sql import Database

pytest.importorskip("duckdb")
PAGE = Path(__file__).resolve().parents[2] / "docs/export.zh-CN.md"


def test_the_queries_run_and_find_something(sample: StoredRun) -> None:
    text = PAGE.read_text(encoding="utf-8")
    queries = re.findall(r"^```sql\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    queries += [sql.replace('\\"', '"') for sql in re.findall(r'^qc query "(.*?)"(?= |$)', text, re.MULTILINE)]
    assert len(queries) > 10
    found = {}
    with Database([sample]) as database:
        for sql in queries:
            found[sql] = database.ask(sql).read_all().num_rows
    empty = [sql for sql, rows in found.items() if not rows]
    assert len(empty) <= 2, empty  # nobody reviewed this run, and it names no customers
