"""A hundred kills of every kind, and what was lost or there twice: the numbers of the fault suite.

    python bench/faults.py [--trials 100] [--kinds step,everybody,driver,worker] [--out TABLE.md]

Each trial is a real run of a small night (recordings with transcripts, chats, manifest; `tests/faults/night.py`),
killed by SIGKILL, then the same command until it is done. `step`: one process, just before one of its durable steps
(fsync, rename, link, unlink, mkdir), spread evenly over the run from its first file to its last. `everybody`, `driver`,
`worker`: with two worker processes, all of them, the parent alone, or one worker, at a random moment. Lost and doubled
are conversations, over all runs under the output folder; the bytes of all tables must be those of a run nobody
disturbed.
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
from pathlib import Path

from tests.faults.machine import Machine
from tests.faults.night import Night, night
from tests.faults.trials import Outcome, a_worker, everybody, killed_at_a_moment, killed_at_a_step, the_driver
from tests.pipeline.batches import digests, only_run

VICTIMS = {"everybody": everybody, "driver": the_driver, "worker": a_worker}
HEAD = "| kind | trials | struck | lost | doubled | other bytes |\n|---|---:|---:|---:|---:|---:|"


def trials(kind: str, count: int, machine: Machine, calm: Night, folder: Path) -> str:
    """One line of the table."""
    whole = machine.qc(*calm.run(folder / "whole"), QC_CACHE_DIR=str(folder / "cache-whole"))
    assert whole.code == 0, whole.said
    expected = digests(only_run(folder / "whole"))
    done: list[Outcome] = []
    for number in range(count):
        out, cache = folder / f"{number}", str(folder / f"cache-{number}")
        if kind == "step":
            low, high = (1 + i * whole.steps // count for i in (number, number + 1))
            step = random.Random(number).randint(low, max(low, high - 1))
            done.append(killed_at_a_step(machine, calm, expected, out, step, QC_CACHE_DIR=cache))
        else:
            args = [*calm.reported(out), "--no-report", "--workers", 2]
            done.append(killed_at_a_moment(machine, args, calm, expected, out, VICTIMS[kind], number))
        if not done[-1].sound:
            print(f"{kind} {number}: {done[-1]}", flush=True)
        shutil.rmtree(out)
        shutil.rmtree(cache, ignore_errors=True)
    struck, lost, doubled = (sum(getattr(o, name) for o in done) for name in ("struck", "lost", "doubled"))
    return f"| {kind} | {len(done)} | {struck} | {lost} | {doubled} | {sum(not o.same for o in done)} |"


def main() -> None:
    """Run the trials and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--kinds", default="step,everybody,driver,worker")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    lines = [HEAD]
    for kind in asked.kinds.split(","):
        with tempfile.TemporaryDirectory(prefix="qc-faults-") as scratch:
            folder = Path(scratch)
            with Machine(folder, QC_CACHE_DIR=str(folder / "cache")) as machine:
                lines.append(trials(kind, asked.trials, machine, night(folder / "night"), folder))
        print(lines[-1], flush=True)
    if asked.out is not None:
        asked.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
