"""What only the pool can do wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from qc.errors import UsageError
from qc.pipeline.executors.pool import Pool
from tests.pipeline.executors.faults import Step, job, lingering

STILLBORN = """
import os
from qc.errors import UsageError
from qc.pipeline.executors.executor import Job
from qc.pipeline.executors.pool import Pool
if __name__ != "__main__":
    os._exit(1)
try:
    list(Pool(1).run(Job(work=max, setup=str, setup_args=("a" * 1_000_000,)), ["b"]))
except UsageError as error:
    print(error.message)
"""

DEAF = """
import signal
from qc.pipeline.executors.executor import Job
from qc.pipeline.executors.pool import Pool

def deaf(state, task):
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])

if __name__ == "__main__":
    print(list(Pool(1).run(Job(work=deaf, setup=str), [1])))
"""


def test_ctrl_c_is_for_the_command_and_not_for_its_first_worker(tmp_path: Path) -> None:
    """It would die with a traceback on the terminal."""
    script = tmp_path / "main.py"
    script.write_text(DEAF)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout == "[True]\n", done.stderr


def test_a_worker_that_dies_before_it_reads_its_start_stops_nobody(tmp_path: Path) -> None:
    """More than a pipe holds is to be read, and nobody reads it."""
    script = tmp_path / "main.py"
    script.write_text(STILLBORN)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=300, check=False)
    assert "启动时被杀死" in done.stdout, done.stderr


def test_who_works_on_loses_nothing_by_a_neighbour_that_dies(tmp_path: Path) -> None:
    """The task that another worker holds runs once."""
    log = tmp_path / "log"
    steps = [Step(1, "logs", seconds=1.5, once=str(log)), Step(2, "killed"), Step(3)]
    got = list(Pool(2).run(job(1), steps))
    assert sorted(x for x in got if isinstance(x, int)) == [1, 3]
    assert log.read_text() == "1\n"


def test_a_hog_of_before_costs_a_task_only_its_worker() -> None:
    """What earlier tasks left behind is not what this one needs: in a new process it stays within the limit."""
    leaks = [Step(i, "leaks", size_mb=150) for i in range(4)]
    got = list(Pool(1).run(job(1, memory_mb=500), [*leaks, Step(4, "slow", seconds=1)]))
    assert sorted(x for x in got if isinstance(x, int)) == [0, 1, 2, 3, 4]


def test_a_limit_smaller_than_what_setup_takes_is_said() -> None:
    with pytest.raises(UsageError, match=r"启动时.*超过了 1 MB"):
        list(Pool(1).run(job(1, setup=lingering, memory_mb=1), [Step(1)]))


def test_threads_of_libraries_are_one_and_the_callers_stay() -> None:
    before = os.environ.get("OMP_NUM_THREADS")
    assert list(Pool(1).run(job(1), [Step(7, "threads")])) == [1]
    assert os.environ.get("OMP_NUM_THREADS") == before
