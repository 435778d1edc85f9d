"""Real small disks: a tmpfs of a few hundred kilobytes, where the machine lets us mount one."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

_AS_ROOT = [] if os.geteuid() == 0 else ["sudo", "-n"]


class Disk:
    """A tmpfs mounted at `path`."""

    def __init__(self, path: Path, kilobytes: int) -> None:
        path.mkdir(parents=True)
        self.path = path
        options = f"size={kilobytes}k,uid={os.getuid()},gid={os.getgid()},mode=700"
        try:
            done = subprocess.run(
                [*_AS_ROOT, "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)], capture_output=True, check=False
            )
        except OSError as error:
            pytest.skip(f"no mount here: {error}")
        if done.returncode:
            pytest.skip(f"no mount here: {done.stderr.decode(errors='replace')}")

    def remount(self, options: str) -> None:
        subprocess.run([*_AS_ROOT, "mount", "-o", f"remount,{options}", str(self.path)], check=True)

    def unmount(self) -> None:
        subprocess.run([*_AS_ROOT, "umount", "-l", str(self.path)], check=True)
