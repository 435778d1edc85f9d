"""Two commands on one output, file systems without locks, clocks that jump."""

from __future__ import annotations

import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from qc.domain.run import RunStatus
from qc.storage.read import list_runs, open_run
from tests.faults.machine import Machine
from tests.faults.night import Night
from tests.pipeline.batches import command, digests, only_run


def _at_once(*commands: list[object]) -> list[tuple[int, str]]:
    started = [
        subprocess.Popen(command(*args), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for args in commands
    ]
    said = [one.communicate()[1] for one in started]
    return [(one.returncode, text) for one, text in zip(started, said, strict=True)]


@pytest.mark.slow
def test_the_same_night_started_twice_at_once(tonight: Night, expected: dict[str, str], tmp_path: Path) -> None:
    """One makes it, the other is told; never two runs of one night, and never a mixture."""
    out = tmp_path / "out"
    ended = _at_once(*[tonight.run(out)] * 3)
    codes = sorted(code for code, _ in ended)
    assert codes[0] == 0 and set(codes) <= {0, 2}, ended
    for code, said in ended:
        assert code == 0 or "另一个 qc 进程正在写批次" in said
    runs = [run for run in list_runs(out) if run.lineage.status is RunStatus.DONE]
    assert len(runs) == codes.count(0)  # one that began after the other had ended is a run that somebody wanted
    assert all(digests(run.path) == expected for run in runs)
    assert not list(out.glob("*/.work"))


@pytest.mark.slow
def test_two_plans_at_once(tonight: Night, expected: dict[str, str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    ended = _at_once(tonight.run(out), tonight.run(out, "--keep-personal-data"))
    assert [code for code, _ in ended] == [0, 0], ended
    masked, kept = sorted(list_runs(out), key=lambda run: run.lineage.personal_data, reverse=True)
    assert digests(masked.path) == expected
    assert kept.lineage.counts == masked.lineage.counts


@pytest.mark.slow
def test_a_run_that_somebody_writes_is_refused(
    machine: Machine, tonight: Night, undisturbed: tuple[Path, int], tmp_path: Path
) -> None:
    """While one is in the middle, another with the same plan comes."""
    args = tonight.run(tmp_path / "out")
    other = " ".join(f"'{part}'" for part in command(*args))
    done = machine.qc(*args, at=150, do=f"{other} > {tmp_path}/said 2>&1; test $? = 2")
    assert done.code == 0, done.said
    said = (tmp_path / "said").read_text("utf-8")
    assert "另一个 qc 进程正在写批次" in said and "提示：等它结束" in said


@pytest.mark.slow
def test_without_locks_the_user_is_told(
    machine: Machine, tonight: Night, expected: dict[str, str], tmp_path: Path
) -> None:
    done = machine.qc(*tonight.run(tmp_path / "out"), QC_FAULT_LOCKS="no")
    assert done.code == 0, done.said
    assert "不能加锁" in done.said
    assert digests(only_run(tmp_path / "out")) == expected


DAY = 86_400


@pytest.mark.slow
@pytest.mark.parametrize("jumps", [f"0,{-DAY}", f"{400 * DAY},0", f"0,{30 * 365 * DAY}", f"{-20_000 * DAY},0"])
def test_a_clock_that_jumps_during_a_run(
    machine: Machine, tonight: Night, expected: dict[str, str], tmp_path: Path, jumps: str
) -> None:
    """Nothing in a table depends on it, and no run ends before it begins."""
    args = [*tonight.reported(tmp_path / "out"), "--executor", "serial"]
    done = machine.qc(*args, QC_FAULT_CLOCK=jumps)
    assert done.code == 0, done.said
    run = open_run(only_run(tmp_path / "out"))
    assert digests(run.path) == expected
    began, ended = (datetime.fromisoformat(t or "") for t in (run.lineage.started_at, run.lineage.finished_at))
    assert began <= ended
    assert (run.path / "report" / "index.html").is_file()


@pytest.mark.slow
def test_broken_off_in_the_future_and_resumed_today(
    machine: Machine, tonight: Night, expected: dict[str, str], tmp_path: Path
) -> None:
    args = tonight.run(tmp_path / "out")
    assert machine.qc(*args, at=150, QC_FAULT_CLOCK=str(3650 * DAY)).code == -9
    done = machine.qc(*args)
    assert done.code == 0 and "续跑" in done.said
    run = only_run(tmp_path / "out")
    assert digests(run) == expected
    lineage = open_run(run).lineage
    assert lineage.finished_at is not None and lineage.finished_at >= lineage.started_at


@pytest.mark.slow
def test_runs_in_one_second_and_runs_in_the_future(machine: Machine, tonight: Night, tmp_path: Path) -> None:
    """A stopped clock gives two runs one time: they keep apart, and their order is always the same. A run whose clock
    was ahead is later than all others, for reports and lists."""
    out = tmp_path / "out"
    now = datetime.now()
    for number in range(2):
        still = (datetime(now.year, 1, 1) - datetime.now()).total_seconds()
        ended = machine.qc(*tonight.run(out, "--fresh", "--name", number), QC_FAULT_CLOCK=str(still))
        assert ended.code == 0, ended.said
    ahead = machine.qc(*tonight.run(out, "--fresh", "--name", "ahead"), QC_FAULT_CLOCK=str(3650 * DAY))
    assert ahead.code == 0, ahead.said
    last = machine.qc(*tonight.reported(out), "--executor", "serial", "--fresh", "--name", "last")
    assert last.code == 0, last.said
    runs = [run.lineage for run in list_runs(out)]
    names = [run.name for run in runs]
    assert sorted(names[:2]) == ["0", "1"] and names[2:] == ["last", "ahead"]
    # the clock runs on from the start of the command, which takes one a second longer than the other
    assert runs == sorted(runs, key=lambda run: (run.started_at, run.run_id))
