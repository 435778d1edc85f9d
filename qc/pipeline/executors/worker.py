"""One worker process and the parent's end of its pipe."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any, Generic

from qc.pipeline.executors.executor import Job, Result, Task

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""The environment of workers: measured, threads inside a process gain nothing and cost much."""
_PARTING_S = 5
_PR_SET_PDEATHSIG = 1
NOTHING: Any = type("Nothing", (), {"__repr__": lambda _: "NOTHING"})()
"""No task, no result: None may be either."""


class Say(Enum):
    """What a worker tells its parent."""

    HERE = 0
    """Started; what it starts with can be sent."""
    READY = 1
    RESULT = 2
    RAISED = 3


class Hush(Exception):  # noqa: N818
    """Nobody is at the other end."""


class Worker(Generic[Task, Result]):
    """A process as its parent knows it.

    `task`: what it holds, or NOTHING. `deadline`: when that must be done. `ready`: `setup` is done. `experienced`: it
    was given a task before. `on_trial`: its task killed another worker. `blameless`: it died of what no task does.
    """

    blameless = False

    def __init__(self, process: SpawnProcess, pipe: Connection, start: bytes) -> None:
        self.process = process
        self.pipe = pipe
        self.task: Task = NOTHING
        self.deadline = float("inf")
        self.ready = False
        self.experienced = False
        self.on_trial = False
        self._start = start

    @classmethod
    def started(cls, job: Job[Any, Task, Result]) -> Worker[Task, Result]:
        """A new process. It is sent its `setup` when it says that it is there: one that dies before that stops nobody,
        as one would that dies with a full pipe before it."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs,), daemon=True)
        with _single_threaded():
            process.start()
        theirs.close()
        return cls(process, ours, pickled((job.setup, job.setup_args, job.work)))

    @property
    def idle(self) -> bool:
        return self.ready and self.task is NOTHING

    def give(self, task: Task, limit_s: float | None) -> None:
        """Hand over a task. A worker that died meanwhile dies with it."""
        self.task = task
        self.experienced = True
        with suppress(OSError):
            self.pipe.send_bytes(pickled(task))
        self.deadline = float("inf") if limit_s is None else time.monotonic() + limit_s

    def hear(self) -> Result:
        """The result that is waiting in the pipe; NOTHING when it said that it is getting ready or is ready.

        Raises what `setup` or `work` raised, and Hush when the process is gone.
        """
        try:
            said = self.pipe.recv_bytes()
        except (EOFError, OSError):
            raise Hush from None
        kind, value = pickle.loads(said)  # noqa: S301 - our own process wrote it
        if kind is Say.HERE:
            with suppress(OSError):
                self.pipe.send_bytes(self._start)
            return NOTHING  # type: ignore[no-any-return]
        if kind is Say.READY:
            self.ready = True
            return NOTHING  # type: ignore[no-any-return]
        self.task, self.on_trial, self.deadline = NOTHING, False, float("inf")
        if kind is Say.RAISED:
            raise value
        return value  # type: ignore[no-any-return]

    def has_said(self) -> bool:
        """Whether there is something to hear."""
        return self.pipe.poll()

    def resident_mb(self) -> float:
        """Its resident memory; 0 when it is gone."""
        return resident_mb_of(self.process.pid or 0)

    def part(self) -> None:
        """Let it go: at once when it is at work, by the end of its pipe when it is not."""
        if not self.idle:
            self.process.kill()
        self.pipe.close()

    def end(self) -> None:
        """Make an end of it."""
        self.process.kill()
        self.pipe.close()

    def buried(self) -> None:
        """Wait until it is gone."""
        self.process.join(_PARTING_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()


def pickled(value: object) -> bytes:
    return bytes(ForkingPickler.dumps(value, pickle.HIGHEST_PROTOCOL))


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
        pipe.send_bytes(told(Say.HERE, None))
        try:
            setup, setup_args, work = pickle.loads(pipe.recv_bytes())  # noqa: S301 - our own parent wrote it
            state = setup(*setup_args)
        except Exception as error:
            pipe.send_bytes(told(Say.RAISED, error))
            return
        pipe.send_bytes(told(Say.READY, None))
        while True:
            task = pickle.loads(pipe.recv_bytes())  # noqa: S301
            try:
                result = work(state, task)
            except Exception as error:
                pipe.send_bytes(told(Say.RAISED, error))
            else:
                pipe.send_bytes(told(Say.RESULT, result))


def told(kind: Say, value: object) -> bytes:
    """What a worker says. What cannot cross is told as an error by its name: its text may quote a customer."""
    try:
        if kind is Say.RAISED and isinstance(value, BaseException):
            value.add_note("".join(traceback.format_tb(value.__traceback__)))
            pickle.loads(pickled(value))  # noqa: S301 - some can only be pickled one way
        return pickled((kind, value))
    except Exception as error:
        what = type(value).__name__ if kind is Say.RAISED else f"{type(value).__name__}: {error}"
        return pickled((Say.RAISED, RuntimeError(what)))


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
def uninterrupted() -> Iterator[None]:
    """Hold back Ctrl-C. Workers that are started under it never see one: it is their parent's to handle, and their own
    tracebacks would only be noise."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


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
