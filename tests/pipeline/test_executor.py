"""The executor: bounded, and a task that kills its worker is found."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from qc.pipeline.executors.executor import Crashed, Executor, Job
from qc.pipeline.executors.pool import Pool
from qc.pipeline.executors.serial import Serial


def setup(factor: int) -> int:
    return factor


def multiply(factor: int, task: int) -> int:
    if task == 13:
        os.kill(os.getpid(), signal.SIGKILL)
    if task == 99:
        raise ValueError("broken work")
    return task * factor


def times(factor: int) -> Job[int, int, int]:
    return Job(work=multiply, setup=setup, setup_args=(factor,))


@pytest.mark.parametrize("executor", [Serial(), Pool(2)])
def test_every_task_gives_its_result(executor: Executor) -> None:
    got = list(executor.run(times(3), range(9)))
    assert sorted(x for x in got if isinstance(x, int)) == [3 * i for i in range(9)]


def test_a_killer_is_isolated_and_the_rest_completes() -> None:
    got = list(Pool(2).run(times(1), range(10, 20)))
    assert [x for x in got if isinstance(x, Crashed)] == [Crashed(13)]
    assert sorted(x for x in got if isinstance(x, int)) == [i for i in range(10, 20) if i != 13]


def test_an_exception_reaches_the_caller() -> None:
    with pytest.raises(ValueError, match="broken work"):
        list(Pool(2).run(times(1), [1, 99, 2]))


def refuse(_: int) -> int:
    raise ValueError("no model")


def test_a_setup_that_fails_is_no_crash() -> None:
    with pytest.raises(ValueError, match="no model"):
        list(Pool(2).run(Job(work=multiply, setup=refuse, setup_args=(1,)), [1, 2]))


def tell(path: Path) -> Path:
    (path / "worker").write_text(str(os.getpid()))
    return path


def linger(_: Path, seconds: int) -> None:
    time.sleep(seconds)


def test_workers_leave_when_their_parent_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from qc.pipeline.executors.executor import Job\n"
        "from qc.pipeline.executors.pool import Pool\n"
        "from tests.pipeline.test_executor import linger, tell\n"
        "if __name__ == '__main__':\n"
        "    list(Pool(1).run(Job(work=linger, setup=tell, setup_args=(Path(sys.argv[1]),)), [0, 60]))\n"
    )
    (tmp_path / "main.py").write_text(code)
    parent = subprocess.Popen([sys.executable, tmp_path / "main.py", tmp_path], env=os.environ | {"PYTHONPATH": "."})
    told = tmp_path / "worker"
    until(lambda: told.exists() and told.read_text() != "")
    worker = int(told.read_text())
    parent.kill()
    parent.wait()
    until(lambda: not Path(f"/proc/{worker}").exists())


def until(true: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_tasks_are_taken_as_workers_are_free() -> None:
    taken = 0

    def stream():  # type: ignore[no-untyped-def]
        nonlocal taken
        for i in range(100):
            taken += 1
            yield i

    results = Pool(1).run(times(1), (i for i in stream() if i not in (13, 99)))
    next(results)
    assert taken <= 4
    results.close()


def test_a_worker_that_dies_before_it_reads_its_start_stops_nobody(tmp_path: Path) -> None:
    """More than a pipe holds is to be read, and nobody reads it."""
    script = tmp_path / "main.py"
    script.write_text(
        "import os\n"
        "from qc.pipeline.executors.executor import Job\n"
        "from qc.pipeline.executors.pool import Pool\n"
        "if __name__ != '__main__':\n    os._exit(1)\n"
        "print(len(list(Pool(1).run(Job(work=max, setup=str, setup_args=('a' * 1_000_000,)), ['b']))))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout == "1\n", done.stderr
