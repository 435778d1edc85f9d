"""SQL over stored runs: every table is there, and nothing else is within reach."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from qc.commands import cli
from qc.errors import UsageError
from qc.schema.reviews import ALL_TABLES
from qc.storage.read import StoredRun
from qc.storage.sql import Database

pytest.importorskip("duckdb")
SECRET = "/etc/passwd"


def ask(*runs: StoredRun, sql: str) -> list[dict]:
    with Database(runs) as database:
        return database.ask(sql).read_all().to_pylist()


def refused(run: StoredRun, sql: str, **options) -> str:
    with Database([run], **options) as database, pytest.raises(UsageError) as error:
        database.ask(sql).read_all()
    return error.value.render()


def test_every_table_is_there_with_its_run(sample: StoredRun) -> None:
    count = "select '{0}' t, count(*) n, min(run_id) id, min(run_name) name from {0}"
    found = ask(sample, sql=" union all ".join(count.format(name) for name in ALL_TABLES))
    assert {row["t"]: row["n"] for row in found} == {name: sample.table(name).num_rows for name in ALL_TABLES}
    assert {(row["id"], row["name"]) for row in found if row["n"]} == {(sample.lineage.run_id, sample.lineage.name)}
    (run,) = ask(sample, sql="from runs")
    assert run["inputs"] == run["ok"] + run["failed"] + run["quarantined"] == sample.lineage.counts.input
    described = ask(sample, sql="select distinct \"table\" t from columns where meaning <> ''")
    assert {row["t"] for row in described} == {*ALL_TABLES, "runs", "columns"}


def test_several_runs_and_one_of_an_earlier_version(sample: StoredRun, builder) -> None:
    import pyarrow.parquet as pq

    old = builder("old")
    old.rows["conversations"].append({"conversation_id": "Z1", "project": "旧", "channel": "chat"})
    run = old.write(run_id="r0", name="上月")
    for path in run.part_files("conversations"):
        pq.write_table(pq.read_table(path).drop_columns(["contact_reason"]), path)
    rows = ask(sample, run, sql="select run_id, count(*) n, count(contact_reason) c from conversations group by all")
    assert {r["run_id"]: r["n"] for r in rows} == {
        "r0": 1,
        sample.lineage.run_id: sample.table("conversations").num_rows,
    }
    (row,) = ask(sample, run, sql="select project, contact_reason from conversations where run_id = 'r0'")
    assert row == {"project": "旧", "contact_reason": None}


def test_nested_columns_and_columns_of_one_name(sample: StoredRun) -> None:
    (row,) = ask(sample, sql="select extra['客户等级'] v from conversations where conversation_id = 'A001'")
    assert "<script>" in row["v"]
    (row,) = ask(sample, sql="select a.turn, b.turn from turns a join turns b using (conversation_id) limit 1")
    assert list(row) == ["turn", "turn_2"]


_FORBIDDEN = (
    f"select * from read_csv('{SECRET}')",
    f"select * from read_text('{SECRET}')",
    f"select * from '{SECRET}.parquet'",
    "select * from glob('/*')",
    "select * from duckdb_secrets()",
    "copy turns to '/tmp/out.csv'",
    "attach '/tmp/other.db'",
    "install httpfs",
    "load httpfs",
    "set enable_external_access = true",
    "pragma enable_profiling",
    "create table x as select 1",
    "drop view turns",
    "insert into turns values (1)",
    "export database '/tmp/out'",
    "select 1; copy turns to '/tmp/out.csv'",
    "",
)


def test_only_reading_and_only_the_runs(sample: StoredRun) -> None:
    with Database([sample]) as database:
        for sql in _FORBIDDEN:
            with pytest.raises(UsageError) as error:
                database.ask(sql).read_all()
            assert "只读" in error.value.message or "查询只能读批次里的表" in error.value.message, sql


def test_python_variables_are_out_of_reach(sample: StoredRun) -> None:
    assert "没有这张表：runs_of_ours" in refused(sample, "select * from runs_of_ours")
    assert "没有这张表：schema" in refused(sample, "select * from schema")


def test_errors_are_told_in_chinese_with_the_place(sample: StoredRun) -> None:
    told = refused(sample, "select '甲乙', nosuch\nfrom turns")
    assert "没有这一列：nosuch" in told and "（第 1 行第 14 字）" in told
    line, caret = told.split("\n")[1:3]
    assert (
        line.strip() == "select '甲乙', nosuch" and len(caret) == len("    select '甲乙', ") + 2 + 1
    )  # two wide cells
    assert "看不懂这条 SQL" in refused(sample, "selec 1") and "conversations" in refused(sample, "from 会话")
    assert "--memory" in refused(sample, "select repeat('x', 30000000) from range(9) order by 1", memory="20MB")
    with pytest.raises(UsageError, match="内存上限"):
        Database([sample], memory="很多")


def run(*args: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["query", *map(str, args)])
    if isinstance(done.exception, UsageError):
        return done.exception.exit_code, done.exception.render()
    return done.exit_code, done.output


def test_the_answer_on_a_terminal(sample: StoredRun) -> None:
    code, shown = run("select project, count(*) n, null x from conversations group by 1 order by 2 desc", sample.path)
    assert code == 0 and shown.splitlines()[0].split() == ["project", "n", "x"] and "（3 行）" in shown
    code, shown = run("select text from turns", sample.path, "--rows", "2")
    assert "只显示前 2 行" in shown and len(shown.splitlines()) == 4
    assert "\u202e" not in run("select extra::varchar from conversations", sample.path)[1]
    assert run("select 1 where false", sample.path)[1].endswith("（0 行）\n")


def test_the_answer_in_files(sample: StoredRun, tmp_path: Path) -> None:
    sql = "select conversation_id, extra, satisfaction, started_at, 0.5::float f, '=1' e from conversations order by 1"
    (tmp_path / "a").mkdir()
    for form in ("csv", "json", "xlsx"):
        assert run(sql, sample.path, f"--{form}", tmp_path / f"a/x.{form}")[0] == 0
    rows = json.loads((tmp_path / "a/x.json").read_text(encoding="utf-8"))
    assert "A001" in {row["conversation_id"] for row in rows} and "客户等级" in rows[0]["extra"]
    text = (tmp_path / "a/x.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbfconversation_id") and b",0.5,'=1\r\n" in text
    from openpyxl import load_workbook

    book = load_workbook(tmp_path / "a/x.xlsx")
    assert book.sheetnames == ["结果", "SQL"] and book["结果"]["F2"].value == "=1" and book["SQL"]["A2"].value == sql
    assert book["结果"]["F2"].data_type != "f" and book["结果"].max_row == len(rows) + 1


def test_unmasked_data_leaves_only_on_purpose(builder, tmp_path: Path) -> None:
    kept = builder("kept").write(personal_data="kept", run_id="k1")
    code, told = run("select 1", kept.path, "--csv", tmp_path / "x.csv")
    assert code == 2 and "没有脱敏" in told and not (tmp_path / "x.csv").exists()
    assert run("select 1", kept.path, "--csv", tmp_path / "x.csv", "--keep-personal-data")[0] == 0
    assert run("select 1", kept.path)[0] == 0


def test_without_duckdb_the_line_that_installs_it(sample: StoredRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(UsageError) as error:
        Database([sample])
    assert "pip install 'qc[sql]'" in error.value.render()


def test_a_number_too_large_for_a_cell_is_no_other_number(sample: StoredRun) -> None:
    shown = CliRunner().invoke(cli, ["query", "select 9223372036854775807::hugeint n", str(sample.path)])
    assert "9223372036854775807" in shown.output and shown.exit_code == 0
    refused = CliRunner().invoke(cli, ["query", "select 9223372036854775808::hugeint n", str(sample.path)])
    assert refused.exit_code != 0 and isinstance(refused.exception, UsageError)
    assert "64" in str(refused.exception)


def test_a_query_bounds_the_process_only_while_it_runs(sample: StoredRun) -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    assert CliRunner().invoke(cli, ["query", "select 1 as one", str(sample.path)]).exit_code == 0
    assert resource.getrlimit(resource.RLIMIT_AS) == before
