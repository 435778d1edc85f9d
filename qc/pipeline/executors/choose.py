"""The executor that the command line or the configuration names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from qc.errors import UsageError
from qc.pipeline.executors.executor import Executor
from qc.pipeline.executors.pool import Pool
from qc.pipeline.executors.serial import Serial

_CGROUP = Path("/sys/fs/cgroup")


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
    """`asked`, or when it is 0 one per core that this process may use: of a container on a large machine, its share."""
    if asked:
        return asked
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(min(cores, _granted(_CGROUP))))


def _granted(cgroup: Path) -> float:
    """Of how many cores the container may have all the time; infinitely many where nobody says."""
    with suppress(OSError, ValueError, ZeroDivisionError):  # version 2: "max 100000", "250000 100000"
        quota, period = map(float, (cgroup / "cpu.max").read_text().replace("max", "inf").split())
        return quota / period
    with suppress(OSError, ValueError, ZeroDivisionError):  # version 1: -1 is no limit
        quota, period = (float((cgroup / f"cpu/cpu.cfs_{name}_us").read_text()) for name in ("quota", "period"))
        return quota / period if quota > 0 else float("inf")
    return float("inf")
