"""The executors that keep one contract. A further one is a line of `EVERY`, and of `ISOLATING` if it has processes."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import pytest

from qc.pipeline.executors.executor import Executor
from qc.pipeline.executors.pool import Pool
from qc.pipeline.executors.serial import Serial

Make = Callable[[int], Executor]
"""An executor of so many workers."""


def _ray(workers: int) -> Executor:
    from qc.pipeline.executors.ray.executor import Ray

    return Ray(None, workers)


MAKERS: dict[str, Make] = {"serial": lambda _: Serial(), "pool": Pool, "ray": _ray}
NEEDS_RAY = [pytest.mark.slow, pytest.mark.skipif(find_spec("ray") is None, reason="没有安装 Ray")]
RAY = pytest.param("ray", marks=NEEDS_RAY)
EVERY = ["serial", "pool", RAY]
ISOLATING = ["pool", RAY]
