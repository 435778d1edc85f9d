"""What is known of a worker wherever its process runs, and what it says."""

from __future__ import annotations

import pickle
import time
import traceback
from abc import ABC, abstractmethod
from enum import Enum
from multiprocessing.reduction import ForkingPickler
from typing import Any, Generic

from qc.pipeline.executors.executor import Result, Task

NOTHING: Any = type("Nothing", (), {"__repr__": lambda _: "NOTHING"})()
"""No task, no result: None may be either."""


class Say(Enum):
    """What a worker tells."""

    READY = 1
    RESULT = 2
    RAISED = 3


class Hush(Exception):  # noqa: N818
    """Nobody is at the other end."""


class Worker(ABC, Generic[Task, Result]):
    """A process as the caller knows it.

    `task`: what it holds, or NOTHING. `deadline`: when that must be done. `ready`: `setup` is done. `experienced`: it
    was given a task before. `on_trial`: its task killed another worker. `blameless`: it died of what no task does.
    """

    task: Task = NOTHING
    deadline = float("inf")
    ready = False
    experienced = False
    on_trial = False
    blameless = False

    @property
    def idle(self) -> bool:
        return self.ready and self.task is NOTHING

    def give(self, task: Task, limit_s: float | None) -> None:
        """Hand over a task. A worker that died meanwhile dies with it."""
        self.task = task
        self.experienced = True
        self._send(pickled(task))
        self.deadline = float("inf") if limit_s is None else time.monotonic() + limit_s

    def hear(self) -> Result:
        """The result that it waits with; NOTHING when it said that it is getting ready or is ready.

        Raises what `setup` or `work` raised, and Hush when the process is gone.
        """
        said = self._receive()
        if said is None:
            return NOTHING  # type: ignore[no-any-return]
        kind, value = pickle.loads(said)  # noqa: S301 - our own process wrote it
        if kind is Say.READY:
            self.ready = True
            return NOTHING  # type: ignore[no-any-return]
        self.task, self.on_trial, self.deadline = NOTHING, False, float("inf")
        if kind is Say.RAISED:
            raise value
        return value  # type: ignore[no-any-return]

    @abstractmethod
    def _send(self, task: bytes) -> None:
        """Hand over without waiting for what comes of it."""

    @abstractmethod
    def _receive(self) -> bytes | None:
        """What it `told`; None while it is getting ready. Raises Hush when it is gone."""

    @abstractmethod
    def has_said(self) -> bool:
        """Whether there is something to hear."""

    @abstractmethod
    def resident_mb(self) -> float:
        """Its resident memory, as last known; 0 when it is gone."""

    @abstractmethod
    def end(self) -> None:
        """Make an end of it."""

    def part(self) -> None:
        """Let it go, in peace where it has nothing to do."""
        self.end()

    @abstractmethod
    def buried(self) -> None:
        """Wait until it is gone."""


def pickled(value: object) -> bytes:
    return bytes(ForkingPickler.dumps(value, pickle.HIGHEST_PROTOCOL))


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
