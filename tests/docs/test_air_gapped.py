"""docs/air-gapped.zh-CN.md works: its commands fill a folder with wheels, and install and inspect with no network."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipeline.batches import ROOT, only_run

PAGE = ROOT / "docs" / "air-gapped.zh-CN.md"
CALLS = ("A001", "A002")
GUARD = '''"""Stands for a machine without a network where none can be taken away: every connection fails."""
import socket

def refuse(self, address, *rest):
    if self.family != getattr(socket, "AF_UNIX", None):
        raise OSError(101, "Network is unreachable")
    return connect(self, address, *rest)

connect = socket.socket.connect
socket.socket.connect = socket.socket.connect_ex = refuse
'''


def shell_blocks() -> list[str]:
    """The commands of the page in order: preparing, checking the copy, installing."""
    return re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


Done = subprocess.CompletedProcess[str]


def run(script: str, home: Path, *, cwd: Path, before: tuple[str, ...] = (), **more: str) -> Done:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("QC_", "PYTHON", "XDG_", "VIRTUAL_ENV"))}
    path = f"{Path(sys.executable).resolve().parent}:{os.environ['PATH']}"  # python3 is the one the tests run in
    env = kept | {"HOME": str(home), "PATH": path, "OMP_NUM_THREADS": "1"} | more
    words = [*before, "bash", "-euo", "pipefail", "-c", script]
    return subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=False)


def without_network(home: Path) -> tuple[tuple[str, ...], dict[str, str]]:
    """A prefix and an environment under which no connection leaves the machine."""
    apart = ("unshare", "-rn")
    if shutil.which("unshare") and subprocess.run([*apart, "true"], capture_output=True, check=False).returncode == 0:
        return apart, {}
    (home / "guard").mkdir()
    (home / "guard" / "sitecustomize.py").write_text(GUARD, encoding="utf-8")
    return (), {"PYTHONPATH": str(home / "guard")}


def test_the_page_is_in_three_steps() -> None:
    prepare, check, install = shell_blocks()
    assert "pip wheel" in prepare
    assert "SHA256SUMS" in prepare
    assert "sha256sum" in check
    assert "--no-index" in install
    assert "torch==2.13.0" in prepare
    assert "TORCH  := torch==2.13.0" in (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.asr
def test_prepare_copy_install_and_inspect_without_a_network(tmp_path: Path) -> None:
    prepare, check, install = shell_blocks()
    home, source = tmp_path / "home", tmp_path / "source"
    home.mkdir()
    shutil.copytree(
        ROOT, source, ignore=shutil.ignore_patterns(".*", "runs", "tests", "bench", "shared"), symlinks=True
    )
    done = run(prepare, home, cwd=source)
    if done.returncode:
        pytest.skip(f"wheels cannot be had here: {(done.stderr.strip() or 'no reason given').splitlines()[-1]}")
    wheels = home / "qc-wheels"
    calls = wheels / "sample" / "calls.csv"
    header, *rows = calls.read_text(encoding="utf-8").splitlines()
    for file in sorted((wheels / "sample").rglob("*.*")):  # two calls are enough to hear
        if file.is_file() and file.stem not in CALLS:
            file.unlink()
    calls.write_text("\n".join([header, *(r for r in rows if r.startswith(CALLS))]) + "\n", encoding="utf-8")

    apart, guard = without_network(home)
    probe = "python3 -c \"import socket; socket.create_connection(('192.0.2.1', 9), 3)\""
    refused = run(probe, home, cwd=home, before=apart, **guard)
    assert "unreachable" in refused.stderr
    damaged = run(check, home, cwd=home, before=apart, **guard)
    assert damaged.returncode != 0  # the sample is no longer what was summed
    sums = "cd ~/qc-wheels && find . -type f ! -name SHA256SUMS -print0 | sort -z | xargs -0 sha256sum > SHA256SUMS"
    assert run(sums, home, cwd=home).returncode == 0
    done = run(check, home, cwd=home, before=apart, **guard)
    assert done.returncode == 0, done.stderr
    done = run(install, home, cwd=home, before=apart, PIP_CONFIG_FILE="/dev/null", PIP_FIND_LINKS="", **guard)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert "✗" not in done.stdout
    import pyarrow.parquet as pq

    told = pq.read_table(only_run(home / "qc-runs") / "conversations").to_pylist()
    assert sorted(row["conversation_id"] for row in told) == list(CALLS)
    assert all(row["asr_model"] == "base@d01c3014881c" for row in told)
