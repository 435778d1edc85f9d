"""Who gets which task, who is under suspicion, who is over a limit: decided alike wherever the workers are."""

from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic, Protocol, TypeVar

from qc.errors import UsageError
from qc.memory import settled
from qc.pipeline.executors.executor import Cause, Crashed, Job, Result, Task
from qc.pipeline.executors.worker import NOTHING, Hush, Worker

Hired = TypeVar("Hired", bound=Worker[Any, Any])

_STILLBORN = 3
"""So many workers in a row that die before their first task, and the job is given up: no task is to blame."""
_LOOK_S = 0.1
"""How often the memory of workers is read."""


class Staff(Protocol[Hired]):
    """Where workers come from, and how they are heard."""

    def hire(self) -> Hired:
        """A new one, perhaps not there for a while."""

    def listen(self, workers: Sequence[Hired], patience_s: float | None) -> Iterable[Hired]:
        """Those that said something or died, as soon as one did; none after so many seconds."""


class Crew(Generic[Task, Result, Hired]):
    """The workers of one job, the tasks drawn and not yet given out, and the suspects: tasks whose worker died.

    A suspect is tried again in a new process, while no other task is under way: with the machine to itself, and without
    what earlier tasks left behind. They wait until there are as many as workers, or nothing else is left to do.
    """

    def __init__(self, job: Job[Any, Task, Result], most: int, tasks: Iterable[Task], staff: Staff[Hired]) -> None:
        self.job = job
        self.staff = staff
        self.most = most
        self.tasks = iter(tasks)
        self.drawn: deque[Task] = deque()
        self.exhausted = False
        self.workers: list[Hired] = []
        self.suspects: deque[Task] = deque()
        self.alone = False
        self.stillborn = 0

    def results(self) -> Iterator[Result | Crashed[Task]]:
        with settled():
            while True:
                self._draw()
                self._give_out()
                if not (self.drawn or self.suspects or self._busy()):
                    if self.exhausted:
                        return
                    continue
                yield from self._heard()

    def dismiss(self) -> None:
        """Whoever has nothing to do leaves; whoever is at work is ended."""
        with _uninterrupted():
            for worker in self.workers:
                worker.part()
            for worker in self.workers:
                worker.buried()
            self.workers.clear()

    def _draw(self) -> None:
        """One task ahead: between two, those who are ready for work are looked after."""
        if not self.exhausted and len(self.drawn) < self.most:
            try:
                self.drawn.append(next(self.tasks))
            except StopIteration:
                self.exhausted = True

    def _busy(self) -> list[Hired]:
        return [w for w in self.workers if w.task is not NOTHING]

    def _give_out(self) -> None:
        full = len(self.suspects) >= self.most or (self.exhausted and not self.drawn)
        if self.suspects and full and not self.alone:
            self.alone = True
            for worker in [w for w in self.workers if not w.ready]:
                self._lose(worker)
        if self.alone:
            self._try_alone()
            return
        for worker in self.workers:
            if self.drawn and worker.idle:
                self._give(worker, self.drawn.popleft())
        starting = sum(not w.ready for w in self.workers)
        while len(self.workers) < self.most and len(self.drawn) > starting:
            self._hire()
            starting += 1

    def _try_alone(self) -> None:
        if self._busy():
            return
        if not self.suspects:
            self.alone = False
            self._give_out()
            return
        fresh = next((w for w in self.workers if w.idle and not w.experienced), None)
        if fresh is not None:
            fresh.on_trial = True
            self._give(fresh, self.suspects.popleft())
        elif all(w.ready for w in self.workers):
            if self.workers:  # to make room, which others may take
                self._lose(self.workers[-1])
            self._hire()

    def _hire(self) -> None:
        with _uninterrupted():  # a worker that is half started could not be ended
            self.workers.append(self.staff.hire())

    def _give(self, worker: Hired, task: Task) -> None:
        worker.give(task, None if self.job.limit_s is None else self.job.limit_s(task))

    def _heard(self) -> Iterator[Result | Crashed[Task]]:
        """Wait for somebody to say something, to die, or to be over a limit."""
        # What a worker said before it died, or before its time was up, is heard first.
        for worker in self.staff.listen(self.workers, self._patience()):
            yield from self._said(worker)
        now = time.monotonic()
        for worker in list(self.workers):
            if worker.task is not NOTHING and worker.deadline <= now and not worker.has_said():
                yield from self._died(worker, Cause.TIME)
            elif self.job.memory_mb is not None and worker.resident_mb() > self.job.memory_mb and not worker.idle:
                yield from self._died(worker, Cause.MEMORY)

    def _patience(self) -> float | None:
        """Seconds to wait, None: until something happens."""
        if not self.exhausted and len(self.drawn) < self.most and not self.alone:
            return 0
        if self.job.memory_mb is not None:
            return _LOOK_S
        nearest = min((w.deadline for w in self._busy()), default=float("inf"))
        return None if nearest == float("inf") else max(0.0, nearest - time.monotonic())

    def _said(self, worker: Hired) -> Iterator[Result | Crashed[Task]]:
        try:
            said = worker.hear()
        except Hush:
            yield from self._died(worker, Cause.DIED)
            return
        if worker.ready:
            self.stillborn = 0
        if said is not NOTHING:
            yield said

    def _died(self, worker: Hired, cause: Cause) -> Iterator[Crashed[Task]]:
        task, tried, ready = worker.task, worker.on_trial, worker.ready
        self._lose(worker)
        if worker.blameless:
            if task is not NOTHING:
                (self.suspects if tried else self.drawn).appendleft(task)
        elif not ready:
            self._stillborn(cause)
        elif task is not NOTHING:
            if tried or cause is Cause.TIME:
                yield Crashed(task, cause)
            else:
                self.suspects.append(task)

    def _lose(self, worker: Hired) -> None:
        with _uninterrupted():
            self.workers.remove(worker)
            worker.end()
            worker.buried()

    def _stillborn(self, cause: Cause) -> None:
        if cause is Cause.MEMORY:
            raise UsageError(
                f"工作进程在启动时（还没有处理任何输入）占用的内存就超过了 {self.job.memory_mb} MB",
                "提高 qc.yaml 的 run.memory_mb（0 为不限），或换小一些的模型；再运行同一条命令会接着做。",
            )
        self.stillborn += 1
        if self.stillborn >= _STILLBORN:
            raise UsageError(
                f"工作进程接连 {_STILLBORN} 次在启动时被杀死，没有处理任何输入",
                "多半是内存不足或某个库装坏了：减少 --workers，运行 qc doctor 检查；再运行同一条命令会接着做。",
            )


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold back Ctrl-C. Workers that are started under it never see one: it is their parent's to handle, and their own
    tracebacks would only be noise."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
