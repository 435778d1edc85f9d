"""What the command line says of a run, beyond the folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`workers` None: as configured. `fresh`: do not continue an unfinished run of the same plan.
    `executor`: where tasks run (pipeline.executors), `address`: of its cluster."""

    out: Path
    run_id: str | None = None
    name: str = ""
    fresh: bool = False
    report: bool = False
    """A report is wanted: a finished run of the same plan that lacks only that gets it, instead of being made twice."""
    keep_personal_data: bool = False
    workers: int | None = None
    executor: str = "pool"
    address: str | None = None
