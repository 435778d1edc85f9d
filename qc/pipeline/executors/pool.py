"""Worker processes of this machine; a task that kills its worker is found and set aside."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from qc.pipeline.executors.executor import Crashed, Job, Result, State, Task

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Pool:
    """Spawned processes, `workers` at once."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def run(self, job: Job[State, Task, Result], tasks: Iterable[Task]) -> Iterator[Result | Crashed[Task]]:
        """As every executor; at most two tasks per worker are under way."""
        workers = min(self.workers, job.at_most or self.workers)
        pending = iter(tasks)
        suspects: deque[Task] = deque()
        with _left_in_a_file((job.setup, job.setup_args)) as start:
            while True:
                broke = yield from _until_broken(job.work, pending, workers, start, suspects)
                if not broke:
                    return
                # Any of the tasks under way may have killed the worker: each is tried again alone.
                while suspects:
                    task = suspects.popleft()
                    lost: deque[Task] = deque()
                    if (yield from _until_broken(job.work, iter([task]), 1, start, lost)):
                        yield Crashed(task)


@contextmanager
def _left_in_a_file(start: tuple[Callable[..., Any], tuple[Any, ...]]) -> Iterator[str]:
    """What a worker starts with, readable by its owner only.

    Python hands arguments to a spawned process through a pipe whose other end it holds open itself: more than the pipe
    takes (64 KB; a hundred rules are more), and it waits for ever for a worker that died before reading.
    """
    with tempfile.NamedTemporaryFile(prefix="qc-", suffix=".start") as file:
        pickle.dump(start, file)
        file.flush()
        yield file.name


def _until_broken(
    work: Callable[[State, Task], Result],
    pending: Iterator[Task],
    workers: int,
    start: str,
    lost: deque[Task],
) -> Generator[Result, None, bool]:
    """Drain `pending`; True when a worker died, with the tasks then under way in `lost`."""
    under_way: dict[Future[Result], Task] = {}
    with _single_threaded():
        pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_enter, initargs=(start,))
        try:
            exhausted = False
            while under_way or not exhausted:
                while not exhausted and len(under_way) < 2 * workers:
                    try:
                        task = next(pending)
                    except StopIteration:
                        exhausted = True
                        break
                    try:
                        with _uninterrupted():
                            under_way[pool.submit(_call, work, task)] = task
                    except BrokenProcessPool:
                        lost.extend([*under_way.values(), task])
                        return True
                done, _ = wait(under_way, return_when=FIRST_COMPLETED)
                for future in done:
                    try:
                        result = future.result()
                    except BrokenProcessPool:
                        lost.extend(under_way.values())
                        return True
                    del under_way[future]
                    yield result
            return False
        except BaseException:  # interrupted, or the work itself raised: do not wait for what is under way
            for process in multiprocessing.active_children():
                process.kill()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


_state: Any = None
"""What `setup` made, in a worker process."""
_refused: Exception | None = None
"""What `setup` raised instead."""


def _enter(start: str) -> None:
    global _state, _refused
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    try:
        with Path(start).open("rb") as file:
            setup, setup_args = pickle.load(file)  # noqa: S301 - our own parent wrote it
        _state = setup(*setup_args)
    except Exception as error:  # raised here it would look as if every task killed its worker
        _refused = error


def _leave_with_parent() -> None:
    """A killed parent leaves nobody to take results: a worker that stayed would hold its model's memory for ever, and
    write into a run that is being resumed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _call(work: Callable[[Any, Task], Result], task: Task) -> Result:
    if _refused is not None:
        raise _refused
    return work(_state, task)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold back Ctrl-C: a worker that is half started could not be ended. Workers inherit this from the parent, whose
    it is to handle; their own tracebacks would only be noise."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _single_threaded() -> Iterator[None]:
    """Workers inherit one thread each: measured, threads inside a process gain nothing and cost much."""
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
