"""Many runs as one data set: each night once, read as it lies by others, whole after whatever happened."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from qc.archive.compact import compact
from qc.archive.hive import Partition, escaped
from qc.archive.lake import Lake
from qc.commands import cli
from qc.errors import UsageError
from qc.schema.reviews import ALL_TABLES
from qc.storage.append import append_part
from qc.storage.audit import LOG, entries
from qc.storage.lineage import write_lineage
from qc.storage.read import list_runs, open_run
from tests.archive.nights import PROJECTS, night

PLACES = pa.schema([("date", pa.string()), ("project", pa.string())])


def laid(lake: Path) -> dict[str, str]:
    """Every file of the data set with its digest."""
    return {
        path.relative_to(lake).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(lake.rglob("*.parquet"))
    }


def rows(lake: Path, name: str = "conversations") -> list[dict]:
    """As any reader of Hive layouts sees them, without our manifest."""
    layout = ds.partitioning(PLACES, flavor="hive")  # untold, a project called 95598 is taken for a number
    return ds.dataset(lake / name, format="parquet", partitioning=layout).to_table().to_pylist()


def test_every_row_of_every_table_is_there_once(tmp_path: Path) -> None:
    runs = [night(tmp_path / "runs", day) for day in range(3)]
    done = compact(runs, Lake(str(tmp_path / "lake")))
    assert (done.added, done.replaced, done.same) == (3, 0, 0)
    tables = Lake(str(tmp_path / "lake")).datasets()
    for name in ALL_TABLES:
        stored = [row for run in runs for row in run.table(name, ALL_TABLES[name].names).to_pylist()]
        found = tables[name].to_table(columns=ALL_TABLES[name].names).to_pylist()
        if name == "terms":
            assert sorted(map(str, found)) == sorted(map(str, stored))
        elif name == "failures":
            assert [r["input"] for r in found] == [r["input"] for r in stored]
        else:
            assert sorted(map(str, found)) == sorted(map(str, stored)), name


def test_pyarrow_reads_day_and_project_from_the_layout(tmp_path: Path) -> None:
    compact([night(tmp_path / "runs", 0)], Lake(str(tmp_path / "lake")))
    found = rows(tmp_path / "lake", "findings")
    assert {r["project"] for r in found} == {"95598"}  # every third talk has any
    assert {r["project"] for r in rows(tmp_path / "lake")} == set(PROJECTS)
    assert {r["date"] for r in found} == {"2020-03-01"}
    assert {r["run_id"] for r in found} == {"night-00-0"}


def test_duckdb_reads_day_and_project_from_the_layout(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    compact([night(tmp_path / "runs", 0), night(tmp_path / "runs", 1, dated=False)], Lake(str(tmp_path / "lake")))
    found = duckdb.sql(
        f"select project, date::varchar, count(*) from read_parquet('{tmp_path}/lake/conversations/**/*.parquet', "
        "hive_partitioning = true) group by all order by all"
    ).fetchall()
    assert found == sorted(
        [(project, day, 4) for project in PROJECTS for day in ("2020-03-01", None)], key=lambda r: (r[0], r[1] or "z")
    )


def test_pandas_reads_day_and_project_from_the_layout(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    compact([night(tmp_path / "runs", 0)], Lake(str(tmp_path / "lake")))
    found = pandas.read_parquet(tmp_path / "lake" / "scores", filters=[("project", "=", "保险")])
    assert len(found) == 4


def test_names_of_projects_are_escaped_as_hive_does() -> None:
    assert escaped("保险") == "保险"
    assert escaped('A/B=50% "试点"') == "A%2FB%3D50%25 %22试点%22"
    assert escaped("..") == ".."  # behind project=, no way up
    assert Partition(None, None).folder == "date=__HIVE_DEFAULT_PARTITION__/project=__HIVE_DEFAULT_PARTITION__"
    long = [escaped("长" * 90 + end) for end in ("甲", "乙")]
    assert len({*long}) == 2 and max(len(name.encode()) for name in long) <= 200


def test_a_second_call_touches_only_what_is_new(tmp_path: Path) -> None:
    runs = [night(tmp_path / "runs", day) for day in range(2)]
    lake = tmp_path / "lake"
    compact(runs, Lake(str(lake)))
    before = {path: path.stat().st_mtime_ns for path in lake.rglob("*.parquet")}
    done = compact([*runs, night(tmp_path / "runs", 2)], Lake(str(lake)))
    assert (done.added, done.replaced, done.same) == (1, 0, 2)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(rows(lake)) == 36


def test_a_night_that_was_run_twice_counts_as_it_was_judged_last(tmp_path: Path) -> None:
    first, again = night(tmp_path / "runs", 0), night(tmp_path / "runs", 0, judged=1, projects=("95598",), talks=10)
    lake = tmp_path / "lake"
    compact([first], Lake(str(lake)))
    done = compact([first, again], Lake(str(lake)))
    assert (done.added, done.replaced) == (0, 1)
    found = rows(lake)
    assert len(found) == 10 and {r["run_id"] for r in found} == {"night-00-1"}
    assert not (lake / "conversations/date=2020-03-01/project=保险").exists()
    done = compact([first], Lake(str(lake)))  # the later run is no longer there, the data set still has it
    assert done.newer == 1 and {r["run_id"] for r in rows(lake)} == {"night-00-1"}


def test_the_order_of_events_leaves_no_trace(tmp_path: Path) -> None:
    first, again = night(tmp_path / "runs", 0), night(tmp_path / "runs", 0, judged=1)
    compact([first], Lake(str(tmp_path / "a")))
    compact([first, again], Lake(str(tmp_path / "a")))
    compact([again, first], Lake(str(tmp_path / "b")))
    assert laid(tmp_path / "a") == laid(tmp_path / "b")


def test_what_people_added_since_comes_along(tmp_path: Path) -> None:
    run = night(tmp_path / "runs", 0)
    lake = tmp_path / "lake"
    compact([run], Lake(str(lake)))
    row = {"conversation_id": "00-0001", "rule_id": "service.shirking", "human_verdict": "miss"}
    append_part(run.path, "reviews", ALL_TABLES["reviews"].empty_table().from_pylist([row], ALL_TABLES["reviews"]))
    assert compact([run], Lake(str(lake))).replaced == 1
    assert [(r["conversation_id"], r["project"], r["date"]) for r in rows(lake, "reviews")] == [
        ("00-0001", "保险", "2020-03-01")
    ]


def test_the_manifest_has_the_digest_of_every_file(tmp_path: Path) -> None:
    compact([night(tmp_path / "runs", day) for day in range(2)], Lake(str(tmp_path / "lake")))
    entries = Lake(str(tmp_path / "lake")).entries().values()
    assert {f.path: f.sha256 for e in entries for f in e.files} == laid(tmp_path / "lake")
    assert all(pq.read_metadata(tmp_path / "lake" / f.path).num_rows == f.rows for e in entries for f in e.files)


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "论文.docx").write_text("x")
    with pytest.raises(UsageError, match="不是 qc compact 写的数据集"):
        compact([night(tmp_path / "runs", 0)], Lake(str(tmp_path / "lake")))
    assert [p.name for p in (tmp_path / "lake").iterdir() if p.name != ".lock"] == ["论文.docx"]


def test_only_the_owner_reads_the_data_set(tmp_path: Path) -> None:
    compact([night(tmp_path / "runs", 0)], Lake(str(tmp_path / "lake")))
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "lake").rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "lake").rglob("*") if path.is_dir()} == {0o700}


def test_a_query_over_the_data_set(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    runs, lake = tmp_path / "runs", str(tmp_path / "lake")
    for day in range(2):
        night(runs, day)
    assert CliRunner().invoke(cli, ["compact", str(runs), "--to", lake]).exit_code == 0
    sql = "select date, project, count(*) n from hits join runs using (run_id) group by all order by all limit 2"
    sql = sql.replace("date, project", "hits.date, hits.project")
    result = CliRunner().invoke(cli, ["query", sql, "--lake", lake])
    assert result.exit_code == 0, result.output
    assert "2020-03-01  95598" in result.stdout
    (line,) = entries(Path(lake))
    assert (line.action, line.outcome, line.note) == ("query", "done", f"{lake}\n{sql}")
    result = CliRunner().invoke(cli, ["query", sql, "--lake", str(runs)])
    assert isinstance(result.exception, UsageError)


def test_a_query_of_a_data_set_in_an_object_store_is_recorded_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("duckdb")
    runs, lake = tmp_path / "runs", tmp_path / "lake"
    night(runs, 0)
    assert CliRunner().invoke(cli, ["compact", str(runs), "--to", str(lake)]).exit_code == 0
    made = Lake.__init__

    def away(self: Lake, where: str) -> None:
        made(self, str(lake))
        self.where, self.local = where, False

    monkeypatch.setattr(Lake, "__init__", away)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    ask = ["query", "select count(*) n from conversations", "--lake", "s3://bucket/qc"]
    refused = CliRunner().invoke(cli, ask).exception
    assert isinstance(refused, UsageError) and "--audit" in refused.hint
    before = len(list(entries(runs)))
    assert CliRunner().invoke(cli, [*ask, "--audit", str(runs)]).exit_code == 0
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(cli, ask).exit_code == 0
    told = [(line.action, line.note.split("\n")[0]) for line in entries(runs)]
    assert told[before:] == [("query", "s3://bucket/qc")] * 2
    assert not (lake / LOG).exists()
    wrong = CliRunner().invoke(cli, ["query", "from runs", str(runs / "r0"), "--audit", str(runs)])
    assert wrong.exit_code != 0


@pytest.mark.slow
def test_one_conversation_out_of_many_partitions_needs_no_more_open_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qc.archive.compact._OPEN", 2)
    monkeypatch.setattr("qc.archive.compact._PENDING_BYTES", 1000)
    run = night(tmp_path / "runs", 0, talks=30, projects=tuple("甲乙丙丁戊"))
    compact([run], Lake(str(tmp_path / "lake")))
    assert len(rows(tmp_path / "lake")) == 30
    assert len(rows(tmp_path / "lake", "turns")) == 90


@pytest.mark.slow
def test_killed_at_any_moment_the_next_call_repairs(tmp_path: Path) -> None:
    """Twenty kills spread over the whole work; a night judged again replaces the former one meanwhile."""
    runs, lake = tmp_path / "runs", tmp_path / "lake"
    for day in range(6):
        night(tmp_path / "before", day, talks=40, projects=("95598", "旧项目"))
        night(runs, day, talks=60, judged=1)
    compact(list_runs(tmp_path / "before"), Lake(str(lake)))
    compact(list_runs(runs), Lake(str(tmp_path / "expected")))
    command = [sys.executable, "-c", "from qc.commands import main; main()", "compact", str(runs), "--to", str(lake)]
    started = time.monotonic()
    subprocess.run([*command[:-1], str(tmp_path / "timed")], check=True, capture_output=True)
    whole = time.monotonic() - started
    killed = 0
    for attempt in range(20):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(whole * (0.3 + 0.7 * attempt / 20))
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        assert all(pq.read_metadata(path).num_rows for path in lake.glob("[!_]*/**/*.parquet"))
        assert max(_times(rows(lake)).values()) == 1
    assert killed
    subprocess.run(command, check=True, capture_output=True)
    assert laid(lake) == laid(tmp_path / "expected")
    assert not list((lake / "_staging").rglob("*.parquet"))


def _times(found: list[dict]) -> dict[tuple, int]:
    counts: dict[tuple, int] = {}
    for row in found:
        key = (row["date"], row["project"], row["conversation_id"])
        counts[key] = counts.get(key, 0) + 1
    return counts


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A real S3-compatible server, and an empty bucket."""
    moto = os.environ.get("QC_MOTO_SERVER") or shutil.which("moto_server", path=str(Path(sys.executable).parent))
    if moto is None:
        pytest.skip("no S3-compatible server: install moto[server], or name one in QC_MOTO_SERVER")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([moto, "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    options = f"region=us-east-1&scheme=http&endpoint_override=127.0.0.1%3A{port}"
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        from pyarrow.fs import S3FileSystem

        S3FileSystem(
            scheme="http", endpoint_override=f"127.0.0.1:{port}", region="us-east-1", allow_bucket_creation=True
        ).create_dir("qc-lake")
        yield f"s3://qc-lake/质检?{options}"
    finally:
        server.kill()
        server.wait()


@pytest.mark.slow
def test_an_object_store_holds_the_same(tmp_path: Path, bucket: str) -> None:
    first, other = night(tmp_path / "runs", 0), night(tmp_path / "runs", 1)
    again = night(tmp_path / "runs", 0, judged=1, projects=("95598", "电商"))
    compact([first], Lake(bucket))
    assert compact([again, other], Lake(bucket)).replaced == 1
    assert compact([again, other], Lake(bucket)).same == 2
    compact([again, other], Lake(str(tmp_path / "lake")))
    there, here = Lake(bucket), Lake(str(tmp_path / "lake"))
    assert there.entries() == here.entries()
    for name in ("conversations", "turns", "findings", "runs"):
        assert there.datasets()[name].to_table().equals(here.datasets()[name].to_table())


def test_a_run_whose_input_was_mended_since_is_there_once(tmp_path: Path) -> None:
    run = night(tmp_path / "runs", 0)
    lake = Lake(str(tmp_path / "lake"))
    compact([run], lake)
    write_lineage(run.path, replace(run.lineage, input_digest="e" * 64))  # as `qc run --retry-failed` leaves it
    done = compact(list_runs(tmp_path / "runs"), lake)
    assert (done.added, done.replaced) == (0, 1)
    assert len(rows(tmp_path / "lake")) == 12
    assert [entry.input_digest for entry in lake.entries().values()] == ["e" * 64]


def test_a_damaged_run_stops_no_other_and_what_there_was_of_it_stays(tmp_path: Path) -> None:
    runs = [night(tmp_path / "runs", day, talks=4) for day in range(3)]
    call = ["compact", str(tmp_path / "runs"), "--to", str(tmp_path / "lake")]
    assert CliRunner().invoke(cli, call).exit_code == 0
    for run in runs:
        write_lineage(run.path, replace(run.lineage, name="改过"))
    runs[0].part_files("findings")[0].write_bytes(b"PAR1")
    result = CliRunner().invoke(cli, call)
    assert result.exit_code == 3, result.output
    assert "没有放进去：读不了" in result.stderr and "更新 2 晚" in result.stderr
    assert sorted(row["run_name"] for row in rows(tmp_path / "lake", "runs")) == ["03 月 01 日夜间", "改过", "改过"]


def test_recordings_that_came_late_double_no_conversation(tmp_path: Path) -> None:
    """The night with two more is another input and a run of its own; whichever the data set took first."""
    first = night(tmp_path / "runs", 0)
    late = night(tmp_path / "runs", 0, judged=1, talks=14, input_digest="a" * 64)
    lake, at_once = tmp_path / "lake", tmp_path / "at once"
    compact([first], Lake(str(lake)))
    done = compact([first, late], Lake(str(lake)))
    assert (done.added, done.same, done.again) == (1, 1, 12)
    assert compact([late, first], Lake(str(at_once))).again == 12
    for place in (lake, at_once):
        assert len(rows(place)) == 14 and {row["run_id"] for row in rows(place)} == {"night-00-1"}
        assert len(rows(place, "turns")) == 42 and len(rows(place, "failures")) == 1
        assert {row["run_id"] for row in rows(place, "terms")} == {"night-00-1"}
        assert len(rows(place, "runs")) == 2, "that both were made is known"
        assert compact([first, late], Lake(str(place))).same == 2
    assert laid(lake).keys() == laid(at_once).keys()


@pytest.mark.slow
def test_a_night_judged_again_after_recordings_came_late_has_the_last_word(tmp_path: Path) -> None:
    """Some of its conversations then stand in the run with the late ones only."""
    lake = tmp_path / "lake"
    night(tmp_path / "runs", 0)
    night(tmp_path / "runs", 0, judged=1, talks=14, input_digest="a" * 64)
    compact(list_runs(tmp_path / "runs"), Lake(str(lake)))
    night(tmp_path / "runs", 0, judged=2)
    night(tmp_path / "runs", 1)  # shares no day with them
    compact(list_runs(tmp_path / "runs"), Lake(str(lake)))
    found = {row["conversation_id"]: row["run_id"] for row in rows(lake)}
    assert len(rows(lake)) == len(found) == 26
    assert [found[f"00-{n:04d}"] for n in (0, 11, 12, 13)] == ["night-00-2"] * 2 + ["night-00-1"] * 2
    entries = Lake(str(lake)).entries().values()
    assert {f.path: f.sha256 for e in entries for f in e.files} == laid(lake)
    assert all(e.state == "whole" for e in entries)


@pytest.mark.slow
def test_killed_while_a_night_is_narrowed_whose_run_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the data set still has the first run: the next call goes on, and nothing is lost or doubled."""
    first = night(tmp_path / "runs", 0)
    late = night(tmp_path / "runs", 0, judged=1, talks=13, input_digest="a" * 64)
    night(tmp_path / "runs", 0, judged=2, talks=5, input_digest="b" * 64)
    lake = tmp_path / "lake"
    compact([first], Lake(str(lake)))
    shutil.rmtree(first.path)
    move = Lake.move
    moved: list[str] = []

    def killed(self: Lake, source: str, target: str) -> None:
        moved.append(target)
        if len(moved) == 4:
            raise KeyboardInterrupt
        move(self, source, target)

    monkeypatch.setattr(Lake, "move", killed)
    with pytest.raises(KeyboardInterrupt):
        compact([open_run(tmp_path / "runs" / "night-00-2")], Lake(str(lake)))
    assert any(entry.state == "purging" for entry in Lake(str(lake)).entries().values())
    compact(list_runs(tmp_path / "runs"), Lake(str(lake)))
    Lake(str(lake)).datasets()
    found = sorted(row["conversation_id"] for row in rows(lake))
    assert found == sorted({row["conversation_id"] for row in late.table("conversations").to_pylist()})


def test_a_damaged_file_of_the_data_set_is_named(tmp_path: Path) -> None:
    first = night(tmp_path / "runs", 0, talks=3)
    lake = tmp_path / "lake"
    compact([first], Lake(str(lake)))
    damaged = next(lake.glob("conversations/*/*/*.parquet"))
    damaged.write_bytes(b"PAR1")
    late = night(tmp_path / "runs", 0, judged=1, talks=4, input_digest="a" * 64)
    (refused,) = compact([first, late], Lake(str(lake))).refused
    assert str(damaged.relative_to(lake)) in refused.message
