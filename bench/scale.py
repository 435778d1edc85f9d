"""A night of 100,000 conversations on two cores: time, and memory per process, from documents to a finished run.

usage: python bench/scale.py [--counts 1000,10000,100000] [--workers 1,2] [--executor pool] [--single] [--report]

The conversations are generated: each of 12 turns and some 230 characters, put together from phrases of service talk by
a fixed seed, three quarters of them as JSON lines of 10,000, the rest as message tables of 5,000, one in a hundred in a
file of its own. `--single`: every conversation in a file of its own. `--serial` measures one process without workers.
Peak memory is that of each process, workers and parent apart (their resident memory, read every 50 ms).
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
AGENT = (
    "您好，请问有什么可以帮您？", "请您稍等，我帮您查询一下。", "非常抱歉给您带来不便。", "抢修人员大约{n}分钟后到达。",
    "您的用电户号是多少？", "我已经为您登记，编号{n}，请您留意电话。", "这边显示上个月用了{n}度电。",
    "请问还有其他需要吗？", "感谢您的来电，再见。", "退款会在{n}个工作日内原路返回。", "您可以在网上营业厅办理。",
)  # fmt: skip
CUSTOMER = (
    "我家停电{n}个小时了，什么时候来电？", "上个月电费怎么多了{n}块钱？", "好的，谢谢。", "我打了{n}次电话都没人管！",
    "再不处理我就要投诉你们了。", "我的手机号是138{m:08d}。", "快递到现在还没有收到。", "能不能给我开一张发票？",
    "你们这个服务态度太差了。", "没有了，谢谢你。", "嗯，我知道了。", "那我什么时候可以收到退款？",
)  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """Wall and CPU seconds of the whole tree; peak resident memory of the parent and of the largest worker, in MB."""

    wall_s: float
    cpu_s: float
    parent_mb: float
    worker_mb: float
    result: str
    """SHA-256 over all Parquet bytes of the run."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", default="1000,10000,100000")
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--executor", default="pool")
    parser.add_argument("--single", action="store_true")
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=None)
    args = parser.parse_args()
    print(
        f"{'conversations':>13}{'workers':>9}{'wall s':>9}{'CPU s':>9}{'conv/s':>8}{'parent MB':>11}{'worker MB':>11}"
    )
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        for count in map(int, args.counts.split(",")):
            source = Path(folder) / f"in-{count}"
            generate(source, count, single=args.single)
            results = set()
            for workers in [w for _ in range(args.rounds) for w in args.workers.split(",")]:
                one = _measured(source, Path(folder) / "out", workers, args)
                results.add(one.result)
                print(
                    f"{count:>13}{workers:>9}{one.wall_s:>9.1f}{one.cpu_s:>9.1f}{count / one.wall_s:>8.0f}"
                    f"{one.parent_mb:>11.0f}{one.worker_mb:>11.0f}",
                    flush=True,
                )
            print(f"{'':13} {'the same bytes' if len(results) == 1 else 'DIFFERENT BYTES'}: {min(results)[:12]}")


def generate(folder: Path, count: int, *, single: bool = False) -> None:
    """`count` conversations as documents; the same count gives the same bytes."""
    folder.mkdir(parents=True)
    (folder / "qc.yaml").write_text('default_project: "95598"\ndefault_channel: chat\n', encoding="utf-8")
    alone = count if single else count // 100
    tables = 0 if single else count // 4
    numbers = iter(range(count))
    for number in (next(numbers) for _ in range(alone)):
        place = folder / "single" / f"{number // 1000:03d}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.json").write_text(json.dumps(_conversation(number), ensure_ascii=False), encoding="utf-8")
    for at in range(0, tables, 5_000):
        with (folder / f"table-{at}.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(["会话编号", "role", "text"])
            for number in (next(numbers) for _ in range(min(5_000, tables - at))):
                table.writerows((f"C{number:06d}", t["role"], t["text"]) for t in _turns(number))
    rest = list(numbers)
    for at in range(0, len(rest), 10_000):
        with (folder / f"lines-{at}.jsonl").open("w", encoding="utf-8") as file:
            for number in rest[at : at + 10_000]:
                file.write(json.dumps(_conversation(number), ensure_ascii=False) + "\n")


def _conversation(number: int) -> dict[str, object]:
    return {"id": f"C{number:06d}", "agent_id": f"K{number % 97:03d}", "turns": list(_turns(number))}


def _turns(number: int) -> Iterator[dict[str, str]]:
    chance = random.Random(number)
    for turn in range(12):
        role, phrases = (("agent", AGENT), ("customer", CUSTOMER))[turn % 2]
        said = [chance.choice(phrases) for _ in range(chance.choice((1, 2, 3)))]
        text = "".join(s.format(n=chance.randrange(1, 60), m=chance.randrange(10**8)) for s in said)
        yield {"role": role, "text": text}


def _measured(source: Path, out: Path, workers: str, args: argparse.Namespace) -> Measured:
    """One `qc run` to its end. A failing one ends the benchmark."""
    command = [sys.executable, str(ROOT / "cli.py"), "run", str(source), "-w", str(source), "-o", str(out), "-q"]
    command += ["--fresh", *(() if args.report else ("--no-report",))]
    command += ["--executor", "serial"] if workers == "serial" else ["--executor", args.executor, "--workers", workers]
    before = {path.parent for path in out.glob("*/run.json")}
    usage, begun = os.times(), time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    parent, largest = psutil.Process(process.pid), {False: 0, True: 0}
    while process.poll() is None:
        try:
            for one in [parent, *parent.children(recursive=True)]:
                worker = one.pid != parent.pid
                largest[worker] = max(largest[worker], one.memory_info().rss)
        except psutil.Error:
            pass
        time.sleep(0.05)
    wall, spent = time.perf_counter() - begun, os.times()
    if process.returncode:
        sys.exit((process.stderr or sys.stdin).read())
    (run,) = {path.parent for path in out.glob("*/run.json")} - before
    result = hashlib.sha256(b"".join(p.read_bytes() for p in sorted(run.rglob("*.parquet")))).hexdigest()
    cpu = spent.children_user + spent.children_system - usage.children_user - usage.children_system
    return Measured(wall, cpu, largest[False] / 2**20, largest[True] / 2**20, result)


if __name__ == "__main__":
    main()
