"""The executor: bounded, and a task that kills its worker is found."""

from __future__ import annotations

import os
import signal

import pytest

from qc.pipeline.executor import Crashed, run_tasks


def setup(factor: int) -> int:
    return factor


def multiply(factor: int, task: int) -> int:
    if task == 13:
        os.kill(os.getpid(), signal.SIGKILL)
    if task == 99:
        raise ValueError("broken work")
    return task * factor


@pytest.mark.parametrize("workers", [0, 2])
def test_every_task_gives_its_result(workers: int) -> None:
    got = list(run_tasks(multiply, range(9), workers=workers, setup=setup, setup_args=(3,)))
    assert sorted(x for x in got if isinstance(x, int)) == [3 * i for i in range(9)]


def test_a_killer_is_isolated_and_the_rest_completes() -> None:
    got = list(run_tasks(multiply, range(10, 20), workers=2, setup=setup, setup_args=(1,)))
    assert [x for x in got if isinstance(x, Crashed)] == [Crashed(13)]
    assert sorted(x for x in got if isinstance(x, int)) == [i for i in range(10, 20) if i != 13]


def test_an_exception_reaches_the_caller() -> None:
    with pytest.raises(ValueError, match="broken work"):
        list(run_tasks(multiply, [1, 99, 2], workers=2, setup=setup, setup_args=(1,)))


def test_tasks_are_taken_as_workers_are_free() -> None:
    taken = 0

    def stream():  # type: ignore[no-untyped-def]
        nonlocal taken
        for i in range(100):
            taken += 1
            yield i

    results = run_tasks(multiply, (i for i in stream() if i not in (13, 99)), workers=1, setup=setup, setup_args=(1,))
    next(results)
    assert taken <= 4
    results.close()
