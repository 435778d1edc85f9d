"""Small batches for pipeline tests, and the command line as a person runs it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

DIALOGUE = [
    ("agent", "您好，请问有什么可以帮您？"),
    ("customer", "我家停电两个小时了，电话13812345678，什么时候来电？"),
    ("agent", "非常抱歉给您带来不便，抢修人员三十分钟内到达。"),
    ("customer", "再不来我就打12398投诉你们！"),
    ("agent", "我理解您的心情，马上为您催办，请问还有其他需要吗？"),
    ("customer", "没有了，谢谢。"),
    ("agent", "感谢您的来电，再见。"),
]


def chats(folder: Path, count: int, name: str = "chats.jsonl") -> Path:
    """A folder with one file of `count` chats that differ a little."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w", encoding="utf-8") as out:
        for i in range(count):
            turns = [{"role": role, "text": text} for role, text in DIALOGUE[i % 3 :]]
            turns.append({"role": "customer", "text": f"这是第{i}个会话，编号{i * 7919}。"})
            out.write(json.dumps({"id": f"C{i:04d}", "turns": turns}, ensure_ascii=False) + "\n")
    return folder


def workspace(folder: Path, shard_size: int = 5) -> Path:
    """A workspace with small shards and the packaged rules."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "qc.yaml").write_text(
        f'default_project: "95598"\ndefault_channel: chat\nrun:\n  shard_size: {shard_size}\n', encoding="utf-8"
    )
    return folder


def qc(*args: object, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    """`qc ARGS` to its end."""
    return subprocess.run(command(*args), cwd=cwd, env=os.environ | env, capture_output=True, text=True, check=False)


def command(*args: object) -> list[str]:
    return [sys.executable, str(ROOT / "cli.py"), *map(str, args)]


def digests(run: Path) -> dict[str, str]:
    """Every Parquet file of a run and the SHA-256 of its bytes."""
    return {
        path.relative_to(run).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(run.rglob("*.parquet"))
    }


def only_run(out: Path) -> Path:
    """The one run under `out`."""
    (run,) = out.glob("*/run.json")
    return run.parent
