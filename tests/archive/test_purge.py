"""What a policy takes, what it must leave, and what stands of it afterwards."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from qc.archive.compact import compact
from qc.archive.due import due_runs
from qc.archive.lake import Lake
from qc.archive.purge import purge as take
from qc.archive.purge_lake import due_nights, purge_night
from qc.asr.cache import TranscriptCache
from qc.asr.engines.transcriber import AsrIdentity
from qc.commands import cli
from qc.domain.conversation import CallMeta, Channel, Source
from qc.domain.recording import GivenTranscript, Recording, Transcript
from qc.domain.run import RunStatus
from qc.errors import SpecError, UsageError
from qc.pipeline.plan import exclusive
from qc.pipeline.report import write_report
from qc.schema.reviews import ALL_TABLES
from qc.specs.workspace import load_config
from qc.storage import append as append_lock
from qc.storage.append import append_part
from qc.storage.digests import intact, read_parts, sha256_of
from qc.storage.lineage import write_lineage
from qc.storage.read import StoredRun, list_runs, open_run
from tests.archive.nights import listed, night

ROOT = Path(__file__).resolve().parents[2]


def policy(folder: Path, text: str) -> Path:
    (folder / "ws").mkdir(exist_ok=True)
    (folder / "ws" / "qc.yaml").write_text(f"retention:\n{text}", encoding="utf-8")
    return folder / "ws"


def purge(folder: Path, *options: str) -> Result:
    result = CliRunner().invoke(cli, ["purge", str(folder / "runs"), "-w", str(folder / "ws"), *options])
    assert result.exit_code == 0, (result.output, result.exception)
    return result


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("lock", ".lock")
    }


def words(run: StoredRun) -> set[str]:
    """Every text of a run's own tables."""
    found = set()
    for name in ALL_TABLES:
        for row in run.table(name, ALL_TABLES[name].names).to_pylist():
            found |= set(json.dumps(row, ensure_ascii=False, default=str).split('"'))
    return found


def test_without_yes_nothing_is_touched(tmp_path: Path) -> None:
    night(tmp_path / "runs", 0)
    policy(tmp_path, "  default: {text: 1年, audio: 30天}\n")
    before = digests(tmp_path / "runs")
    result = purge(tmp_path)
    assert "night-00-0" in result.stdout and "12" in result.stdout
    assert "加上 --yes 就清除" in result.stderr
    assert digests(tmp_path / "runs") == before


def test_text_goes_and_scores_stay(tmp_path: Path) -> None:
    run = night(tmp_path / "runs", 0)
    append_part(
        run.path,
        "reviews",
        ALL_TABLES["reviews"]
        .empty_table()
        .from_pylist([{"conversation_id": "00-0003", "comment": "客户说了投诉"}], ALL_TABLES["reviews"]),
    )
    scores, findings = run.table("scores"), run.table("findings", ["conversation_id", "rule_id", "verdict"])
    policy(tmp_path, "  default: {text: 1年}\n")
    assert any("投诉" in word for word in words(run) - {"投诉"})
    purge(tmp_path, "--yes")
    after = open_run(run.path)
    told = {word for word in words(after) if "投诉" in word} - {"投诉", "升级投诉"}  # a term, a rule's title
    assert not told
    assert after.table("scores") == scores
    assert after.table("findings", ["conversation_id", "rule_id", "verdict"]) == findings
    assert after.table("turns", ["conversation_id"]).num_rows == 36


def test_the_path_of_a_recording_goes_and_its_results_stay(tmp_path: Path) -> None:
    run = night(tmp_path / "runs", 0)
    turns = run.table("turns")
    policy(tmp_path, "  default: {audio: 90}\n")
    purge(tmp_path, "--yes")
    after = open_run(run.path)
    assert set(after.table("conversations", ["source_path"])["source_path"].to_pylist()) == {""}
    assert after.table("turns") == turns
    assert None not in after.table("conversations", ["source_sha256"])["source_sha256"].to_pylist()


