"""The processes of a job: what runs in them, and what the driver knows of them."""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Iterable, Sequence
from typing import Any, Generic

import ray
from ray.exceptions import RayActorError, RayError, RayTaskError

from qc.errors import UsageError
from qc.pipeline.executors.executor import Job, Result, Task
from qc.pipeline.executors.nodes import Home
from qc.pipeline.executors.process import resident_mb_of
from qc.pipeline.executors.ray.cluster import fell, on_machine
from qc.pipeline.executors.worker import Hush, Say, Worker, pickled, told

_LOOK_S = 1.0
"""How often the memory of processes is asked for."""
_PATIENCE_S = 600
"""So long nobody gets a place, and the cluster has none to give."""
_BURIAL_S = 5


class Process:
    """The other end of `Actor`, in a process of some machine."""

    def enter(self, home: Home, start: bytes) -> tuple[str, int, bytes]:
        """Make this process ready for work; returns its machine, its number, and what it says of `setup`."""
        home.enter()
        where = (ray.get_runtime_context().get_node_id(), os.getpid())
        try:
            setup, setup_args, self._work = pickle.loads(start)  # noqa: S301 - our own driver wrote it
            self._state = setup(*setup_args)
        except Exception as error:
            return *where, told(Say.RAISED, error)
        return *where, told(Say.READY, None)

    def perform(self, task: bytes) -> bytes:
        try:
            return told(Say.RESULT, self._work(self._state, pickle.loads(task)))  # noqa: S301
        except Exception as error:
            return told(Say.RAISED, error)


class _Warden:
    """Reads on its machine how large processes are: one in a long call of C could not answer itself."""

    def resident_mb(self, pids: Sequence[int]) -> list[float]:
        return [resident_mb_of(pid) for pid in pids]


class Actor(Worker[Task, Result]):
    """An actor as the driver knows it."""

    def __init__(self, actor: Any, entering: Any) -> None:
        self.actor = actor
        self.answer = entering
        """What it is expected to say next; None where nothing."""
        self.node = ""
        self.pid = 0
        self.held_mb = 0.0

    def _send(self, task: bytes) -> None:
        self.answer = self.actor.perform.remote(task)

    def _receive(self) -> bytes:
        try:
            said = ray.get(self.answer)
        except RayTaskError as error:  # not of the work, which catches its own: the process is not as it should be
            raise UsageError(
                f"集群上的进程不能工作（{type(error.cause).__name__}）",
                "各台机器要装同一版本的 qc；用 qc doctor 检查。",
            ) from error
        except RayError:
            self.blameless = bool(self.node) and fell(self.node)
            raise Hush from None
        self.answer = None
        if not self.ready:
            self.node, self.pid, said = said
        return said  # type: ignore[no-any-return]

    def has_said(self) -> bool:
        return self.answer is not None and bool(ray.wait([self.answer], timeout=0)[0])

    def resident_mb(self) -> float:
        return self.held_mb

    def end(self) -> None:
        ray.kill(self.actor)

    def buried(self) -> None:
        if self.answer is not None:
            ray.wait([self.answer], timeout=_BURIAL_S)


class Cast(Generic[Task, Result]):
    """Actors of one job, and a warden on each machine where they are."""

    def __init__(self, job: Job[Any, Task, Result], home: Home) -> None:
        self._job = job
        self._home = home
        self._start = ray.put(pickled((job.setup, job.setup_args, job.work)))  # once for all
        self._options = {"num_cpus": 1, "num_gpus": job.gpus, "max_restarts": 0, "scheduling_strategy": "SPREAD"}
        self._placed = time.monotonic()
        self._wardens: dict[str, Any] = {}
        self._asked: dict[Any, list[Actor[Task, Result]]] = {}
        self._looked = 0.0

    def hire(self) -> Actor[Task, Result]:
        made: Any = ray.remote(Process)
        actor = made.options(**self._options).remote()
        return Actor(actor, actor.enter.remote(self._home, self._start))

    def listen(self, workers: Sequence[Actor[Task, Result]], patience_s: float | None) -> Iterable[Actor[Task, Result]]:
        expected = {w.answer: w for w in workers if w.answer is not None}
        patience = _LOOK_S if patience_s is None else min(patience_s, _LOOK_S)
        spoke, _ = ray.wait(list(expected), num_returns=len(expected), timeout=0) if expected else ([], [])
        if not spoke and expected:
            spoke, _ = ray.wait(list(expected), timeout=patience)
        self._watch_places(workers)
        if self._job.memory_mb is not None:
            self._watch_memory([w for w in workers if w.ready])
        return [expected[answer] for answer in spoke]

    def _watch_places(self, workers: Sequence[Actor[Task, Result]]) -> None:
        now = time.monotonic()
        if any(w.ready for w in workers) or not workers:
            self._placed = now
        elif now - self._placed > _PATIENCE_S:
            raise UsageError(
                f"Ray 集群 {_PATIENCE_S // 60} 分钟没有给出一个进程的位置",
                "集群可能被别的任务占满，或机器都掉线了：用 ray status 查看；再运行同一条命令会接着做。",
            )

    def _watch_memory(self, workers: Sequence[Actor[Task, Result]]) -> None:
        """Take the answers that came, and ask again when it is time."""
        come, _ = ray.wait(list(self._asked), num_returns=len(self._asked), timeout=0) if self._asked else ([], [])
        for answer in come:
            asked = self._asked.pop(answer)
            try:
                for worker, held in zip(asked, ray.get(answer), strict=True):
                    worker.held_mb = held
            except RayActorError:  # its machine is gone
                self._wardens.pop(asked[0].node, None)
        now = time.monotonic()
        if self._asked or now - self._looked < _LOOK_S:
            return
        self._looked = now
        for node in dict.fromkeys(w.node for w in workers):
            there = [w for w in workers if w.node == node]
            if node not in self._wardens:
                self._wardens[node] = ray.remote(_Warden).options(**on_machine(node)).remote()
            self._asked[self._wardens[node].resident_mb.remote([w.pid for w in there])] = there
