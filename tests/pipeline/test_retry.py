"""`--retry-failed`: what failed and may come good is tried again in the same run; the rest is not heard again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qc.asr.engines.conformance import CALL
from qc.domain.config import AsrConfig, Config
from qc.domain.run import Lineage, RunStatus
from qc.errors import UsageError
from qc.ingest.batch import Batch, discover
from qc.pipeline.inputs import found_before
from qc.pipeline.plan import exclusive, start
from qc.storage.lineage import read_lineage, write_lineage
from qc.storage.read import StoredRun, open_run
from qc.storage.write import mark_complete
from tests.pipeline import faulty
from tests.pipeline.batches import chats, digests, only_run
from tests.pipeline.test_importing import WHISPER


@pytest.fixture
def night(tmp_path: Path) -> Path:
    """Ten chats, three recordings with their transcripts, one file that is no audio."""
    source = chats(tmp_path / "in", 10)
    for name in ("good", "flaky"):
        shutil.copy(CALL, source / f"{name}.ogg")
        with (source / f"{name}.ogg").open("ab") as more:
            more.write(name.encode())  # so that they are two
        (source / f"{name}.json").write_text(json.dumps(WHISPER), encoding="utf-8")
    (source / "bad.mp3").write_text("no audio at all")
    (source / "bad.json").write_text(json.dumps(WHISPER), encoding="utf-8")
    (tmp_path / "qc.yaml").write_text(
        'default_project: "95598"\ndefault_channel: chat\nasr: {engine: imported}\nrun: {shard_size: 4}\n', "utf-8"
    )
    return tmp_path


def run(night: Path, *more: str, breaks: str = "", code: int = 0, out: str = "out") -> str:
    log = night / "log"
    log.write_text("")
    done = subprocess.run(
        [*faulty.COMMAND, *args(night, out), *more],
        env=faulty.environment(breaks, log, QC_CACHE_DIR=str(night / f"cache of {out}")),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done.stderr


def args(night: Path, out: str) -> list[str]:
    return ["run", str(night / "in"), "-w", str(night), "--no-report", "--workers", "1", "--out", str(night / out)]


def heard(night: Path) -> list[str]:
    return (night / "log").read_text().split()


def kinds(stored: StoredRun) -> dict[str, str]:
    return {row["conversation_id"]: row["kind"] for row in stored.table("failures").to_pylist()}


BREAKS = "C0003=killed flaky=killed C0008=raises"


@pytest.mark.slow
def test_what_may_come_good_comes_good_in_place(night: Path) -> None:
    run(night, breaks=BREAKS, code=3)
    stored = open_run(only_run(night / "out"))
    assert Counter(heard(night)) == {"good": 1, "flaky": 2, "bad": 1}
    before = kinds(stored)
    assert before == {"C0003": "crashed", "flaky": "crashed", "C0008": "error", "bad": before["bad"]}
    people = stored.path / "reviews" / "reviews" / "part-00000.parquet"
    people.parent.mkdir(parents=True)
    people.write_bytes(b"what people said")
    (stored.path / "report").mkdir()
    (stored.path / "report" / "index.html").touch()

    said = run(night, "--retry-failed", code=3)
    assert "重试 3 个" in said and "报表还是重试之前的" in said
    assert heard(night) == ["flaky"], "what cannot come good is not heard again, nor what is known"
    again = open_run(only_run(night / "out"))
    assert again.lineage.run_id == stored.lineage.run_id
    assert again.lineage.status is RunStatus.DONE
    assert kinds(again) == {"bad": before["bad"]}
    assert (again.lineage.counts.input, again.lineage.counts.ok) == (13, 12)
    assert (again.lineage.transcribed, again.lineage.cached) == (2, 0)
    assert "试了 3 个失败或隔离的输入，成功 3 个" in again.lineage.notes[-1]
    assert people.read_bytes() == b"what people said"
    people.unlink()
    people.parent.rmdir()

    run(night, code=3, out="whole")
    assert digests(again.path) == digests(only_run(night / "whole")), "as if nothing had ever failed"
    assert "没有可以重试的输入" in run(night, "--retry-failed", code=0)
    assert heard(night) == []
    assert open_run(again.path).lineage == again.lineage


@pytest.mark.slow
@pytest.mark.parametrize("damaged", [False, True])
def test_a_retry_that_is_killed_goes_on_by_the_same_command(night: Path, damaged: bool) -> None:
    """Also when nobody can read any more what it was trying: then what failed is tried without being counted."""
    run(night, breaks=BREAKS, code=3)
    path = only_run(night / "out")
    victim = subprocess.Popen(
        [*faulty.COMMAND, *args(night, "out"), "--retry-failed"],
        env=faulty.environment("C0005=loops", QC_CACHE_DIR=str(night / "cache of out")),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not list((path / ".work" / "shards").glob("*.json")) and victim.poll() is None:
        time.sleep(0.02)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    half: dict[str, Any] = json.loads((path / "run.json").read_text("utf-8"))
    assert half["status"] == "running"
    if damaged:
        (path / ".work" / "retry.json").write_text('[{"input": "C00', "utf-8")
    run(night, "--retry-failed", code=3)
    assert heard(night) == (["bad"] if damaged else []), "the others were heard before the kill"
    again = open_run(only_run(night / "out"))
    assert list(kinds(again)) == ["bad"]
    assert damaged or "试了 3 个失败或隔离的输入，成功 3 个" in again.lineage.notes[-1]
    assert not (path / ".work").exists()
    run(night, code=3, out="whole")
    assert digests(path) == digests(only_run(night / "whole"))


@pytest.mark.slow
def test_what_fails_again_is_told_so(night: Path) -> None:
    run(night, breaks=BREAKS, code=3)
    run(night, "--retry-failed", breaks="flaky=killed", code=3)
    again = open_run(only_run(night / "out"))
    assert set(kinds(again)) == {"bad", "flaky"}
    assert "试了 3 个失败或隔离的输入，成功 2 个" in again.lineage.notes[-1]


def test_without_such_a_run_nothing_is_made(night: Path) -> None:
    said = run(night, "--retry-failed", code=2)
    assert "没有这个输入的批次" in said
    assert "去掉 --retry-failed" in said
    assert not list((night / "out").glob("*/run.json"))


@pytest.mark.slow
def test_another_plan_is_not_opened_again_and_what_moved_is_told(night: Path) -> None:
    run(night, breaks=BREAKS, code=3)
    before = digests(only_run(night / "out"))
    (night / "in" / "new.jsonl").write_text((night / "in" / "chats.jsonl").read_text("utf-8"), encoding="utf-8")
    assert "输入变了" in run(night, "--retry-failed", code=2)
    assert digests(only_run(night / "out")) == before


BAD = b"RIFF but no audio"


@pytest.fixture
def mended(tmp_path: Path) -> tuple[Path, Callable[[], Batch]]:
    """A folder, and what is found in it, transcripts beside recordings taken."""
    source = chats(tmp_path / "in", 3)
    (source / "locked").mkdir()
    for path in (source / "a.wav", source / "locked" / "b.wav"):
        path.write_bytes(BAD)
        path.with_suffix(".json").write_text("{}")
    manifest = tmp_path / "calls.csv"
    manifest.write_text("file,conversation_id\na.wav,A\nlocked/b.wav,B\n", "utf-8")
    config = Config(asr=AsrConfig(engine="imported"))
    return source, lambda: discover(source, manifest, config)


def _shut(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody may open it, whoever runs the tests."""
    opened, listed = Path.open, os.scandir

    def refuse(at: object) -> None:
        if Path(os.fsdecode(at)) == path:  # type: ignore[arg-type]
            raise PermissionError(13, "Permission denied", os.fsdecode(at))  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "open", lambda self, *args, **more: refuse(self) or opened(self, *args, **more))
    monkeypatch.setattr(os, "scandir", lambda at: refuse(at) or listed(at))


