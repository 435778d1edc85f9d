"""A worker process of this machine, and the parent's end of its pipe."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from qc.memory import settled
from qc.pipeline.executors.executor import Job, Result, Task
from qc.pipeline.executors.worker import Hush, Say, Worker, pickled, told

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""The environment of workers: measured, threads inside a process gain nothing and cost much."""
_HERE = b"here"
"""Said by a process that has started: what it starts with can be sent."""
_PARTING_S = 5
_PR_SET_PDEATHSIG = 1


class Spawned(Worker[Task, Result]):
    """A spawned process."""

    def __init__(self, process: SpawnProcess, pipe: Connection, start: bytes) -> None:
        self.process = process
        self.pipe = pipe
        self._start = start

    @classmethod
    def started(cls, job: Job[Any, Task, Result]) -> Spawned[Task, Result]:
        """A new process. It is sent its `setup` when it says that it is there: one that dies before that stops nobody,
        as one would that dies with a full pipe before it."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs,), daemon=True)
        with _single_threaded():
            process.start()
        theirs.close()
        return cls(process, ours, pickled((job.setup, job.setup_args, job.work)))

    def _send(self, task: bytes) -> None:
        with suppress(OSError):
            self.pipe.send_bytes(task)

    def _receive(self) -> bytes | None:
        try:
            said = self.pipe.recv_bytes()
        except (EOFError, OSError):
            raise Hush from None
        if said == _HERE:
            self._send(self._start)
            return None
        return said

    def has_said(self) -> bool:
        return self.pipe.poll()

    def resident_mb(self) -> float:
        return resident_mb_of(self.process.pid or 0)

    def end(self) -> None:
        self.process.kill()
        self.pipe.close()

    def part(self) -> None:
        """By the end of its pipe where it has nothing to do."""
        if self.idle:
            self.pipe.close()
        else:
            self.end()

    def buried(self) -> None:
        self.process.join(_PARTING_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()


def resident_mb_of(pid: int) -> float:
    try:
        if sys.platform == "linux":
            return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
        ask = ["ps", "-o", "rss=", "-p", str(pid)]
        listed = subprocess.run(ask, capture_output=True, check=False)  # noqa: S603 - nothing in it is from outside
        return int(listed.stdout) / 1024
    except (OSError, ValueError, IndexError):
        return 0.0


def _serve(pipe: Connection) -> None:
    """The life of a worker process."""
    _leave_with_parent()
    with suppress(EOFError, OSError):
        pipe.send_bytes(_HERE)
        try:
            setup, setup_args, work = pickle.loads(pipe.recv_bytes())  # noqa: S301 - our own parent wrote it
            state = setup(*setup_args)
        except Exception as error:
            pipe.send_bytes(told(Say.RAISED, error))
            return
        pipe.send_bytes(told(Say.READY, None))
        with settled():
            while True:
                task = pickle.loads(pipe.recv_bytes())  # noqa: S301
                try:
                    result = work(state, task)
                except Exception as error:
                    pipe.send_bytes(told(Say.RAISED, error))
                else:
                    pipe.send_bytes(told(Say.RESULT, result))


def _leave_with_parent() -> None:
    """A killed parent leaves nobody to take results: a worker that stayed would hold its model's memory for ever, and
    write into a run that is being resumed. Linux ends it even in an endless loop in C, where no thread of it can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_outlive, args=(parent,), daemon=True).start()


def _outlive(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


@contextmanager
def _single_threaded() -> Iterator[None]:
    """Workers inherit one thread each."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
