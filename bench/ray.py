"""Ray Core against the process pool on one machine: the same batch, the same number of processes, interleaved.

    python -m bench.ray --minutes 4
    python -m bench.ray --minutes 20 --pairs 1
    python -m bench.ray --recordings docs/sample/2026-11-20

Chats are generated until the pool is busy for about so many minutes (measured on a twentieth first). Recordings are
heard with a cache of their own each time. Start and end of Ray's own cluster count as its time.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXECUTORS = ("pool", "ray")
_TRIAL = 4_000
_LINES = [
    ("agent", "您好，请问有什么可以帮您？"),
    ("customer", "我家停电两个小时了，打了三次电话都没有人来，什么时候能修好？"),
    ("agent", "非常抱歉给您带来不便，请提供一下户号，我马上为您查询抢修进度。"),
    ("customer", "户号我不记得了，地址是幸福路二十一号，上个月电费也不对，多收了一百二十元。"),
    ("agent", "我理解您的心情，已为您催办，抢修人员三十分钟内到达，电费问题已登记工单。"),
    ("customer", "再不来我就打12398投诉你们！"),
    ("agent", "请您放心，我们会全程跟进，请问还有其他需要吗？"),
    ("customer", "没有了，谢谢。"),
    ("agent", "感谢您的来电，再见。"),
]


def chats(folder: Path, count: int) -> Path:
    """`count` chats of nine to eleven turns that differ."""
    folder.mkdir(parents=True)
    with (folder / "chats.jsonl").open("w", encoding="utf-8") as out:
        for i in range(count):
            turns = [{"role": role, "text": text} for role, text in _LINES]
            turns += [{"role": "customer", "text": f"这是第{i}次联系，编号{i * 7919 % 100_003}。"}] * (1 + i % 2)
            out.write(json.dumps({"id": f"C{i:07d}", "turns": turns}, ensure_ascii=False) + "\n")
    return folder


def timed(executor: str, source: Path, extra: list[str], folder: Path, workers: int) -> tuple[float, str]:
    """Wall seconds of one `qc run` and the digest of all Parquet files that it wrote."""
    out = folder / executor
    args = ["run", str(source), *extra, "--out", str(out), "--executor", executor, "--workers", str(workers)]
    command = [sys.executable, str(ROOT / "cli.py"), *args, "--no-report", "-q"]
    env = os.environ | {"QC_CACHE_DIR": str(folder / f"cache-{executor}"), "OMP_NUM_THREADS": "1"}
    begun = time.perf_counter()
    subprocess.run(command, env=env, stdout=subprocess.DEVNULL, check=False)
    seconds = time.perf_counter() - begun
    (run,) = (path.parent for path in out.glob("*/run.json"))
    if json.loads((run / "run.json").read_text(encoding="utf-8"))["status"] != "done":
        sys.exit(f"{executor}: the run did not end")
    digest = hashlib.sha256()
    for path in sorted(run.rglob("*.parquet")):
        digest.update(path.relative_to(run).as_posix().encode() + path.read_bytes())
    shutil.rmtree(out)
    shutil.rmtree(folder / f"cache-{executor}", ignore_errors=True)
    return seconds, digest.hexdigest()[:12]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=4)
    parser.add_argument("--pairs", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--recordings", type=Path, help="hear these instead of judging chats")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="qc-bench-") as name:
        folder = Path(name)
        extra: list[str] = []
        if given.recordings is not None:
            source, what = given.recordings, f"recordings of {given.recordings}"
            extra = ["--manifest", "calls.csv"] if (source / "calls.csv").exists() else []
        else:
            trial, _ = timed("pool", chats(folder / "trial", _TRIAL), [], folder, given.workers)
            count = max(_TRIAL, round(_TRIAL * 60 * given.minutes / trial))
            source, what = chats(folder / "in", count), f"{count} chats"
        taken: dict[str, list[float]] = {e: [] for e in EXECUTORS}
        digests = set()
        for pair in range(given.pairs):
            for executor in EXECUTORS if pair % 2 == 0 else EXECUTORS[::-1]:
                seconds, digest = timed(executor, source, extra, folder, given.workers)
                taken[executor].append(seconds)
                digests.add(digest)
                print(f"{executor:5} {seconds:8.1f} s  {digest}", flush=True)
        ratios = [r / p for p, r in zip(taken["pool"], taken["ray"], strict=True)]
        print(f"{what}, {given.workers} processes: ray / pool {statistics.median(ratios):.3f}", end="")
        print(f" ({min(ratios):.3f}–{max(ratios):.3f}), {'the same' if len(digests) == 1 else 'OTHER'} bytes")


if __name__ == "__main__":
    main()
