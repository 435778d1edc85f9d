"""Worker processes of this machine. The parent knows which task each holds: who crashes is known, not guessed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from multiprocessing import resource_tracker
from multiprocessing.connection import wait
from typing import Any, Generic

from qc.pipeline.executors.crew import Crew
from qc.pipeline.executors.executor import Crashed, Job, Result, State, Task
from qc.pipeline.executors.process import Spawned


class Pool:
    """Spawned processes, `workers` at once, each with a pipe of its own and one task at a time.

    What a process holds is its resident memory. It is read from /proc, and where there is none from `ps`.
    """

    note = ""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def run(self, job: Job[State, Task, Result], tasks: Iterable[Task]) -> Iterator[Result | Crashed[Task]]:
        """As every executor. Tasks drawn ahead are at most as many as there are workers."""
        most = min(self.workers, job.at_most or self.workers, job.per_machine or self.workers)
        crew = Crew(job, most, tasks, _Local(job))
        resource_tracker.ensure_running()  # it lets Ctrl-C through when it starts, also to a worker hired just then
        try:
            yield from crew.results()
        finally:
            crew.dismiss()


class _Local(Generic[Task, Result]):
    """Processes and their pipes."""

    def __init__(self, job: Job[Any, Task, Result]) -> None:
        self._job = job

    def hire(self) -> Spawned[Task, Result]:
        return Spawned.started(self._job)

    def listen(
        self, workers: Sequence[Spawned[Task, Result]], patience_s: float | None
    ) -> Iterable[Spawned[Task, Result]]:
        by_handle = {handle: w for w in workers for handle in (w.pipe, w.process.sentinel)}
        return dict.fromkeys(by_handle[handle] for handle in wait(list(by_handle), patience_s))  # type: ignore[index]
