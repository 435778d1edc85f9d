"""A summary answers as the tables do, to the last byte of a report, and never for what has changed."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from qc.pipeline.report import write_report
from qc.pipeline.specs import alerts, configuration, folders
from qc.schema.reviews import ALL_TABLES
from qc.storage.append import append_part
from qc.storage.read import StoredRun, open_run
from qc.storage.summary import SUMMARY, summarised, summary_path
from tests.archive.nights import night

WHERE = folders(None)


def report(run: StoredRun, out: Path) -> dict[str, str]:
    write_report(run.path, out=out, templates=WHERE.reports, config=configuration(WHERE), alerts=alerts(WHERE))
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def as_stored(run: StoredRun) -> StoredRun:
    return run


@pytest.mark.slow
def test_a_report_is_the_same_with_and_without_summaries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nights = [night(tmp_path / "runs", day, talks=24) for day in range(10)]
    made = report(nights[-1], tmp_path / "first")
    assert (nights[0].path / SUMMARY).is_dir()
    assert report(nights[-1], tmp_path / "again") == made
    monkeypatch.setattr("qc.pipeline.report.summarised", as_stored)
    assert report(nights[-1], tmp_path / "without") == made


@pytest.mark.slow
def test_a_month_is_read_from_few_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What reports compare is in the summary: a new column that somebody compares has to be added there."""
    nights = [night(tmp_path / "runs", day) for day in range(3)]
    report(nights[-1], tmp_path / "first")
    for run in nights[:-1]:
        for name in ("conversations", "findings", "topics", "intents", "complaints", "scores"):
            shutil.rmtree(run.path / name, ignore_errors=True)
    assert report(nights[-1], tmp_path / "again") == report(nights[-1], tmp_path / "third")


def test_the_pieces_are_those_of_the_tables(tmp_path: Path) -> None:
    run = night(tmp_path / "runs", 0)
    short = summarised(run)
    for name, columns in (("conversations", ["date", "conversation_id"]), ("findings", ["verdict"])):
        ours, theirs = list(short.parts(name, columns)), list(run.parts(name, columns))
        assert ours == theirs and len(ours) == 2
    assert short.table("turns") == run.table("turns")


def test_what_has_changed_is_summarised_again(tmp_path: Path) -> None:
    run = night(tmp_path / "runs", 0)
    summarised(run)
    before = summary_path(run.path, "scores").read_bytes()
    append_part(run.path, "reviews", ALL_TABLES["reviews"].empty_table())
    summarised(open_run(run.path))
    assert summary_path(run.path, "scores").read_bytes() != before


def test_a_damaged_summary_is_made_again(tmp_path: Path) -> None:
    run = night(tmp_path / "runs", 0)
    summarised(run)
    path = summary_path(run.path, "scores")
    path.write_bytes(path.read_bytes()[:100])
    assert summarised(run).table("scores", ["score"]) == run.table("scores", ["score"])


def test_where_none_can_be_written_the_tables_answer(tmp_path: Path) -> None:
    run = night(tmp_path / "runs", 0)
    (run.path / SUMMARY).write_text("not a folder")
    assert summarised(run).table("scores", ["score"]) == run.table("scores", ["score"])
