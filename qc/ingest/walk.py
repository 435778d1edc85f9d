"""The files of an input folder, in a fixed order, none of them outside it."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from qc.errors import UsageError, refusal
from qc.ingest.names import is_hidden, shown

_SNIFF_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Tree:
    """Files sorted by path; folders that could not be opened, and why; Chinese notes on what was left out."""

    files: tuple[Found, ...]
    unreadable: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A regular file. `path`: relative to the input folder, forward slashes; `file`: the path to open."""

    path: str
    file: str
    size: int

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.path).suffix.lower()


def walk(root: Path, ignore: Path | None) -> Tree:
    """All files under `root`, which may be one file.

    Hidden files, the file `ignore`, devices and pipes are left out; so are links that lead out of `root` and linked
    folders (they may lead in circles), which is noted. Raises UsageError when `root` cannot be read.
    """
    try:
        top = root.resolve(strict=True)
        ignored = None if ignore is None else ignore.resolve()
        if top.is_file():
            return Tree((Found(path=shown(root.name), file=str(root), size=top.stat().st_size),))
        os.scandir(top).close()
    except (OSError, RuntimeError) as error:
        reason = refusal(error) if isinstance(error, OSError) else "链接成环"
        hint = "检查路径是否写对、有没有读的权限；在网络盘上的，先看它挂上没有。"
        raise UsageError(f"输入目录 {root} 打不开：{reason}", hint) from error
    found: list[Found] = []
    unreadable: list[tuple[str, str]] = []
    left_out = 0

    def missed(error: OSError) -> None:
        unreadable.append((shown(os.path.relpath(os.fsdecode(error.filename), top)), refusal(error)))

    for folder, folders, names in os.walk(top, onerror=missed):
        kept = sorted(f for f in folders if not is_hidden(f))
        links = [f for f in kept if Path(folder, f).is_symlink()]
        left_out += len(links)
        folders[:] = [f for f in kept if f not in links]
        for name in sorted(names):
            file = Path(folder, name)
            if is_hidden(name):
                continue
            try:
                real = file.resolve(strict=True)
                status = real.stat()
            except (OSError, RuntimeError):  # a link to nowhere, or a file gone since
                left_out += 1
                continue
            if real == ignored or not stat.S_ISREG(status.st_mode):
                continue
            if not real.is_relative_to(top):
                left_out += 1
                continue
            found.append(Found(path=shown(file.relative_to(top).as_posix()), file=str(file), size=status.st_size))
    notes = (f"{left_out} 个链接没有跟随（指向输入目录之外、指向目录或已失效）",) if left_out else ()
    return Tree(tuple(sorted(found, key=lambda f: f.path)), tuple(sorted(unreadable)), notes)


def is_jsonl(file: Found) -> bool:
    """Whether the content is one JSON object a line: the first line is one, and the next begins another (or it is
    called .jsonl). Judged on the beginning; a file that cannot be read is none.
    """
    suffix = file.suffix
    if suffix in (".jsonl", ".ndjson"):
        return True
    try:
        with Path(file.file).open("rb") as stream:
            head = stream.read(_SNIFF_BYTES)
            rest = stream.readline(64 * 2**20) + stream.read(64) if len(head) == _SNIFF_BYTES else b""
    except OSError:
        return False
    lines = [line.strip(b"\xef\xbb\xbf \t\r") for line in (head + rest).split(b"\n")]
    lines = [line for line in lines if line]
    if not lines or not (lines[0].startswith(b"{") and lines[0].endswith(b"}")):
        return False
    return suffix == ".txt" or (len(lines) > 1 and lines[1].startswith(b"{"))