def test_insurance_is_kept_for_years_beside_others_of_the_same_night(tmp_path: Path) -> None:
    run = night(tmp_path / "runs", 0)
    policy(tmp_path, "  default: {results: 1年}\n  projects:\n    保险: {results: 永久, text: 永久}\n")
    purge(tmp_path, "--yes")
    after = open_run(run.path)
    assert set(after.table("conversations", ["project"])["project"].to_pylist()) == {"保险"}
    for name in ("turns", "scores", "item_scores", "emotions", "topics"):
        ids = set(after.table(name, ["conversation_id"])["conversation_id"].to_pylist())
        assert ids == {"00-0001", "00-0004", "00-0007", "00-0010"}, name
    assert set(after.table("terms", ["project"])["project"].to_pylist()) == {"保险"}


def test_a_run_of_which_nothing_is_left_goes_as_a_whole(tmp_path: Path) -> None:
    night(tmp_path / "runs", 0)
    policy(tmp_path, "  default: {results: 1年}\n")
    purge(tmp_path, "--yes")
    assert [path.name for path in (tmp_path / "runs").iterdir() if not path.name.startswith("audit")] == []


def test_a_legal_hold_and_an_unfinished_run_are_never_touched(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    night(runs, 0)
    running = night(runs, 1)
    write_lineage(running.path, replace(running.lineage, status=RunStatus.RUNNING))
    policy(tmp_path, "  default: {text: 1天, results: 1天, audio: 1天, reports: 1天}\n  keep: [night-00-0]\n")
    compact(list_runs(runs), Lake(str(tmp_path / "lake")))
    before = digests(runs), digests(tmp_path / "lake")
    result = purge(tmp_path, "--yes", "--lake", str(tmp_path / "lake"))
    assert "没有到期的内容" in result.stdout and "保全不动的批次：night-00-0" in result.stderr
    assert (digests(runs), digests(tmp_path / "lake")) == before


def test_what_is_not_yet_over_stays(tmp_path: Path) -> None:
    night(tmp_path / "runs", 0)
    policy(tmp_path, "  default: {text: 1年}\n")
    assert "没有到期的内容" in purge(tmp_path, "--on", "2021-03-01").stdout  # the night is of 2020-03-01
    assert "night-00-0" in purge(tmp_path, "--on", "2021-03-02").stdout


def test_a_second_purge_finds_nothing(tmp_path: Path) -> None:
    run = listed(night(tmp_path / "runs", 0))
    policy(tmp_path, "  default: {text: 1年, audio: 1年}\n  projects:\n    保险: {results: 1年}\n")
    purge(tmp_path, "--yes")
    after = open_run(run.path)
    assert {(p.kind, p.project) for p in after.lineage.purged} >= {("results", "保险"), ("text", "95598")}
    assert all(p.done for p in after.lineage.purged)
    assert sha256_of(run.path / "parts.json") == after.lineage.parts_digest
    assert all(intact(run.path, part) for part in read_parts(run.path) or ())
    assert "没有到期的内容" in purge(tmp_path, "--yes").stdout


def test_the_log_has_counts_and_no_contents(tmp_path: Path) -> None:
    night(tmp_path / "runs", 0)
    policy(tmp_path, "  default: {text: 1年}\n")
    purge(tmp_path, "--yes")
    lines = [json.loads(line) for line in (tmp_path / "runs" / "audit.jsonl").read_text().splitlines()]
    assert [(line["action"], line["runs"], line["counts"]) for line in lines] == [
        ("purge", ["night-00-0"], {"text": 12})
    ]


def test_what_quotes_goes_with_the_text(tmp_path: Path) -> None:
    """Also the workbook, and a report whose making was broken off."""
    run = night(tmp_path / "runs", 0)
    folders = ("report", "report.partial", "report.old", "pages", "bleep")
    for name in folders:
        (run.path / name).mkdir()
        (run.path / name / "index.html").write_text("投诉")
    (run.path / "workbook.xlsx").write_text("投诉")
    policy(tmp_path, "  default: {text: 1年}\n")
    purge(tmp_path, "--yes")
    assert not [name for name in (*folders, "workbook.xlsx") if (run.path / name).exists()]


def test_the_brief_of_a_day_goes_with_its_text_once(tmp_path: Path) -> None:
    for n in range(2):
        night(tmp_path / "runs", 0, judged=n)
    night(tmp_path / "runs", 40)
    days = [tmp_path / "runs" / "opinion" / day for day in ("2020-03-01", "2020-04-10")]
    for folder in days:
        folder.mkdir(parents=True)
        (folder / "onepager.html").write_text("投诉")
    policy(tmp_path, "  default: {text: 1年}\n")
    assert [folder.exists() for folder in days] == [True, True]
    CliRunner().invoke(cli, ["purge", str(tmp_path / "runs"), "-w", str(tmp_path / "ws"), "--on", "2021-03-20"])
    assert [folder.exists() for folder in days] == [True, True], "only looked at"
    due, _ = due_runs(
        list_runs(tmp_path / "runs"), load_config(tmp_path / "ws" / "qc.yaml").retention, date(2021, 3, 20), tmp_path
    )
    assert [path for one in due for path in one.reports] == days[:1]
    purge(tmp_path, "--yes")
    assert [folder.exists() for folder in days] == [False, False]


def test_a_report_can_be_made_of_what_is_left(tmp_path: Path) -> None:
    run = night(tmp_path / "runs", 0)
    policy(tmp_path, "  default: {text: 1年, audio: 1年}\n")
    purge(tmp_path, "--yes")
    config = replace(load_config(None))
    page = write_report(run.path, out=None, templates=[ROOT / "reports"], config=config)
    assert "不归我管" not in "".join(path.read_text() for path in page.parent.rglob("*.html"))


def test_the_data_set_forgets_as_the_runs_do(tmp_path: Path) -> None:
    runs, lake = tmp_path / "runs", tmp_path / "lake"
    night(runs, 0)
    compact(list_runs(runs), Lake(str(lake)))
    policy(tmp_path, "  default: {results: 1年}\n  projects:\n    保险: {results: 永久, text: 1年, audio: 1年}\n")
    purge(tmp_path, "--yes", "--lake", str(lake))
    tables = Lake(str(lake)).datasets()
    left = tables["conversations"].to_table().to_pylist()
    assert {row["project"] for row in left} == {"保险"} and {row["source_path"] for row in left} == {""}
    assert set(tables["turns"].to_table()["text"].to_pylist()) == {""}
    assert tables["scores"].count_rows() == 4
    entries = Lake(str(lake)).entries().values()
    assert all(sha256_of(lake / file.path) == file.sha256 for entry in entries for file in entry.files)
    assert "没有到期的内容" in purge(tmp_path, "--yes", "--lake", str(lake)).stdout
    done = compact(list_runs(runs), Lake(str(lake)))  # the run says that it was purged: the same comes out
    assert done.replaced == 1
    assert set(Lake(str(lake)).datasets()["turns"].to_table()["text"].to_pylist()) == {""}


def test_a_policy_nobody_can_read_is_refused_with_its_place(tmp_path: Path) -> None:
    workspace = policy(tmp_path, "  default: {text: 三年}\n")
    with pytest.raises(SpecError) as refused:
        load_config(workspace / "qc.yaml")
    assert "看不懂期限 三年" in refused.value.render() and "qc.yaml:2" in refused.value.render()
    (tmp_path / "runs").mkdir()
    (workspace / "qc.yaml").write_text("name: 甲\n", encoding="utf-8")
    result = CliRunner().invoke(cli, ["purge", str(tmp_path / "runs"), "-w", str(workspace)])
    assert isinstance(result.exception, UsageError)


@pytest.mark.slow
def test_killed_at_any_moment_the_next_call_finishes(tmp_path: Path) -> None:
    text = "  default: {text: 1年, audio: 1年}\n  projects:\n    保险: {results: 1年}\n"
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        for day in range(4):
            listed(night(tmp_path / folder / "runs", day, talks=80))
        compact(list_runs(tmp_path / folder / "runs"), Lake(str(tmp_path / folder / "lake")))
        policy(tmp_path / folder, text)
    a, b = tmp_path / "a", tmp_path / "b"
    purge(a, "--yes", "--lake", str(a / "lake"))
    command = [sys.executable, "-c", "from qc.commands import main; main()", "purge", str(b / "runs")]
    command += ["-w", str(b / "ws"), "--yes", "--lake", str(b / "lake")]
    killed = 0
    for attempt in range(12):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ})
        time.sleep(0.9 + 0.05 * attempt)
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
    assert killed
    subprocess.run(command, check=True, capture_output=True)
    for ours, theirs in zip(list_runs(b / "runs"), list_runs(a / "runs"), strict=True):
        assert digests(ours.path) == digests(theirs.path)
        assert all(intact(ours.path, part) for part in read_parts(ours.path) or ())
    assert {k: v for k, v in digests(b / "lake").items() if not k.startswith("_")} == {
        k: v for k, v in digests(a / "lake").items() if not k.startswith("_")
    }


