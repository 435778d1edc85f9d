"""How long the report of a month takes: the first time, again, and when one night is new.

    python -m bench.months FOLDER RUN… [--nights 31]

FOLDER gets that many nights, on days one after the other: the stored RUNs in turn (`bench/report.py make` writes some),
their files linked, only `conversations` written anew with its dates moved. Each call of `qc report month` is a process
of its own; files are in the page cache. The bar: 31 nights of 100,000 conversations in 60 s the first time, a few
seconds when one night is new, under 1.5 GB.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qc.storage.lineage import write_lineage
from qc.storage.read import open_run
from qc.storage.summary import SUMMARY

FIRST = datetime(2026, 10, 1)
_COMMAND = "import sys; from qc.commands import cli; cli(sys.argv[1:])"


def night(source: Path, folder: Path, number: int) -> Path:
    """The run `source` as if it were of day `number`; the new run."""
    run, day = open_run(source), FIRST + timedelta(days=number)
    target = folder / f"night-{number:02d}"
    if (target / "run.json").is_file():
        return target
    shutil.rmtree(target, ignore_errors=True)
    for path in source.rglob("*.parquet"):
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        if path.parent.name != "conversations":
            os.link(path, place)
            continue
        table = pq.read_table(path)
        moved = pc.add(pc.subtract(table["started_at"], pc.floor_temporal(table["started_at"], unit="day")), day)
        for name, values in (("started_at", moved), ("date", pc.cast(moved, pa.date32()))):
            field = table.schema.field(name)
            table = table.set_column(table.column_names.index(name), field, values.cast(field.type, safe=False))
        pq.write_table(table, place)
    begun = (day + timedelta(days=1, hours=1)).isoformat()
    lineage = replace(run.lineage, run_id=target.name, started_at=begun, input_digest=f"{number:064x}")
    write_lineage(target, lineage)
    return target


def measured(folder: Path, what: str) -> None:
    """Make the report of all days and say what it took."""
    started = time.perf_counter()
    last = (FIRST + timedelta(days=30)).date().isoformat()
    command = [sys.executable, "-c", _COMMAND, "report", "month", str(folder)]
    child = subprocess.Popen([*command, "--from", FIRST.date().isoformat(), "--to", last], stdout=subprocess.PIPE)
    page = Path((child.stdout.read() if child.stdout else b"").decode().strip())
    _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - started
    if status:
        sys.exit(f"{what}: {status}")
    told = {"wall": round(wall, 1), "cpu": round(used.ru_utime + used.ru_stime, 1), "peak_mb": used.ru_maxrss >> 10}
    told |= {"page_kb": page.stat().st_size >> 10}
    print(f"{what:>24}  {json.dumps(told)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--nights", type=int, default=31)
    args = parser.parse_args()
    for number in range(args.nights - 1):
        night(args.runs[number % len(args.runs)], args.folder, number)
    shutil.rmtree(args.folder / f"night-{args.nights - 1:02d}", ignore_errors=True)
    for path in args.folder.glob(f"*/{SUMMARY}"):
        shutil.rmtree(path)
    measured(args.folder, f"{args.nights - 1} nights, first")
    measured(args.folder, "again")
    night(args.runs[(args.nights - 1) % len(args.runs)], args.folder, args.nights - 1)
    measured(args.folder, "one night new")
    size = sum(p.stat().st_size for p in args.folder.glob(f"*/{SUMMARY}/*"))
    print(f"kept beside the runs: {size / 2**20:.1f} MB")


if __name__ == "__main__":
    main()
