"""The executor: as many actors as the cluster has places for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from qc.errors import UsageError
from qc.paths import cache_dir
from qc.pipeline.executors.crew import Crew
from qc.pipeline.executors.executor import Crashed, Job, Result, State, Task
from qc.pipeline.executors.nodes import home
from qc.pipeline.executors.process import ONE_THREAD
from qc.pipeline.executors.ray.actors import Actor, Cast
from qc.pipeline.executors.ray.cluster import connect, inspect, machines, resources, start_here


class Ray:
    """Actors on every machine of a cluster, or of this one where no `address` is given.

    `workers` 0: one for each CPU that the cluster offers. Folders that are `read` and `written` must be the same on
    each machine, which is looked after first. Raises UsageError.
    """

    def __init__(
        self, address: str | None, workers: int, read: Sequence[Path] = (), written: Sequence[Path] = ()
    ) -> None:
        self._home = home({**ONE_THREAD, "QC_CACHE_DIR": str(cache_dir())})
        if address is None:
            start_here(workers)
        else:
            connect(address)
        cpus = int(resources("CPU"))
        if not cpus:
            raise UsageError("Ray 集群没有提供 CPU", "用 ray start --num-cpus 启动各台机器；用 ray status 查看。")
        self.workers = min(workers, cpus) if workers else cpus
        self.note = ""
        if address is not None:
            there = machines()
            inspect(there, self._home, read, written)
            self.note = f"在 Ray 集群上计算：{len(there)} 台机器，{self.workers} 个进程"

    def run(self, job: Job[State, Task, Result], tasks: Iterable[Task]) -> Iterator[Result | Crashed[Task]]:
        """As every executor. A task that was lost with its machine is given to another one and is no suspect."""
        most = min(self.workers, job.at_most or self.workers)
        if job.gpus:
            gpus = resources("GPU")
            if gpus < job.gpus:
                raise UsageError(
                    f"Ray 集群没有可用的 GPU（要 {job.gpus:g}，有 {gpus:g}）",
                    "用 ray start --num-gpus 启动有显卡的机器；或者把 qc.yaml 的 asr.device 写成 cpu。",
                )
            most = max(1, min(most, int(gpus / job.gpus)))
        crew: Crew[Task, Result, Actor[Task, Result]] = Crew(job, most, tasks, Cast(job, self._home))
        try:
            yield from crew.results()
        finally:
            crew.dismiss()