def test_a_purged_run_is_not_damaged_and_is_not_judged_again(tmp_path: Path) -> None:
    run = listed(night(tmp_path / "runs", 0))
    policy(tmp_path, "  default: {text: 1年}\n")
    purge(tmp_path, "--yes")
    result = CliRunner().invoke(cli, ["verify", str(run.path)])
    assert result.exit_code == 0, result.output
    assert "按保留期清除了" in result.stdout and "不可信" not in result.stdout
    result = CliRunner().invoke(cli, ["inspect", str(run.path), "--out", str(tmp_path / "out")])
    assert isinstance(result.exception, UsageError) and "已按保留期清除" in result.exception.message


def test_after_a_new_report_and_a_new_data_set_there_is_still_nothing_left_to_take(tmp_path: Path) -> None:
    runs, lake = tmp_path / "runs", str(tmp_path / "lake")
    run = night(runs, 0, talks=3)
    night(runs, 1, talks=3, dated=False)
    compact(list_runs(runs), Lake(lake))
    policy(tmp_path, "  default: {text: 1年, audio: 1年}\n  projects:\n    保险: {results: 1年}\n")
    purge(tmp_path, "--yes", "--lake", lake)
    (run.path / "report").mkdir()  # made again, of what is left
    assert compact(list_runs(runs), Lake(lake)).replaced == 2
    again = purge(tmp_path, "--yes", "--lake", lake)
    assert again.stdout == "没有到期的内容。\n"
    assert "清除了 0 个批次、数据集里 0 晚" in again.stderr
    assert (run.path / "report").exists()


