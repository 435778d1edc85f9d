"""The command line under faults: real processes, each a fork of one that has everything loaded, so that a hundred
trials cost minutes and not hours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

HOOK = Path(__file__).parent / "hook"
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: `code` is negative for a signal, as in `subprocess`. `steps`: durable steps it took."""

    code: int
    said: str
    steps: int


class Machine:
    """Runs `qc ARGS`, one after the other, each in a process group of its own."""

    def __init__(self, folder: Path, **env: str) -> None:
        self._folder = folder
        self._env = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"} | env

    def __enter__(self) -> Machine:
        self._zygote = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self._env,
            text=True,
            cwd=ROOT,
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._zygote.stdin is not None and self._zygote.stdout is not None
        self._zygote.stdin.close()
        self._zygote.stdout.close()
        self._zygote.wait()

    def qc(self, *args: object, at: int = 0, do: str = "kill", **env: str) -> Ended:
        """`qc ARGS` to its end; `do` (see hook/sitecustomize.py) happens at the durable step `at`, 0: never."""
        with tempfile.TemporaryDirectory(dir=self._folder) as scratch:
            steps, said = Path(scratch, "steps"), Path(scratch, "said")
            fault = {"QC_FAULT_STEPS": str(steps), "QC_FAULT_AT": str(at), "QC_FAULT_DO": do}
            task = {"args": [str(a) for a in args], "env": fault | env, "said": str(said)}
            assert self._zygote.stdin is not None and self._zygote.stdout is not None
            self._zygote.stdin.write(json.dumps(task) + "\n")
            self._zygote.stdin.flush()
            code = int(self._zygote.stdout.readline())
            count = steps.stat().st_size if steps.exists() else 0
            return Ended(code, said.read_text("utf-8"), count)


def _serve() -> None:
    """The process that is forked: all of qc is loaded, nothing has been done."""
    from qc.pipeline.specs import folders, taxonomies
    from qc.text.snow import snow_sentiment
    from qc.text.terms import domain_words
    from qc.text.words import segmenter

    segmenter(domain_words(taxonomies(folders(None))))  # dictionaries, a second in each process
    snow_sentiment()
    for line in sys.stdin:
        task = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(task)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(task: Mapping[str, object]) -> None:
    """Never returns: this process is the command now."""
    os.setsid()
    os.environ |= task["env"]  # type: ignore[arg-type]
    tempfile.tempdir = None  # asked for once more: TMPDIR may be another
    os.environ["PYTHONPATH"] = f"{HOOK}{os.pathsep}{os.environ['PYTHONPATH']}"
    said = os.open(str(task["said"]), os.O_WRONLY | os.O_CREAT, 0o600)
    for descriptor, target in ((os.open(os.devnull, os.O_RDONLY), 0), (said, 1), (said, 2)):
        os.dup2(descriptor, target)
    exec(compile((HOOK / "sitecustomize.py").read_text("utf-8"), "sitecustomize.py", "exec"), {})
    from qc.commands import main

    code = 4
    try:
        main(task["args"])  # type: ignore[arg-type]
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
