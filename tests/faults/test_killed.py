"""Killed at any step, by whomever: the same command again, and nothing is lost or there twice."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from qc.domain.run import RunStatus
from qc.storage.read import open_run
from tests.faults.machine import Machine
from tests.faults.night import Night
from tests.faults.trials import (
    Victim,
    a_worker,
    everybody,
    killed_at_a_moment,
    killed_at_a_step,
    left_behind,
    the_driver,
)
from tests.pipeline.batches import digests, only_run


def _steps(count: int, trials: int, seed: int) -> list[int]:
    """One step out of each of `trials` equal stretches of the run."""
    chance = random.Random(seed)
    return [chance.randint(1 + i * count // trials, (i + 1) * count // trials) for i in range(trials)]


@pytest.mark.slow
@pytest.mark.parametrize("trials", [8, pytest.param(30, marks=pytest.mark.long)])
def test_at_any_durable_step(
    machine: Machine,
    tonight: Night,
    undisturbed: tuple[Path, int],
    expected: dict[str, str],
    tmp_path: Path,
    trials: int,
) -> None:
    for step in _steps(undisturbed[1], trials, seed=trials):
        out = tmp_path / str(step)
        done = killed_at_a_step(machine, tonight, expected, out, step, QC_CACHE_DIR=str(tmp_path / f"cache{step}"))
        assert done.struck
        assert done.sound, (step, done)
        assert not list(out.rglob("*.tmp"))


@pytest.mark.slow
def test_before_any_of_its_last_acts(
    machine: Machine, tonight: Night, expected: dict[str, str], tmp_path: Path
) -> None:
    """A run is over with the very last thing its command does, the audit log included."""
    calm = machine.qc(*tonight.run(tmp_path / "calm"), QC_CACHE_DIR=str(tmp_path / "cache-calm"))
    for step in range(calm.steps - 3, calm.steps + 1):
        out = tmp_path / str(step)
        done = killed_at_a_step(machine, tonight, expected, out, step, QC_CACHE_DIR=str(tmp_path / f"cache{step}"))
        assert done.struck and done.sound, (step, done)


@pytest.mark.slow
@pytest.mark.parametrize("victim", [everybody, the_driver, a_worker])
def test_at_any_moment_with_workers(
    machine: Machine, tonight: Night, expected: dict[str, str], tmp_path: Path, victim: Victim
) -> None:
    for seed in range(4):
        out = tmp_path / str(seed)
        args = [*tonight.reported(out), "--no-report", "--workers", 2]
        done = killed_at_a_moment(machine, args, tonight, expected, out, victim, seed)
        assert done.sound, (seed, done)
    assert not left_behind(tonight)


@pytest.mark.slow
def test_killed_twice_and_killed_while_it_goes_on(
    machine: Machine, tonight: Night, undisturbed: tuple[Path, int], expected: dict[str, str], tmp_path: Path
) -> None:
    args = tonight.run(tmp_path / "out")
    chance = random.Random(5)
    for _ in range(4):
        assert machine.qc(*args, at=chance.randint(20, 120)).code == -9
    assert machine.qc(*args).code == 0
    assert digests(only_run(tmp_path / "out")) == expected


@pytest.mark.slow
def test_killed_while_the_report_is_written(
    machine: Machine, tonight: Night, undisturbed: tuple[Path, int], expected: dict[str, str], tmp_path: Path
) -> None:
    """The night is done and must not be run a second time: only the report is made."""
    for name in ("first", "whole"):  # the second finds everything heard, as those below
        whole = machine.qc(*tonight.reported(tmp_path / name), "--executor", "serial")
        assert whole.code == 0, whole.said
    for before_the_end in range(8, 80, 4):  # after the report come the summary, the audit log and the work folder
        args = [*tonight.reported(tmp_path / f"out{before_the_end}"), "--executor", "serial"]
        assert machine.qc(*args, at=whole.steps - before_the_end).code == -9
        run = only_run(tmp_path / f"out{before_the_end}")
        if not (run / "report").exists():
            break
    assert open_run(run).lineage.status is RunStatus.DONE
    assert not (run / "report").exists()
    again = machine.qc(*args)
    assert again.code == 0, again.said
    assert "只做剩下的" in again.said
    assert only_run(run.parent) == run
    assert digests(run) == expected
    assert (run / "report" / "index.html").is_file()
    assert not list(run.glob("*.partial")) and not (run / ".work").exists()


@pytest.mark.slow
def test_killed_while_judging_again(
    machine: Machine, tonight: Night, undisturbed: tuple[Path, int], expected: dict[str, str], tmp_path: Path
) -> None:
    args = ["inspect", undisturbed[0], "-w", tonight.workspace, "--no-report", "--executor", "serial", "--out"]
    whole = machine.qc(*args, tmp_path / "whole")
    assert whole.code == 0, whole.said
    for step in _steps(whole.steps, 4, seed=6):
        out = tmp_path / str(step)
        assert machine.qc(*args, out, at=step).code == -9
        assert machine.qc(*args, out).code == 0
        assert digests(only_run(out)) == digests(only_run(tmp_path / "whole"))
