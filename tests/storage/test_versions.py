"""Runs that every earlier version of the tables wrote are read by whatever reads runs.

The fixtures were written by the versions themselves, checked out from history (`git archive COMMIT`), from the same two
chats: 1.0-first 249e5d5~1, 1.0 af97f00~1, 1.1 46058a8~1, 1.2 e46f5d3~1, 1.3 a493eab~1, 1.4 333014d.
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from qc.commands import cli
from qc.errors import UsageError
from qc.schema.reviews import ALL_TABLES
from qc.schema.tables import SCHEMA_VERSION
from qc.storage.read import StoredRun, open_run

FIXTURES = Path(__file__).parent / "fixtures"
VERSIONS = ("1.0-first", "1.0", "1.1", "1.2", "1.3", "1.4")
pytestmark = pytest.mark.parametrize("version", VERSIONS)


@pytest.fixture
def run(version: str, tmp_path: Path) -> StoredRun:
    with tarfile.open(FIXTURES / f"schema-{version}.tar.xz") as archive:
        archive.extractall(tmp_path / "runs", filter="data")
    return open_run(tmp_path / "runs" / f"schema-{version}")


def told(*words: str) -> str:
    result = CliRunner().invoke(cli, list(words))
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def test_every_column_of_today_can_be_asked_for(run: StoredRun, version: str) -> None:
    assert run.lineage.schema_version == version.removesuffix("-first")
    for name, schema in ALL_TABLES.items():
        table = run.table(name, schema.names)
        assert table.schema.equals(schema), name
        stored = sum(pq.read_metadata(path).num_rows for path in run.part_files(name))
        assert table.num_rows == stored
    assert run.table("conversations", ["conversation_id"])["conversation_id"].to_pylist() == ["C001", "C002"]


def test_a_later_version_is_refused_and_named(run: StoredRun) -> None:
    path = run.path / "run.json"
    data = json.loads(path.read_text())
    for later in ("2.0", "1.99"):
        path.write_text(json.dumps(data | {"schema_version": later}))
        with pytest.raises(UsageError, match=f"表结构 {later}，本机的 qc 只读到 {SCHEMA_VERSION}"):
            open_run(run.path)


def test_a_data_set_is_made_of_it(run: StoredRun, tmp_path: Path) -> None:
    told("compact", str(run.path.parent), "--to", str(tmp_path / "lake"))
    pytest.importorskip("duckdb")
    answer = told("query", "select project from conversations order by 1", "--lake", str(tmp_path / "lake"))
    assert "95598" in answer and "保险" in answer


def test_a_query_reads_it(run: StoredRun) -> None:
    pytest.importorskip("duckdb")
    answer = told("query", "select rule_id, verdict from findings where verdict = 'hit' order by 1", str(run.path))
    assert "customer.anger" in answer


@pytest.mark.slow
def test_tables_and_a_workbook_are_exported(run: StoredRun, tmp_path: Path) -> None:
    told("export", "parquet", str(run.path), "--out", str(tmp_path / "out"))
    assert pq.read_table(tmp_path / "out" / "scores.parquet").num_rows == run.table("scores").num_rows
    told("export", "xlsx", str(run.path), "--out", str(tmp_path / "book.xlsx"))


@pytest.mark.slow
def test_a_report_is_made_of_it(run: StoredRun) -> None:
    told("report", str(run.path))
    assert "C001" in (run.path / "report" / "index.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_it_is_judged_again(run: StoredRun, tmp_path: Path) -> None:
    told("inspect", str(run.path), "--out", str(tmp_path / "out"), "--run-id", "again", "--no-report", "--workers", "1")
    again = open_run(tmp_path / "out" / "again")
    assert again.lineage.schema_version == SCHEMA_VERSION and again.lineage.counts.ok == 2
    hits = again.table("findings", ["rule_id", "verdict"]).to_pylist()
    assert {"rule_id": "customer.anger", "verdict": "hit"} in hits
