"""Loaded by Python in every process of a faulty run (PYTHONPATH): something happens at the n-th durable step.

A step is a call that changes what is on disk for good: fsync, rename, link, unlink, mkdir. All processes of a run
count together, in the length of the file QC_FAULT_STEPS. At step QC_FAULT_AT, just before it, QC_FAULT_DO is done:
`kill` (this process), `killall` (its process group), or a shell command. QC_FAULT_CLOCK: seconds that the wall clock is
wrong, one number per reading of it, the last one for all that follow. QC_FAULT_LOCKS=no: the file system has no locks.
"""

import datetime
import errno
import fcntl
import os
import signal
import subprocess

_STEPS = ("fsync", "replace", "rename", "link", "unlink", "mkdir")


def _step() -> None:
    descriptor = os.open(os.environ["QC_FAULT_STEPS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, b".")
        # another process may have written meanwhile: whoever passes the mark does it, once
        passed = os.lseek(descriptor, 0, os.SEEK_CUR)
    finally:
        os.close(descriptor)
    if passed == int(os.environ.get("QC_FAULT_AT", "0")):
        do = os.environ["QC_FAULT_DO"]
        if do == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif do == "killall":
            os.killpg(0, signal.SIGKILL)
        else:
            # as another terminal of the same person: the same keys and caches, no faults
            ours = {n: v for n, v in os.environ.items() if n != "PYTHONPATH" and not n.startswith("QC_FAULT_")}
            subprocess.run(do, shell=True, check=True, env=ours)


def _counted(name: str) -> None:
    call = getattr(os, name)

    def counted(*args: object, **kwargs: object) -> object:
        _step()
        return call(*args, **kwargs)

    setattr(os, name, counted)


def _wrong_clock(offsets: list[float]) -> None:
    real = datetime.datetime

    class Wrong(real):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> "datetime.datetime":
            offset = offsets.pop(0) if len(offsets) > 1 else offsets[0]
            return real.now(tz) + datetime.timedelta(seconds=offset)

    datetime.datetime = Wrong


def _no_locks(*_: object) -> None:
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))


def _arm() -> None:
    if "QC_FAULT_STEPS" in os.environ:
        for name in _STEPS:
            _counted(name)
    if "QC_FAULT_CLOCK" in os.environ:
        _wrong_clock([float(offset) for offset in os.environ["QC_FAULT_CLOCK"].split(",")])
    if os.environ.get("QC_FAULT_LOCKS") == "no":
        fcntl.flock = _no_locks


_arm()
