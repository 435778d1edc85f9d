"""A cluster of several nodes on this machine, each started as a person would: `ray start`."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_RAY = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--disable-usage-stats"]
_SMALL = ["--num-cpus", "1", "--object-store-memory", "100000000", "--include-log-monitor", "false"]
_ATTEMPTS = 3
_PR_SET_PDEATHSIG = 1
_START_S = 120
OPEN = {"RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}
"""Of this machine only, and without a token in the home of whoever runs the tests."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """`folders[i]` names the processes of node i; the head is node 0."""

    address: str
    folders: tuple[Path, ...]

    def kill(self, node: int) -> None:
        """SIGKILL to every process of a node, as if its plug were pulled."""
        for pid in _of(self.folders[node]):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def workers(self, node: int) -> list[int]:
        """Processes of a node that work for somebody."""
        return [pid for pid in _of(self.folders[node]) if b"ray::Process" in _told(pid)]


@contextmanager
def cluster(nodes: int) -> Iterator[Cluster]:
    """A head and `nodes - 1` others, one CPU each; the last says that it has a GPU."""
    with tempfile.TemporaryDirectory(prefix="qc-", dir="/tmp", ignore_cleanup_errors=True) as root:  # sockets: short
        folders = tuple(Path(root, str(i)) for i in range(nodes))
        port = _free_port()
        address = f"127.0.0.1:{port}"
        made = Cluster(address, folders)
        try:
            _start(["--head", "--port", str(port), "--include-dashboard", "false"], folders[0])
            for folder in folders[1:]:  # Ray does not look whether the GPU is there
                _start(["--address", address, "--num-gpus", str(int(folder == folders[-1]))], folder)
            yield made
        finally:
            for i in reversed(range(nodes)):
                made.kill(i)


def _start(role: list[str], folder: Path) -> None:
    """One node, up. Ray gives itself half a minute, which a busy machine does not always."""
    for _ in range(_ATTEMPTS):
        log = folder.with_suffix(".log")
        with log.open("wb") as out:
            started = subprocess.Popen(
                [*_RAY, *role, *_SMALL, "--temp-dir", str(folder)],
                env=os.environ | OPEN,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                preexec_fn=_end_with_us,  # noqa: PLW1509 - no threads here
            )
        end = time.monotonic() + _START_S
        while started.poll() is None and time.monotonic() < end:
            if b"Ray runtime started" in log.read_bytes():
                return
            time.sleep(0.2)
        for pid in {*_of(folder), started.pid}:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        started.wait()
    raise AssertionError(log.read_text(errors="replace")[-2000:])


def _end_with_us() -> None:
    """A node asked to end takes its processes with it: none outlives tests that are killed."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _of(folder: Path) -> list[int]:
    """Processes that have the node's folder in their command or, renamed by Ray, in their environment."""
    mark = str(folder).encode() + b"/"
    found = []
    for status in Path("/proc").glob("[0-9]*"):
        pid = int(status.name)
        if pid != os.getpid() and (mark in _told(pid) or _descends(pid, mark)):
            found.append(pid)
    return found


def _descends(pid: int, mark: bytes) -> bool:
    """Whether the parent of a process is of the node: workers are children of its raylet."""
    with suppress(OSError, IndexError, ValueError):
        parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        return parent > 1 and mark in _told(parent)
    return False


def _told(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