@pytest.mark.slow
def test_words_stay_with_the_last_conversation_of_their_project(tmp_path: Path) -> None:
    """Most of a night is of one day, some of it after midnight."""
    runs, lake = tmp_path / "runs", str(tmp_path / "lake")
    run = night(runs, 0, talks=6)
    (last,) = run.part_files("conversations")[-1:]
    table = pq.read_table(last)
    at = table.column_names.index("date")
    pq.write_table(table.set_column(at, table.schema.field(at), pa.array([date(2020, 3, 2)] * len(table))), last)
    compact(list_runs(runs), Lake(lake))
    policy(tmp_path, "  default: {results: 1年}\n")
    retention = load_config(tmp_path / "ws" / "qc.yaml").retention
    midnight = date(2021, 3, 2)
    (due,) = due_nights(Lake(lake), retention, midnight)
    purge_night(Lake(lake), due)
    tables = Lake(lake).datasets()
    left = {row["project"] for row in tables["conversations"].to_table().to_pylist()}
    assert 0 < tables["conversations"].count_rows() < 6
    assert {row["project"] for row in tables["terms"].to_table().to_pylist()} == left
    assert due_nights(Lake(lake), retention, midnight) == []


@pytest.mark.slow
def test_a_data_set_made_of_a_purged_run_and_one_that_was_purged_say_the_same(tmp_path: Path) -> None:
    runs, lake = tmp_path / "runs", tmp_path / "lake"
    night(runs, 0)
    compact(list_runs(runs), Lake(str(lake)))
    policy(tmp_path, "  default: {text: 1年, audio: 1年}\n")
    told = purge(tmp_path, "--yes", "--lake", str(lake)).stdout
    assert ["night-00-0（数据集）", "12", "12"] in [line.split() for line in told.splitlines()], told
    (purged,) = Lake(str(lake)).entries().values()
    compact(list_runs(runs), Lake(str(lake)))
    (made,) = Lake(str(lake)).entries().values()
    assert set(made.purged) >= set(purged.purged) > set()


