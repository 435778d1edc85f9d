"""Files that may hold what people said: written to a temporary name, fsynced, renamed; for their owner only.

Files are 0600 in folders 0700, whatever the umask. Sharing is Unix's own: in a folder with the set-group-id bit that
its group may read and others may not (2750, 2770), what we write is 0640 in folders 2750, of the folder's group.
`run.group_readable` makes a run such a folder; a centre may make one itself (chgrp, chmod). A folder that was there
keeps the mode it has.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Modes:
    """What new files and folders are to be."""

    file: int
    folder: int


OWNER = Modes(file=0o600, folder=0o700)
GROUP = Modes(file=0o640, folder=0o2750)


def modes_in(folder: Path) -> Modes:
    """The modes of what is made in `folder`, which exists."""
    mode = folder.stat().st_mode
    shared = mode & stat.S_ISGID and mode & 0o050 == 0o050 and not mode & 0o007
    return GROUP if shared else OWNER


def make_folder(path: Path, *, shared: bool = False) -> Path:
    """Make `path` and what is missing above it; `shared`: readable by its group, and so is all that comes into it.
    Folders that are there stay as they are. Returns `path`. Raises OSError."""
    if path.is_dir():
        return path
    make_folder(path.parent, shared=shared)
    modes = GROUP if shared else modes_in(path.parent)
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        if not path.is_dir():
            raise
        return path  # another worker was quicker
    _set(path, modes.folder)  # mkdir minds the umask
    return path


def begin(path: Path) -> Path:
    """An empty file beside `path`, under a name that `remove_stale` knows, with the modes `path` is to have."""
    modes = modes_in(make_folder(path.parent))
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    _set(temporary, modes.file)
    return temporary


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a temporary path; on success it replaces `path`, on an error it is removed. Nobody sees half a file.

    Raises OSError, which names `path`, when the disk is full or refuses.
    """
    temporary = path
    try:
        temporary = begin(path)
        begun = temporary.stat().st_mode
        yield temporary
        # never opener than it began: a library may have replaced the file by one of its own
        _set(temporary, stat.S_IMODE(temporary.stat().st_mode & begun))
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        # of a library's writing it often says no file at all; of ours a name nobody has seen
        if error.errno is None or error.filename not in (None, str(temporary)):
            raise
        raise OSError(error.errno, os.strerror(error.errno), str(path)) from error
    finally:
        if temporary is not path:
            with suppress(OSError):  # the folder is gone, or read-only by now: that is what was raised
                temporary.unlink(missing_ok=True)


def close_tree(folder: Path) -> None:
    """Give all that libraries wrote under `folder`, and the folder itself, the modes of what is made beside it."""
    modes = modes_in(folder.parent)
    for root, _, names in os.walk(folder):
        _set(Path(root), modes.folder)
        for name in names:
            _set(Path(root) / name, modes.file)


def take_place(draft: Path, out: Path) -> None:
    """The folder `draft` becomes the folder `out`; what was there is put aside first and then removed, so that nobody
    who is killed in the middle leaves half of the old one."""
    old = out.with_name(f"{out.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    draft.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def remove_stale(folder: Path) -> None:
    """Remove temporary files that a killed process left in `folder` or the folders right under it."""
    for temporary in (*folder.glob(".*.tmp"), *folder.glob("*/.*.tmp")):
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Replace `path` by `text` (UTF-8), atomically."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _set(path: Path, mode: int) -> None:
    with suppress(PermissionError, NotImplementedError):  # memory sticks and some shares have modes of their own
        if stat.S_IMODE(path.stat().st_mode) != mode:
            path.chmod(mode)


def sync_folder(folder: Path) -> None:
    """Bring to the disk which files the folder holds. Raises OSError where it cannot be opened."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:  # some network file systems refuse to sync a folder; the rename itself is still atomic
        pass
    finally:
        os.close(descriptor)
