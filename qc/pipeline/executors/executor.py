"""What every executor promises, whatever runs underneath."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")
State = TypeVar("State")


class Cause(StrEnum):
    """Why a task has no result."""

    DIED = "died"
    """Its process died: a crash in a library, the kernel short of memory, somebody's kill."""
    TIME = "time"
    """It took longer than the job allows."""
    MEMORY = "memory"
    """Its process grew larger than the job allows."""


@dataclass(frozen=True, slots=True)
class Crashed(Generic[Task]):
    """A task that broke its process. One that died or took too much memory was tried twice, the second time alone in a
    new process; one that took too long was not, for it would take as long again."""

    task: Task
    cause: Cause = Cause.DIED


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Generic[State, Task, Result]):
    """`work(state, task)` for many tasks, where `state = setup(*setup_args)` is made once per process, before its
    first task. All of it crosses to other processes, so functions stand at the top of a module.

    `at_most`: no more processes than this are of use, `per_machine`: on one machine, None: as many as there are.
    `gpus`: of each process.
    `limit_s`: seconds that a task may take, None: any time. `memory_mb`: what a process may hold, None: anything.
    """

    work: Callable[[State, Task], Result]
    setup: Callable[..., State]
    setup_args: tuple[Any, ...] = ()
    at_most: int | None = None
    per_machine: int | None = None
    gpus: float = 0
    limit_s: Callable[[Task], float] | None = None
    memory_mb: int | None = None


class Executor(Protocol):
    """Runs jobs.

    Results come in order of completion. Tasks are drawn as they are needed, a few ahead of the workers, so that an
    endless stream stays in bounded memory. What `setup` or `work` raises reaches the caller. A task that breaks its
    process comes back as `Crashed`, and costs no other task its result; processes that die in `setup` time and again
    raise UsageError, for no task is to blame. When the caller leaves, by an exception too, no process is left behind;
    when the caller is killed, workers leave by themselves.
    """

    @property
    def workers(self) -> int:
        """How many tasks can run at once."""

    @property
    def note(self) -> str:
        """Where tasks run, for the run's notes (Chinese); empty where that goes without saying."""

    def run(self, job: Job[State, Task, Result], tasks: Iterable[Task]) -> Iterator[Result | Crashed[Task]]:
        """The result of every task, or that it crashed."""
