"""One trial: a fault, then the same command again until it is done; what was lost, what is there twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from qc.domain.run import RunStatus
from qc.storage.digests import intact, read_parts
from qc.storage.lineage import read_lineage
from qc.storage.read import open_run
from qc.storage.write import is_complete
from tests.faults.machine import Ended, Machine
from tests.faults.night import Night
from tests.pipeline.batches import command, digests

_ATTEMPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`struck`: the fault happened before the command was over. `lost` and `doubled` count conversations over all runs
    there are. `same`: every table has the bytes of a run nobody disturbed."""

    struck: bool
    lost: int
    doubled: int
    same: bool
    said: str

    @property
    def sound(self) -> bool:
        return not self.lost and not self.doubled and self.same


def account(out: Path, night: Night, expected: dict[str, str], struck: bool, said: str) -> Outcome:
    """What there is after the last attempt."""
    runs = [open_run(path.parent) for path in sorted(out.glob("*/run.json"))]
    assert runs and all(run.lineage.status is RunStatus.DONE for run in runs), said
    there = Counter(i for run in runs for i in run.table("conversations")["conversation_id"].to_pylist())
    listed = [part for run in runs for part in read_parts(run.path) or ()]
    whole = all(intact(run.path, part) for run in runs for part in read_parts(run.path) or ())
    return Outcome(
        struck=struck,
        lost=len(set(night.ids) - set(there)),
        doubled=sum(n - 1 for n in there.values()),
        same=whole and len(listed) == len(expected) and digests(runs[0].path) == expected,
        said=said,
    )


def again(machine: Machine, args: list[object], **env: str) -> Ended:
    """The same command until it is done."""
    for _ in range(_ATTEMPTS):
        ended = machine.qc(*args, **env)
        if ended.code == 0:
            return ended
    raise AssertionError(ended.said)


def killed_at_a_step(
    machine: Machine, night: Night, expected: dict[str, str], out: Path, step: int, **env: str
) -> Outcome:
    """SIGKILL just before the durable step `step` of a run in one process."""
    args = night.run(out)
    struck = machine.qc(*args, at=step, **env).code == -signal.SIGKILL
    said = again(machine, args, **env).said if struck else ""
    return account(out, night, expected, struck, said)


Victim = Callable[[psutil.Process, random.Random], list[psutil.Process]]


def everybody(parent: psutil.Process, _: random.Random) -> list[psutil.Process]:
    return [parent, *parent.children(recursive=True)]


def the_driver(parent: psutil.Process, _: random.Random) -> list[psutil.Process]:
    return [parent]


def a_worker(parent: psutil.Process, chance: random.Random) -> list[psutil.Process]:
    children = [c for c in parent.children(recursive=True) if "resource_tracker" not in " ".join(c.cmdline())]
    return [chance.choice(children)] if children else []


def killed_at_a_moment(
    machine: Machine, args: list[object], night: Night, expected: dict[str, str], out: Path, victim: Victim, seed: int
) -> Outcome:
    """SIGKILL of some processes of a run with two workers, at any moment after its first sign of life."""
    chance = random.Random(seed)
    with subprocess.Popen(
        command(*args), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        parent = psutil.Process(process.pid)
        while not list(out.glob("*/run.json")) and process.poll() is None:
            time.sleep(0.005)
        wait = chance.expovariate(1.0)
        while wait > 0 and process.poll() is None:
            time.sleep(min(wait, 0.02))
            wait -= 0.02
        struck = False
        if process.poll() is None:
            try:
                for one in victim(parent, chance):
                    one.kill()
                    struck = True
            except psutil.NoSuchProcess:
                pass
        process.wait()
        broken = process.returncode != 0 and not _over(out)
    said = again(machine, args).said if broken else ""
    return account(out, night, expected, struck, said)


def _over(out: Path) -> bool:
    """Whether the command had nothing left to do but to end: its run is closed, and the same command begins another."""
    runs = [path.parent for path in out.glob("*/run.json")]
    return bool(runs) and all(read_lineage(run).status is RunStatus.DONE and not is_complete(run) for run in runs)


def left_behind(night: Night) -> list[psutil.Process]:
    """Processes of a run of this night that outlived it."""
    wanted = os.fspath(night.source)
    return [p for p in psutil.process_iter(["cmdline"]) if wanted in (p.info["cmdline"] or [])]
