"""The lock files beside this script: every package of the tested set with its version and the SHA-256 of all its files.

    python requirements/lock.py        (make lock)

One file per extra, each whole (the core and the extra): `pip install --require-hashes -r requirements/asr.txt`.
Versions are those of the environment this runs in, which is the one that was tested; what they are for other systems,
and the hashes of their files, comes from the package index by way of uv. No address stands in a file.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent / "pyproject.toml"
CORE = "core"
OLDEST = "3.11"
HEAD = """\
# qc {extra}：测试过的一组依赖，由 make lock 生成，不要手改。
# 安装：pip install --require-hashes -r requirements/{extra}.txt
"""


def extras() -> list[str]:
    """The core, then every extra of the project."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    return [CORE, *project["optional-dependencies"]]


def tested() -> str:
    """What is installed here, as constraints. A build of torch for processors only is the same release; which triton
    goes with the others, torch itself says."""
    command = [sys.executable, "-m", "pip", "freeze", "--exclude-editable"]
    frozen = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return "".join(
        f"{line.partition('+')[0]}\n" for line in frozen.splitlines() if "==" in line and line[:8] != "triton=="
    )


def lock(extra: str, constraints: Path) -> str:
    """The lock file of `extra`."""
    with tempfile.TemporaryDirectory() as work:
        out = Path(work) / "lock.txt"
        command = [sys.executable, "-m", "uv", "pip", "compile", str(PROJECT), "--output-file", str(out)]
        command += ["--universal", "--python-version", OLDEST, "--constraint", str(constraints)]
        command += ["--generate-hashes", "--no-header", "--no-annotate", "--quiet"]
        command += [] if extra == CORE else ["--extra", extra]
        subprocess.run(command, check=True)
        return HEAD.format(extra=extra) + out.read_text(encoding="utf-8")


def main() -> None:
    with tempfile.TemporaryDirectory() as work:
        constraints = Path(work) / "constraints.txt"
        constraints.write_text(tested(), encoding="utf-8")
        for extra in extras():
            (HERE / f"{extra}.txt").write_text(lock(extra, constraints), encoding="utf-8")
            print(f"requirements/{extra}.txt")


if __name__ == "__main__":
    main()
