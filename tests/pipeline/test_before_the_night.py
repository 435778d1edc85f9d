"""What is wrong with a command is said before the night's work, not after it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from qc.commands import cli
from qc.domain.conversation import Conversation
from qc.domain.failure import Failure
from qc.domain.run import Lineage, RunStatus
from qc.errors import SpecError, UsageError
from qc.pipeline.plan import start
from qc.pipeline.restore import stored_inputs
from qc.specs.workspace import load_config
from qc.storage.lineage import write_lineage
from qc.storage.read import StoredRun, open_run
from tests.pipeline.batches import chats, only_run, workspace


def qc(*args: object) -> Result:
    return CliRunner().invoke(cli, [str(a) for a in args])


def test_runs_do_not_lie_among_the_inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`cd recordings/2026-11-20; qc run .`: the second command would read what the first wrote."""
    monkeypatch.chdir(chats(tmp_path / "in", 2))
    for out in ([], ["--out", tmp_path / "in" / "a" / "b"]):
        refused = qc("run", ".", "--executor", "serial", *out)
        assert isinstance(refused.exception, UsageError) and "在输入目录 . 里面" in refused.exception.message
    assert [path.name for path in Path().iterdir()] == ["chats.jsonl"]


def test_an_address_asks_for_a_cluster(tmp_path: Path) -> None:
    source = chats(tmp_path / "in", 2)
    refused = qc("run", source, "--out", tmp_path / "out", "--address", "10.0.0.1:6379")
    assert isinstance(refused.exception, UsageError) and "--executor ray" in refused.exception.hint
    assert not (tmp_path / "out").exists()


def test_a_slip_in_the_alerts_is_told_before_anything_is_judged(tmp_path: Path) -> None:
    """They are needed for the report only."""
    source, home = chats(tmp_path / "in", 2), workspace(tmp_path / "ws")
    alerts = home / "rules" / "_opinion" / "alerts.yml"
    alerts.parent.mkdir(parents=True)
    alerts.write_text("levels: 3\n", encoding="utf-8")
    told = qc("run", source, "-w", home, "--out", tmp_path / "out", "--executor", "serial")
    assert isinstance(told.exception, SpecError) and "alerts.yml:1" in told.exception.render()
    assert not (tmp_path / "out").exists()


def test_how_many_may_fail_is_no_part_of_the_plan(tmp_path: Path) -> None:
    """An exit code of 3 makes people raise the allowance, and then retry."""
    digests = set()
    for name, text in (("a", "run: {allowance: 0.05}"), ("b", "run: {allowance: 0}")):
        (tmp_path / name).write_text(text, encoding="utf-8")
        digests.add(load_config(tmp_path / name).digest)
    assert len(digests) == 1


@pytest.mark.slow
def test_a_run_that_changes_while_it_is_judged_again_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another command retries or purges it: what was read of it may be half of each."""
    source, home = chats(tmp_path / "in", 2), workspace(tmp_path / "ws")
    common = ["-w", home, "--executor", "serial", "--no-report", "-q", "--out"]
    assert qc("run", source, *common, tmp_path / "out").exit_code == 0
    run = open_run(only_run(tmp_path / "out"))

    def read(stored: StoredRun) -> Iterator[Conversation | Failure]:
        yield from stored_inputs(stored)
        write_lineage(run.path, replace(run.lineage, finished_at="2036-01-01T00:00:00"))

    monkeypatch.setattr("qc.pipeline.run.stored_inputs", read)
    told = qc("inspect", run.path, *common, tmp_path / "again")
    assert isinstance(told.exception, UsageError) and "被别的 qc 命令改动" in told.exception.message
    assert open_run(only_run(tmp_path / "again")).lineage.status is RunStatus.RUNNING


def test_a_run_that_people_reviewed_is_not_said_to_be_worthless(tmp_path: Path) -> None:
    """A retry was broken off and the rules were edited: the run is no longer continued, and holds people's work."""
    known = Lineage(run_id="a", plan_digest="a" * 64, input_path="in", status=RunStatus.RUNNING)
    for reviewed, said in ((False, "可以删掉"), (True, "里面有人的复核，不要删")):
        write_lineage(tmp_path / "a", known)
        (tmp_path / "a" / ("reviews" if reviewed else "turns")).mkdir()
        (told,) = start(tmp_path, replace(known, rules_digest="b", plan_digest="b" * 64), run_id=None, fresh=True).notes
        assert said in told and "规则或评分表变了" in told
        shutil.rmtree(tmp_path / "a")
