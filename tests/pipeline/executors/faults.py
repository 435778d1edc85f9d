"""Work with faults in it, importable by the processes that executors start."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from qc.pipeline.executors.executor import Job

MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class Step:
    """A task: `what` happens to it, and the number it gives back."""

    number: int
    what: str = "well"
    seconds: float = 0
    size_mb: int = 0
    once: str = ""
    """A file: the fault happens only while it is not there."""


@dataclass(frozen=True, slots=True)
class Marked:
    """State of a process: who made it."""

    factor: int
    pid: int


def prepare(factor: int) -> Marked:
    return Marked(factor, os.getpid())


def refuse(_: int) -> Marked:
    raise ValueError("no model")


def die(_: int) -> Marked:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def lingering(factor: int) -> Marked:
    time.sleep(600)
    return prepare(factor)


def tell(factor: int, path: str) -> Marked:
    """Leave the number of the process in a file."""
    Path(path).write_text(str(os.getpid()))
    return prepare(factor)


_leaked: list[bytearray] = []


class Secret(Exception):
    def __init__(self, first: str, second: str) -> None:
        super().__init__(first)
        self.second = second


def perform(state: Marked, step: Step) -> int:
    """`factor × number`, unless something happens."""
    if step.once and step.what != "logs":
        if Path(step.once).exists():
            return state.factor * step.number
        Path(step.once).touch()
    match step.what:
        case "slow":
            time.sleep(step.seconds)
        case "raises":
            raise ValueError("broken work")
        case "raises oddly":
            raise Secret("one", "two")
        case "gives what cannot be sent":
            return lambda: None  # type: ignore[return-value]
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "segfault":
            ctypes.string_at(0)
        case "exits":
            os._exit(0)
        case "loops":
            while True:
                pass
        case "loops in C":  # and lets nobody else of its process on
            re.match(r"(a|aa)+$", "a" * 200 + "b")
        case "hog":
            held = bytearray(os.urandom(MEGABYTE)) * step.size_mb
            time.sleep(600)
            del held
        case "leaks":
            _leaked.append(bytearray(os.urandom(MEGABYTE)) * step.size_mb)
        case "logs":
            with Path(step.once).open("a") as log:
                log.write(f"{step.number}\n")
            time.sleep(step.seconds)
        case "gpu":
            return int(os.environ.get("CUDA_VISIBLE_DEVICES") or -1)
        case "threads":
            return int(os.environ["OMP_NUM_THREADS"])
    return state.factor * step.number


def job(
    factor: int = 3,
    *,
    setup: Callable[..., Marked] = prepare,
    more: tuple[object, ...] = (),
    limit_s: float | None = None,
    memory_mb: int | None = None,
    at_most: int | None = None,
) -> Job[Marked, Step, int]:
    return Job(
        work=perform,
        setup=setup,
        setup_args=(factor, *more),
        limit_s=None if limit_s is None else lambda _: limit_s,
        memory_mb=memory_mb,
        at_most=at_most,
    )
