"""What is said when a report cannot be written: the results are whole, how far it came, how to go on."""

from __future__ import annotations

import errno
from pathlib import Path

from qc.errors import UsageError, refusal, remedy

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_MB = 1_000_000


def unwritten(error: OSError, run: Path, out: Path, draft: Path, pages: int) -> UsageError:
    """What to raise for `error`: the report of `run`, of so many `pages`, that was to become `out` was being written
    into the folder `draft`, which still holds what there was room for. What is missing is reckoned from the pages that
    are there."""
    where = f"（{error.filename}）" if error.filename else f"（{draft}）"
    told = f"报表没有写完：{refusal(error)}{where}"
    todo = remedy(error)
    if error.errno in _FULL:
        told += _how_far(draft, pages)
        todo = "腾出空间。"
    before = "；原来的报表没有动" if out.exists() else ""
    return UsageError(
        f"{told}。批次 {run} 的结果已经完整，没有受影响{before}",
        f"{todo}之后再运行同一条命令，或 qc report {run}，只补报表，不重新转写、判定；可加 --out 写到别的磁盘。",
    )


def _how_far(draft: Path, pages: int) -> str:
    sizes = [path.stat().st_size for path in draft.rglob("*.html")] if draft.is_dir() else []
    whole = [size for size in sizes if size]
    if not whole:
        return f"，共 {pages:,} 页，一页也没有写下"
    missing = sum(whole) / len(whole) * (pages - len(whole) + 1)  # the last of them is cut off
    size = f"{missing / _MB:,.1f} MB" if missing >= _MB else "不到 1 MB"
    return f"，写到 {len(whole):,}/{pages:,} 页，大约还缺 {size}"
