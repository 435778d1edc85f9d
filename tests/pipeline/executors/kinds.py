"""The executors that keep one contract. A further one is a line of `EVERY`, and of `ISOLATING` if it has processes."""

from __future__ import annotations

from collections.abc import Callable

from qc.pipeline.executors.executor import Executor
from qc.pipeline.executors.pool import Pool
from qc.pipeline.executors.serial import Serial

Make = Callable[[int], Executor]
"""An executor of so many workers."""

MAKERS: dict[str, Make] = {"serial": lambda _: Serial(), "pool": Pool}
EVERY = ["serial", "pool"]
ISOLATING = ["pool"]
