"""How long a report takes, how much memory, how large its pages are, and how that grows.

    python -m bench.report make FOLDER [--conversations 100000] [--agents 300] [--earlier 10] [--seed 1]
    python -m bench.report build RUN [--lang en]
    python -m bench.report scale FOLDER [--sizes 1000,10000,100000] [--agents 300] [--earlier 10]

`make` writes FOLDER/day-00 … day-NN, the last being the run to report on (all of one size). `build` builds its report
in a process of its own as `qc report` does and says what that took: `first`, where no earlier run was ever compared
with and each gets its summary, and `nightly`, where that is so of the night before only. `scale` does both for each
size.
The bar: 100,000 conversations and 300 agents in 60 s and 1.5 GB, no page over 2 MB, growth at most linear.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import ParamSpec, TypeVar

from qc.storage.summary import SUMMARY

P, R = ParamSpec("P"), TypeVar("R")
FIRST = datetime(2026, 10, 5)
PAGE_LIMIT = 2 * 1024 * 1024


def make(folder: Path, conversations: int, agents: int, earlier: int, seed: int) -> Path:
    """Write `earlier` + 1 nights; the last."""
    from bench.stored_runs import centre, write_run

    made = centre(agents, seed)
    run = folder
    for number in range(earlier + 1):
        day = FIRST + timedelta(days=number)
        run = write_run(folder, made, conversations=conversations, day=day, number=number, seed=seed)
    return run


def build(run: Path, language: str, *, first: bool = False) -> dict[str, object]:
    """Build the report of `run` in a child process; what it took. `first`: no run beside it has a summary; else only
    the one before it has none."""
    earlier = sorted(path.parent for path in run.parent.glob("*/run.json") if path.parent != run)
    for night in earlier if first else earlier[-1:]:
        shutil.rmtree(night / SUMMARY, ignore_errors=True)
    command = [sys.executable, "-m", "bench.report", "_build", str(run), "--lang", language]
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - started
    if done.returncode:
        sys.exit(done.stderr)
    told: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return {"wall": wall, **told}


def _build(run: Path, language: str) -> None:
    """In the child: the whole of `qc report`, each sheet timed."""
    from qc.domain.config import Config, ReportConfig
    from qc.pipeline.report import write_report
    from qc.pipeline.specs import alerts, folders
    from qc.reporting import build as building

    took: dict[str, float] = {}
    building.SHEETS = tuple(
        replace(s, page=_timed(took, s.name, s.page), quoted=_timed(took, s.name + " (chosen)", s.quoted))
        for s in building.SHEETS
    )
    building._conversations = _timed(took, "conversation pages", building._conversations)
    for name in ("read_records", "page_names", "by_importance"):
        setattr(building, name, _timed(took, name, getattr(building, name)))
    where = folders(None)
    config = Config(report=ReportConfig(language=language))
    first = write_report(run, out=None, templates=where.reports, config=config, alerts=alerts(where))
    pages = sorted((p.stat().st_size, str(p.relative_to(first.parent))) for p in first.parent.rglob("*.html"))
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "cpu": used.ru_utime + used.ru_stime,
                "peak_mb": used.ru_maxrss / 1024,
                "pages": len(pages),
                "largest": pages[-1],
                "over": [p for p in pages if p[0] > PAGE_LIMIT],
                "sheets": {k: round(v, 2) for k, v in sorted(took.items(), key=lambda kv: -kv[1])},
            }
        )
    )


def _timed(took: dict[str, float], name: str, call: Callable[P, R]) -> Callable[P, R]:
    def timed(*args: P.args, **kwargs: P.kwargs) -> R:
        started = time.process_time()
        try:
            return call(*args, **kwargs)
        finally:
            took[name] = took.get(name, 0.0) + time.process_time() - started

    return timed


def _say(size: str, told: dict[str, object]) -> None:
    largest = told["largest"]
    print(
        f"{size:>15}  wall {told['wall']:6.1f} s  CPU {told['cpu']:6.1f} s  peak {told['peak_mb']:6.0f} MB  "
        f"{told['pages']} pages, largest {largest[1]} {largest[0] / 1024:,.0f} KB"  # type: ignore[index]
    )
    print("          " + ", ".join(f"{k} {v}" for k, v in told["sheets"].items()), flush=True)  # type: ignore[attr-defined]
    for size_b, name in told["over"]:  # type: ignore[attr-defined]
        print(f"          over 2 MB: {name} {size_b / 1024:,.0f} KB")


def _scale(folder: Path, sizes: list[int], agents: int, earlier: int, seed: int) -> None:
    before: tuple[int, dict[str, object]] | None = None
    for size in sizes:
        place = folder / str(size)
        run = place / f"day-{earlier:02d}"
        if not (run / "run.json").is_file():
            shutil.rmtree(place, ignore_errors=True)
            run = make(place, size, agents, earlier, seed)
        _say(f"{size} first", build(run, "zh", first=True))
        told = build(run, "zh")
        _say(f"{size} nightly", told)
        if before is not None:
            more = size / before[0]
            ratio = {k: float(told[k]) / float(before[1][k]) for k in ("wall", "cpu", "peak_mb")}  # type: ignore[arg-type]
            print(f"          {more:.0f} × conversations: " + ", ".join(f"{k} × {v:.2f}" for k, v in ratio.items()))
        before = size, told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("make", "build", "scale", "_build"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--conversations", type=int, default=100_000)
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--agents", type=int, default=300)
    parser.add_argument("--earlier", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lang", default="zh")
    args = parser.parse_args()
    if args.what == "make":
        print(make(args.folder, args.conversations, args.agents, args.earlier, args.seed))
    elif args.what == "build":
        run = args.folder if (args.folder / "run.json").is_file() else sorted(args.folder.glob("day-*"))[-1]
        for what, first in (("first", True), ("nightly", False)):
            _say(f"{run.name} {what}", build(run, args.lang, first=first))
    elif args.what == "_build":
        _build(args.folder, args.lang)
    else:
        _scale(args.folder, [int(s) for s in args.sizes.split(",")], args.agents, args.earlier, args.seed)


if __name__ == "__main__":
    main()
