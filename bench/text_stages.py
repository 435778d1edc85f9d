"""Text stages against the naive script, in one run on one machine: conversations per second and peak memory.

usage: python bench/text_stages.py --dialogues FILE.jsonl [--count 10000] [--naive-count 300] [--workers N]

FILE has one dialogue per line: {"id": …, "turns": [{"role": "customer"|"agent", "text": …}, …]}. It is repeated with
new ids until there are `--count` dialogues. The rival needs `pip install snownlp jieba pandas pyahocorasick`, best in a
virtual environment of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Measured:
    """CPU seconds of the whole process tree, wall seconds, and the highest sum of resident memory, in MB."""

    cpu_s: float
    wall_s: float
    peak_mb: float


def main() -> None:
    args = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "in").mkdir()
        source = [json.loads(line) for line in args.dialogues.read_text(encoding="utf-8").splitlines() if line.strip()]
        _repeat(source, args.count, work / "in" / "dialogues.jsonl")
        _repeat(source, args.naive_count, work / "naive.jsonl")
        words = _words(work / "words.txt")
        ours = _measure(
            [sys.executable, str(ROOT / "cli.py"), "run", str(work / "in"), "--out", str(work / "runs"), "--no-report"]
            + (["--workers", str(args.workers)] if args.workers else []),
            work,
        )
        naive = _measure(
            [
                args.rival_python,
                str(ROOT / "bench" / "naive.py"),
                str(work / "naive.jsonl"),
                str(words),
                str(work / "o.csv"),
            ],
            work,
        )
    _print(ours, args.count, naive, args.naive_count)


def _print(ours: Measured, count: int, naive: Measured, naive_count: int) -> None:
    print(f"{'':12}{'dialogues':>10}{'CPU s':>9}{'wall s':>9}{'conv/CPU s':>12}{'conv/s':>9}{'peak MB':>9}")
    for name, m, n in (("qc run", ours, count), ("naive", naive, naive_count)):
        print(
            f"{name:12}{n:>10}{m.cpu_s:>9.1f}{m.wall_s:>9.1f}{n / m.cpu_s:>12.1f}{n / m.wall_s:>9.1f}{m.peak_mb:>9.0f}"
        )
    per_cpu = (count / ours.cpu_s) / (naive_count / naive.cpu_s)
    per_wall = (count / ours.wall_s) / (naive_count / naive.wall_s)
    print(f"ratio per CPU second {per_cpu:.1f} ×, per wall second {per_wall:.1f} ×")


def _measure(command: list[str], cwd: Path) -> Measured:
    """Run a command to its end and watch its process tree. A failing command ends the benchmark."""
    before = os.times()
    begun = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    peak = 0
    tree = psutil.Process(process.pid)
    while process.poll() is None:
        peak = max(peak, _resident(tree))
        time.sleep(0.05)
    wall = time.perf_counter() - begun
    after = os.times()
    if process.returncode:
        sys.exit(f"{command[1]} failed:\n{process.stderr.read().decode() if process.stderr else ''}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Measured(cpu, wall, peak / 1e6)


def _resident(process: psutil.Process) -> int:
    total = 0
    try:
        for one in (process, *process.children(recursive=True)):
            total += one.memory_info().rss
    except psutil.NoSuchProcess:
        pass
    return total


def _repeat(source: list[dict], count: int, path: Path) -> None:
    with path.open("w", encoding="utf-8") as out:
        for i in range(count):
            dialogue = source[i % len(source)]
            out.write(json.dumps({**dialogue, "id": f"{i:06d}"}, ensure_ascii=False) + "\n")


def _words(path: Path) -> Path:
    """The words of the shipped lexicons, for the rival's scan."""
    sys.path.insert(0, str(ROOT))
    from qc.paths import packaged
    from qc.specs.rules import load_rules

    lexicons = load_rules([packaged("rules")]).lexicons
    path.write_text("\n".join(sorted({w.text for x in lexicons for w in x.words if " " not in w.text})), "utf-8")
    return path


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dialogues", type=Path, required=True)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--naive-count", type=int, default=300)
    parser.add_argument("--rival-python", default=sys.executable, help="a Python that has the rival's packages")
    parser.add_argument("--workers", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
