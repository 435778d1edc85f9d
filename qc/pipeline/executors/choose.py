"""The executor that the command line or the configuration names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from qc.errors import UsageError
from qc.pipeline.executors.executor import Executor
from qc.pipeline.executors.pool import Pool
from qc.pipeline.executors.serial import Serial


def choose_executor(
    name: str, *, workers: int, address: str | None = None, read: Sequence[Path] = (), written: Sequence[Path] = ()
) -> Executor:
    """The executor `name`; `workers` 0: one per usable core. `address` is the cluster's (ray only), on each of whose
    machines the folders that are `read` and `written` must be the same.

    Raises UsageError when it is not installed, or the cluster does not answer or is not ready.
    """
    if name == "serial":
        return Serial()
    if name == "ray":
        if not has_ray():
            raise UsageError("没有安装 Ray", "pip install 'qc[ray]'")
        from qc.pipeline.executors.ray.executor import Ray

        return Ray(address, workers if address else worker_count(workers), read, written)
    return Pool(worker_count(workers))


def has_ray() -> bool:
    """Whether Ray is installed."""
    return find_spec("ray") is not None


def worker_count(asked: int) -> int:
    """`asked`, or one per usable core when it is 0."""
    return asked or len(os.sched_getaffinity(0))
