"""Everything in this process: no start-up, and no protection against what kills a process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qc.memory import settled
from qc.pipeline.executors.executor import Crashed, Job, Result, State, Task


class Serial:
    """Runs tasks one after the other; limits of time and memory are not watched."""

    workers = 1
    note = ""

    def run(self, job: Job[State, Task, Result], tasks: Iterable[Task]) -> Iterator[Result | Crashed[Task]]:
        """Results in the order of the tasks."""
        state = job.setup(*job.setup_args)
        with settled():
            for task in tasks:
                yield job.work(state, task)
