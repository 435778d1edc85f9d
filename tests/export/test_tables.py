"""Tables for other programs."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from qc.commands import cli
from qc.errors import UsageError
from qc.export.flat import flat, kind_of, plain
from qc.export.tables import export_tables
from qc.schema.reviews import ALL_TABLES
from qc.sheets.pages import Kind
from qc.storage.read import StoredRun


def test_flat_values() -> None:
    table = pa.table(
        {
            "words": [["a", "b"], [], None],
            "map": pa.array([[("k", "v")], [], None], pa.map_(pa.string(), pa.string())),
            "spans": [[{"start": 1}], [], None],
            "single": pa.array([0.9, None, 1e10], pa.float32()),
            "dec": pa.array([1, 2, None], pa.decimal128(38, 0)),
            "at": pa.array([0, None, 1], pa.timestamp("ns", tz="Asia/Shanghai")),
        }
    )
    shown = flat(table).to_pylist()
    assert shown[0] | {"at": None} == {
        "words": "a;b", "map": '{"k": "v"}', "spans": '[{"start": 1}]', "single": 0.9, "dec": 1, "at": None,
    }  # fmt: skip
    assert [row["map"] for row in shown] == ['{"k": "v"}', "{}", None]
    assert [kind_of(f.type) for f in flat(table).schema][3:] == [Kind.NUMBER, Kind.WHOLE, Kind.MOMENT]
    assert plain(float("nan")) is None


def test_parquet_holds_every_row_of_every_run(sample: StoredRun, builder, tmp_path: Path) -> None:
    other = builder("other")
    other.rows["conversations"].append({"conversation_id": "Z1", "project": "旧", "channel": "chat", "extra": []})
    runs = [sample, other.write(run_id="r2", name="二")]
    files = export_tables(runs, tmp_path / "bi", "parquet")
    assert {f.stem for f in files} == {*ALL_TABLES, "runs", "columns"}
    for name, schema in ALL_TABLES.items():
        table = pq.read_table(tmp_path / "bi" / f"{name}.parquet")
        assert table.column_names == ["run_id", "run_name", *schema.names]
        assert not any(pa.types.is_nested(f.type) for f in table.schema)
        assert table.num_rows == sum(r.table(name).num_rows for r in runs)
    talks = pq.read_table(tmp_path / "bi/conversations.parquet")
    assert talks["run_id"].to_pylist()[-1] == "r2" and b"zh" in talks.schema.field("project").metadata
    columns = pq.read_table(tmp_path / "bi/columns.parquet").to_pylist()
    assert {
        "table": "turns",
        "position": 3,
        "column": "conversation_id",
        "type": "string",
        "meaning": "会话编号",
    } in columns


def test_csv_opens_in_excel_and_runs_nothing(sample: StoredRun, tmp_path: Path) -> None:
    export_tables([sample], tmp_path / "c", "csv", tables=["turns", "scores", "terms"])
    assert sorted(p.name for p in (tmp_path / "c").glob("*.csv")) == [
        "columns.csv", "runs.csv", "scores.csv", "terms.csv", "turns.csv",
    ]  # fmt: skip
    raw = (tmp_path / "c/turns.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") and b"\x00" not in raw and "\u202e".encode() not in raw
    with (tmp_path / "c/turns.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    stored = sample.table("turns").to_pylist()
    assert len(rows) == len(stored)
    assert [r["turn"] for r in rows] == [str(s["turn"]) for s in stored]
    assert not [r for r in rows if r["text"][:1] in ("=", "+", "-", "@")]
    with (tmp_path / "c/scores.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [float(r["score"]) for r in csv.DictReader(file)] == [
            s["score"] for s in sample.table("scores").to_pylist()
        ]


def test_csv_for_old_programs(sample: StoredRun, tmp_path: Path) -> None:
    export_tables([sample], tmp_path / "c", "csv", tables=["conversations"], encoding="gb18030")
    text = (tmp_path / "c/conversations.csv").read_text(encoding="gb18030")
    assert text.startswith("run_id") and "😀" in text


def test_the_same_runs_give_the_same_bytes(sample: StoredRun, tmp_path: Path) -> None:
    for form in ("csv", "parquet"):
        first = {p.name: p.read_bytes() for p in export_tables([sample], tmp_path / form, form)}
        again = {p.name: p.read_bytes() for p in export_tables([sample], tmp_path / form, form)}
        assert first == again


def test_what_is_not_ours_stays(sample: StoredRun, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x/notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="不覆盖"):
        export_tables([sample], tmp_path / "x", "csv")
    with pytest.raises(UsageError, match="没有这张表：nosuch"):
        export_tables([sample], tmp_path / "y", "csv", tables=["nosuch"])
    assert not (tmp_path / "y").exists() and not (tmp_path / "y.partial").exists()


def test_commands(sample: StoredRun, builder, tmp_path: Path) -> None:
    run = CliRunner().invoke
    done = run(cli, ["export", "csv", str(sample.path), "-o", str(tmp_path / "c"), "--tables", "scores, hits"])
    assert done.exit_code == 0 and (tmp_path / "c/hits.csv").is_file()
    assert run(cli, ["export", "parquet", str(sample.path), "-o", str(tmp_path / "p")]).exit_code == 0
    kept = builder("kept").write(personal_data="kept", run_id="k1")
    done = run(cli, ["export", "parquet", str(kept.path), "-o", str(tmp_path / "k")])
    assert isinstance(done.exception, UsageError) and "没有脱敏" in done.exception.message
    done = run(cli, ["export", "parquet", str(kept.path), "-o", str(tmp_path / "k"), "--keep-personal-data"])
    assert done.exit_code == 0
    assert pq.read_table(tmp_path / "k/runs.parquet")["personal_data"].to_pylist() == ["kept"]