def cached(folder: Path, run: StoredRun, *contents: str, given: str = "") -> None:
    """Transcripts of these recordings, as the run has them made."""
    cache, lineage = TranscriptCache(folder / "cache" / "transcripts"), run.lineage
    asr = AsrIdentity(engine=lineage.asr_engine or "", model=lineage.asr_model or "", options=lineage.asr_options or "")
    for content in contents:
        heard = Transcript(
            sha256=content,
            duration_ms=0,
            sample_rate=8000,
            codec="PCM",
            channels=(),
            engine=asr.engine,
            model=asr.model,
            options=asr.options,
        )
        cache.put(asr.key(content) + given, heard)


def recorded(folder: Path, day: int, **more: object) -> StoredRun:
    run = night(folder / "runs", day, **more)  # type: ignore[arg-type]
    write_lineage(run.path, replace(run.lineage, asr_options="beam"))
    return open_run(run.path)


def contents(run: StoredRun) -> list[str]:
    return run.table("conversations", ["source_sha256"])["source_sha256"].to_pylist()


def entries(folder: Path) -> set[str]:
    return {path.stem for path in (folder / "cache").rglob("*.json")}


def test_a_transcript_goes_with_the_text_of_its_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QC_CACHE_DIR", str(tmp_path / "cache"))
    run = recorded(tmp_path, 0)
    cached(tmp_path, run, contents(run)[0])
    cached(tmp_path, run, contents(run)[3], given="-" + "a" * 64)  # it came with the recording
    before = entries(tmp_path)
    cached(tmp_path, run, "f" * 64)
    policy(tmp_path, "  default: {text: 1年}\n")
    assert "转写缓存" in purge(tmp_path, "--yes").stdout
    assert len(before) == 2 and len(entries(tmp_path)) == 1 and not before & entries(tmp_path)
    assert purge(tmp_path).stdout == "没有到期的内容。\n"


def test_a_given_transcript_is_found_by_its_audio() -> None:
    asr = AsrIdentity(engine="e", model="m", options="o")
    source = Source(path="a.wav", format="audio", sha256="1" * 64)
    given = GivenTranscript(path="a.json", file="/a.json", format="json", sha256="2" * 64)
    heard = Recording(
        conversation_id="a", file="/a.wav", project="", channel=Channel.VOICE_INBOUND, meta=CallMeta(), source=source
    )
    keys = [asr.key_of(replace(heard, given=g)) for g in (None, given, replace(given, sha256="3" * 64))]
    assert len(set(keys)) == 3
    assert keys[0] == asr.key("1" * 64) and all(key.startswith(keys[0]) for key in keys)


def test_a_shared_transcript_is_counted_once_and_stays_while_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QC_CACHE_DIR", str(tmp_path / "cache"))
    first, second = recorded(tmp_path, 0, talks=3), recorded(tmp_path, 0, talks=3, judged=1)
    assert contents(first) == contents(second)
    cached(tmp_path, first, *contents(first))
    policy(tmp_path, "  default: {transcripts: 1年}\n")
    rows = [line.split() for line in purge(tmp_path).stdout.splitlines()]
    assert rows == [["批次", "转写缓存"], ["night-00-0", "3"], ["合计", "3"]]
    policy(tmp_path, "  default: {transcripts: 1年}\n  keep: [night-00-1]\n")
    assert "没有到期的内容" in purge(tmp_path, "--yes").stdout and len(entries(tmp_path)) == 3
    policy(tmp_path, "  default: {transcripts: 1年}\n")
    purge(tmp_path, "--yes")
    assert entries(tmp_path) == set()


