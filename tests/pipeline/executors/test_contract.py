"""What every executor promises (qc.pipeline.executors.executor)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qc.errors import QcError
from qc.pipeline.executors.executor import Cause, Crashed
from tests.pipeline.executors.faults import Step, die, job, refuse
from tests.pipeline.executors.kinds import Make

ROOT = Path(__file__).resolve().parents[3]


def test_every_task_gives_its_result_once(every: Make) -> None:
    got = list(every(2).run(job(3), map(Step, range(9))))
    assert sorted(x for x in got if isinstance(x, int)) == [3 * i for i in range(9)]


def test_no_tasks_no_results(every: Make) -> None:
    assert list(every(2).run(job(), [])) == []


@pytest.mark.parametrize("what", ["raises", "raises oddly", "gives what cannot be sent"])
def test_what_work_raises_reaches_the_caller(isolating: Make, what: str) -> None:
    with pytest.raises(Exception, match=r"broken work|Secret|lambda"):
        list(isolating(2).run(job(), [Step(1), Step(2, what), Step(3)]))


def test_a_setup_that_raises_is_no_crash(every: Make) -> None:
    with pytest.raises(ValueError, match="no model"):
        list(every(2).run(job(setup=refuse), [Step(1), Step(2)]))


def test_a_setup_that_dies_ends_the_job(isolating: Make) -> None:
    """No recording is to blame, and none must be set aside."""
    with pytest.raises(QcError, match="启动"):
        list(isolating(2).run(job(setup=die), [Step(1), Step(2)]))


@pytest.mark.parametrize("what", ["killed", "segfault", "exits"])
def test_who_kills_his_worker_is_found_and_the_others_complete(isolating: Make, what: str) -> None:
    killer = Step(5, what)
    steps = [killer if i == 5 else Step(i) for i in range(10)]
    got = list(isolating(2).run(job(1), steps))
    assert [x for x in got if isinstance(x, Crashed)] == [Crashed(killer, Cause.DIED)]
    assert sorted(x for x in got if isinstance(x, int)) == [i for i in range(10) if i != 5]


def test_who_dies_once_is_tried_again(isolating: Make, tmp_path: Path) -> None:
    unlucky = Step(4, "killed", once=str(tmp_path / "was here"))
    got = list(isolating(2).run(job(1), [Step(1), unlucky, Step(3)]))
    assert sorted(x for x in got if isinstance(x, int)) == [1, 3, 4]


@pytest.mark.parametrize("what", ["loops", pytest.param("loops in C", marks=pytest.mark.slow)])
def test_an_endless_loop_is_ended_and_not_tried_again(isolating: Make, what: str, tmp_path: Path) -> None:
    looper = Step(5, what, once=str(tmp_path / "begun"))  # a second try would come good
    steps = [looper if i == 5 else Step(i) for i in range(8)]
    got = list(isolating(2).run(job(1, limit_s=4), steps))
    assert [x for x in got if isinstance(x, Crashed)] == [Crashed(looper, Cause.TIME)]
    assert sorted(x for x in got if isinstance(x, int)) == [i for i in range(8) if i != 5]


def test_a_hog_is_ended_before_it_has_everything(isolating: Make) -> None:
    hog = Step(2, "hog", size_mb=1500)
    got = list(isolating(2).run(job(1, memory_mb=600), [Step(1), hog, Step(3)]))
    assert [x for x in got if isinstance(x, Crashed)] == [Crashed(hog, Cause.MEMORY)]
    assert sorted(x for x in got if isinstance(x, int)) == [1, 3]


def test_limits_that_are_kept_change_nothing(isolating: Make) -> None:
    got = list(isolating(2).run(job(1, limit_s=60, memory_mb=4000), map(Step, range(20))))
    assert sorted(x for x in got if isinstance(x, int)) == list(range(20))


def test_tasks_are_drawn_as_workers_are_free(every: Make) -> None:
    drawn = 0

    def stream() -> Iterator[Step]:
        nonlocal drawn
        for i in range(1000):
            drawn += 1
            yield Step(i)

    results = iter(every(2).run(job(), stream()))
    for given, _ in zip(range(1, 21), results, strict=False):
        assert drawn <= given + 4 * 2
    results.close()  # type: ignore[attr-defined]


def test_who_leaves_early_waits_for_nobody(isolating: Make) -> None:
    begun = time.monotonic()
    results = iter(isolating(2).run(job(), [Step(1), Step(2, "slow", seconds=600)]))
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert time.monotonic() - begun < 120


def test_processes_are_no_more_than_are_of_use(isolating: Make) -> None:
    got = list(isolating(3).run(job(at_most=1), map(Step, range(5))))
    assert len(Counter(x for x in got if isinstance(x, int))) == 5


DRIVER = """
import sys
from pathlib import Path
from tests.pipeline.executors.faults import Step, job, tell
from tests.pipeline.executors.kinds import MAKERS

if __name__ == "__main__":
    steps = [Step(1, "slow", 0.1), Step(2, sys.argv[3], 600)]
    list(MAKERS[sys.argv[1]](1).run(job(setup=tell, more=(sys.argv[2],)), steps))
"""


@pytest.mark.parametrize("what", ["slow", "loops in C"])
def test_workers_leave_when_their_parent_is_killed(named: str, what: str, tmp_path: Path) -> None:
    script = tmp_path / "main.py"
    script.write_text(DRIVER)
    told = tmp_path / "worker"
    driver = subprocess.Popen([sys.executable, script, named, told, what], env=os.environ | {"PYTHONPATH": str(ROOT)})
    until(lambda: told.exists() and told.read_text() != "")
    worker = int(told.read_text())
    time.sleep(0.5)  # it is in the middle of the second task
    driver.kill()
    driver.wait()
    until(lambda: not Path(f"/proc/{worker}").exists())


def until(true: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)
