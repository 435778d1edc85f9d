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
    close: bool = True
    """The run is closed when its tables are there. A command that has more to do (the report) closes it at its end
    (`Outcome.close`): killed before, the same command finds the run and does the rest, instead of making it twice."""
    retry_failed: bool = False
    """Open the finished run of the same plan again, for the inputs that failed."""
    keep_personal_data: bool = False
    vault: Path | None = None
    """File of the public key for which the original words are sealed; None: what is masked is gone."""
    workers: int | None = None
    executor: str | None = None
    address: str | None = None
