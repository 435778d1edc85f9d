"""What each part file of a run was when it was written. `RUN/parts.json` lists them, `run.json` has the digest of that
list, so that a file that was changed, swapped or lost afterwards is known (`qc verify`)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from qc.errors import UsageError
from qc.storage.files import write_text

PARTS_FILE = "parts.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PartDigest:
    """A part file: `path` relative to the run with `/`, SHA-256 of its bytes, rows of the table, bytes."""

    path: str
    sha256: str
    rows: int
    bytes: int


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes in hex; any size in little memory. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def intact(run: Path, part: PartDigest) -> bool:
    """Whether the file is there and is what was written."""
    path = run / part.path
    try:
        return path.stat().st_size == part.bytes and sha256_of(path) == part.sha256
    except OSError:
        return False


def write_parts(run: Path, parts: Iterable[PartDigest]) -> str:
    """Write RUN/parts.json, ordered by path, a line per part; returns its SHA-256 (`Lineage.parts_digest`)."""
    lines = (json.dumps(asdict(p), ensure_ascii=False, sort_keys=True) for p in sorted(parts, key=lambda p: p.path))
    text = f'{{"format": {_FORMAT}, "parts": [\n' + ",\n".join(lines) + "\n]}\n"
    write_text(run / PARTS_FILE, text)
    return hashlib.sha256(text.encode()).hexdigest()


def read_parts(run: Path) -> tuple[PartDigest, ...] | None:
    """RUN/parts.json; None when there is none (runs of earlier versions). Raises UsageError when it is not ours."""
    path = run / PARTS_FILE
    try:
        data = json.loads(path.read_bytes())
        if data["format"] != _FORMAT:
            raise UsageError(f"{path} 是别的版本的 qc 写的", "请用写这个批次的版本。")
        return tuple(map(part_digest, data["parts"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise UsageError(f"读不懂 {path}：{type(error).__name__}", "文件可能被改动或损坏，请从备份恢复。") from None


def part_digest(data: Mapping[str, Any]) -> PartDigest:
    """One part as JSON has it. Raises LookupError, TypeError or ValueError when it is none, or leads out of the run."""
    path, sha256, rows, size = (data[name] for name in ("path", "sha256", "rows", "bytes"))
    if not isinstance(path, str) or not isinstance(sha256, str):
        raise TypeError
    if not isinstance(rows, int) or not isinstance(size, int):
        raise TypeError
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts or "\\" in path or "\0" in path:
        raise ValueError
    return PartDigest(path=path, sha256=sha256, rows=rows, bytes=size)