@pytest.mark.parametrize("name", ["a.wav", "a.json", "chats.jsonl", "locked"])
def test_what_could_not_be_read_and_can_now_is_the_only_change(
    mended: tuple[Path, Callable[[], Batch]], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    source, look = mended
    with monkeypatch.context() as then:
        _shut(source / name, then)
        before = look()
    (failed,) = [f for f in before.failures if f.kind == "unreadable"]
    now = look()
    assert now.digest != before.digest and failed.retryable

    def told() -> str:
        again = look()
        config, manifest = again.config, source.parent / "calls.csv"
        return found_before(source, manifest, config, again, {failed.input: failed}, mask=True).digest

    assert told() == before.digest
    (source / "new.jsonl").write_text("{}")
    assert told() != before.digest, "what is new is noticed"
    (source / "new.jsonl").unlink()
    other = source / ("locked/b.wav" if name != "locked" else "a.wav")
    other.write_bytes(BAD + b"!")
    assert told() != before.digest, "so is a recording that changed"


@pytest.mark.slow
def test_an_input_that_was_mended_is_tried_in_the_same_run(night: Path) -> None:
    """A recording that came half and was copied again, and an empty file that was filled."""
    whole = (night / "in" / "good.ogg").read_bytes()
    (night / "in" / "good.ogg").write_bytes(whole[:3000])
    (night / "in" / "late.json").write_text(json.dumps(WHISPER), encoding="utf-8")
    (night / "in" / "late.ogg").write_bytes(b"")
    run(night, code=3)
    stored = open_run(only_run(night / "out"))
    assert {"good", "late"} < set(kinds(stored))
    (night / "in" / "good.ogg").write_bytes(whole)
    (night / "in" / "late.ogg").write_bytes(whole + b"late")
    assert "重试 2 个" in run(night, "--retry-failed", code=3)
    again = open_run(only_run(night / "out"))
    assert set(kinds(again)) == {"bad"}
    assert again.lineage.run_id == stored.lineage.run_id
    assert again.lineage.input_digest != stored.lineage.input_digest
    assert "试了 2 个失败或隔离的输入，成功 2 个" in again.lineage.notes[-1]
    run(night, code=3, out="whole")
    fresh = open_run(only_run(night / "whole"))
    assert digests(again.path) == digests(fresh.path)
    assert (again.lineage.input_digest, again.lineage.plan_digest) == (
        fresh.lineage.input_digest,
        fresh.lineage.plan_digest,
    )


@pytest.mark.slow
def test_a_recording_that_was_judged_and_changed_is_another_input(night: Path) -> None:
    run(night, breaks=BREAKS, code=3)
    before = digests(only_run(night / "out"))
    with (night / "in" / "flaky.ogg").open("ab") as file:
        file.write(b"tried again, may change")
    with (night / "in" / "good.ogg").open("ab") as file:
        file.write(b"judged, may not")
    assert "输入变了" in run(night, "--retry-failed", code=2)
    assert digests(only_run(night / "out")) == before


@pytest.mark.slow
@pytest.mark.parametrize("complete", [True, False])
def test_a_damaged_run_is_not_taken_as_finished(night: Path, complete: bool) -> None:
    run(night, breaks=BREAKS, code=3)
    path = only_run(night / "out")
    if complete:  # the command was killed before its end
        (path / ".work").mkdir()
        (path / ".work" / "complete").touch()
    part = path / "turns" / "part-00001.parquet"
    part.write_bytes(part.read_bytes()[:100])
    assert "缺了、坏了或被改过" in run(night, "--retry-failed", code=3)
    run(night, code=3, out="whole")
    assert digests(path) == digests(only_run(night / "whole"))


@pytest.mark.slow
def test_killed_before_its_end_it_is_retried_at_once(night: Path) -> None:
    run(night, breaks=BREAKS, code=3)
    path = only_run(night / "out")
    (path / ".work" / "shards").mkdir(parents=True)
    (path / ".work" / "complete").touch()
    assert "重试 3 个" in run(night, "--retry-failed", code=3)
    assert set(kinds(open_run(path))) == {"bad"} and not (path / ".work").exists()


def test_a_finished_run_that_somebody_is_writing_is_left_to_them(tmp_path: Path) -> None:
    """A purge changes its files: that they are not what was written is no reason to make them again beside it."""
    lineage = Lineage(run_id="r", status=RunStatus.DONE, plan_digest="p", parts_digest="other")
    write_lineage(tmp_path / "r", lineage)
    mark_complete(tmp_path / "r")
    with exclusive(tmp_path / "r", lambda _: None), pytest.raises(UsageError, match="正在写批次 r"):
        start(tmp_path, lineage, run_id=None, fresh=False)
    assert read_lineage(tmp_path / "r") == lineage
    plan = start(tmp_path, lineage, run_id=None, fresh=False)
    assert plan.resumed and not plan.finished and plan.lineage.status is RunStatus.RUNNING