def test_a_run_that_is_damaged_or_being_written_stops_no_other(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    torn, busy, last = (night(runs, day) for day in range(3))
    torn.part_files("conversations")[0].write_bytes(b"PAR1")
    policy(tmp_path, "  default: {text: 1年}\n")
    call = ["purge", str(runs), "-w", str(tmp_path / "ws")]
    with exclusive(busy.path, lambda _: None):
        result = CliRunner().invoke(cli, [*call, "--yes"])
    assert result.exit_code == 3, (result.output, result.exception)
    assert "没有清除：读不了" in result.stderr and "night-00-0" in result.stderr
    assert "没有清除：另一个 qc 进程正在写批次 night-01-0" in result.stderr
    assert "清除了 1 个批次" in result.stderr
    assert [bool(open_run(run.path).lineage.purged) for run in (busy, last)] == [False, True]
    lines = [json.loads(line) for line in (runs / "audit.jsonl").read_text().splitlines()]
    assert [line["runs"] for line in lines] == [["night-02-0"]], "what was not taken is not recorded as taken"


def test_a_run_that_changed_since_it_was_looked_at_is_left_alone(tmp_path: Path) -> None:
    run = night(tmp_path / "runs", 0)
    retention = load_config(policy(tmp_path, "  default: {text: 1年}\n") / "qc.yaml").retention
    (one,), _ = due_runs([run], retention, date(2026, 1, 1), tmp_path / "cache")
    write_lineage(run.path, replace(run.lineage, notes=("重试过",)))
    with pytest.raises(UsageError, match="刚刚被别的 qc 命令改动"):
        take(one, date(2026, 1, 1), lambda _: nullcontext(), lambda: pytest.fail("recorded"))
    assert open_run(run.path).table("turns", ["text"])["text"].to_pylist()[0] == "您好，请讲。"


def test_a_folder_that_cannot_be_purged_keeps_nobody_elses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = tmp_path / "runs"
    first, linked, last = (night(runs, day, talks=3) for day in range(3))
    (tmp_path / "elsewhere").mkdir()
    (linked.path / "report").symlink_to(tmp_path / "elsewhere")
    policy(tmp_path, "  default: {text: 1年}\n")
    made = append_lock.make_folder

    def forbidden(path: Path, **more: object) -> Path:
        if path.is_relative_to(first.path):
            raise PermissionError(errno.EACCES, "", str(path))
        return made(path, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(append_lock, "make_folder", forbidden)
    result = CliRunner().invoke(cli, ["purge", str(runs), "-w", str(tmp_path / "ws"), "--yes"])
    assert result.exit_code == 3, (result.output, result.exception)
    assert "批次 night-00-0 没有清除完：没有权限" in result.stderr
    assert "是一个链接，没有清除" in result.stderr and (tmp_path / "elsewhere").is_dir()
    assert bool(open_run(last.path).lineage.purged)


def test_a_name_in_the_policy_that_is_nobodys_is_told(tmp_path: Path) -> None:
    """A slip of the pen would take what was to be kept."""
    night(tmp_path / "runs", 0)
    policy(
        tmp_path,
        "  default: {text: 1年}\n  projects:\n    保险: {text: 10年}\n    保 险: {text: 10年}\n  keep: [night-00-O]\n",
    )
    told = [line for line in purge(tmp_path).stderr.splitlines() if line.startswith("提醒")]
    assert len(told) == 2 and "night-00-O 不是这里的批次" in told[0] and "保 险 在这些批次里没有会话" in told[1]
