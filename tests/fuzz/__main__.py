"""`python -m tests.fuzz [--minutes 5] [--out FOLDER] [TARGET …]`: every target for its share of the time, each in a
process of its own. Guided by coverage where atheris is installed, else by chance.

What breaks a parser is kept as FOLDER/broken/TARGET-KEY and said at the end (exit code 1); mended, it belongs into
tests/fuzz/corpus/TARGET. Inputs that reached something new are kept in FOLDER/grown and used the next time.
"""

from __future__ import annotations

import argparse
import faulthandler
import hashlib
import importlib.util
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

_HANGS_S = 60
_MEMORY_DISK = Path("/dev/shm")
_MEMORY_MB = 3000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="TARGET", help="all when none is named")
    parser.add_argument("--minutes", type=float, default=5.0, help="for all targets together")
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "qc-fuzz")
    parser.add_argument("--by-chance", action="store_true", help="do without atheris")
    parser.add_argument("--one", metavar="SECONDS", type=float, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one is not None:
        return _one(given.names[0], given.one, given.out, guided=not given.by_chance)
    from tests.fuzz.targets import TARGETS

    if unknown := set(given.names) - set(TARGETS):
        parser.error(f"no target {', '.join(sorted(unknown))}; there are: {', '.join(TARGETS)}")
    names = given.names or list(TARGETS)
    for folder in ("broken", "grown"):
        (given.out / folder).mkdir(parents=True, exist_ok=True)
    share = given.minutes * 60 / len(names)
    for name in names:
        began = _worked_s()
        command = [sys.executable, "-m", "tests.fuzz", name, "--one", str(share), "--out", str(given.out)]
        command += ["--by-chance"] if given.by_chance else []
        with (given.out / f"{name}.log").open("wb") as log:
            code = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False).returncode
        said = (given.out / f"{name}.log").read_text("utf-8", "replace")
        tried = re.findall(r"#(\d+)\s", said)
        covered = re.findall(r"cov: (\d+)", said)
        print(
            f"{name:20} {_worked_s() - began:6.0f} s CPU {int(tried[-1]) if tried else 0:9,} inputs"
            f"{f'  {covered[-1]:>6} edges' if covered else ''}{'' if code == 0 else f'  exit {code}'}",
            flush=True,
        )
        if code not in (0, 1):  # died: the input that did it still lies where it was written
            last = given.out / "last" / name
            if last.is_file():
                shutil.copyfile(last, given.out / "broken" / f"{name}-died-{_digest(last.read_bytes())}")
    broken = sorted((given.out / "broken").iterdir())
    for path in broken:
        print(f"broken: {path}")
    return 1 if broken else 0


def _worked_s() -> float:
    """Processor seconds of the targets so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _one(name: str, seconds: float, out: Path, *, guided: bool) -> int:
    """Try one target in this process."""
    atheris = guided and importlib.util.find_spec("atheris") is not None
    if atheris:
        import atheris as engine

        with engine.instrument_imports(include=["qc"], enable_loader_override=False):
            attempt, first = _attempt(name, out)
            for data in first:  # modules that are imported late are instrumented, too
                attempt(data)
        grown = out / "grown" / name
        grown.mkdir(parents=True, exist_ok=True)
        (out / "last").mkdir(exist_ok=True)
        tokens = _dictionary(out)
        engine.Setup(
            [
                *(sys.argv[0], f"-max_total_time={int(seconds)}", "-print_final_stats=1", f"-dict={tokens}"),
                *(f"-timeout={_HANGS_S}", f"-rss_limit_mb={_MEMORY_MB}", "-max_len=65536", "-verbosity=1"),
                *(f"-artifact_prefix={out}/broken/{name}-native-", str(grown), str(_copied(name, out))),
            ],
            attempt,
        )
        engine.Fuzz()  # ends the process
    attempt, first = _attempt(name, out)
    from tests.fuzz.mutation import mutated

    known, chance, count = list(first), random.Random(name), 0
    until = time.perf_counter() + seconds
    for data in known:
        attempt(data)
    while time.perf_counter() < until:
        faulthandler.dump_traceback_later(_HANGS_S, exit=True)
        attempt(mutated(known, chance))
        count += 1
    faulthandler.cancel_dump_traceback_later()
    print(f"#{count} DONE")
    return 0


def _attempt(name: str, out: Path) -> tuple[Callable[[bytes], None], list[bytes]]:
    """Try one input; what breaks the property is kept, once for each place. And the seeds."""
    from tests.fuzz.target import Broken, check
    from tests.fuzz.targets import TARGETS, seeds

    target, seen = TARGETS[name], set[str]()
    last = out / "last" / name
    for folder in (last.parent, out / "broken"):
        folder.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f"qc-fuzz-{name}-", dir=_MEMORY_DISK if _MEMORY_DISK.is_dir() else None))

    def attempt(data: bytes) -> None:
        last.write_bytes(data)
        folder = scratch / "in"
        folder.mkdir()
        try:
            check(target, data, folder)
        except Broken as error:
            if error.key not in seen:
                seen.add(error.key)
                slug = re.sub(r"[^\w.-]+", "-", error.key)[:80]
                (out / "broken" / f"{name}-{slug}").write_bytes(data)
                print(f"BROKEN {name} {error}", flush=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    return attempt, [path.read_bytes() for path in seeds(name)]


def _copied(name: str, out: Path) -> Path:
    """The seeds in one folder."""
    from tests.fuzz.targets import seeds

    folder = out / "seeds" / name
    folder.mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(seeds(name)):
        shutil.copyfile(path, folder / f"{number:03}")
    return folder


def _dictionary(out: Path) -> Path:
    from tests.fuzz.mutation import TOKENS

    path = out / "tokens.dict"
    path.write_text("".join('"' + "".join(f"\\x{b:02x}" for b in token) + '"\n' for token in TOKENS), "ascii")
    return path


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]


if __name__ == "__main__":
    sys.exit(main())
