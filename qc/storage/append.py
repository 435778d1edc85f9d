"""Tables that only grow: each addition is a part of its own, which nothing that is added later can replace."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pyarrow as pa

from qc.storage.files import begin, make_folder
from qc.storage.write import REVIEWS_FOLDER, part_files, part_number, part_path, table_folder, write_file

_LOCK = ".lock"


@contextmanager
def alone(run: Path) -> Iterator[None]:
    """Nobody else adds to the run's reviews during the block; another process waits until it is over. What is read
    inside is still true when it is written. The lock goes with the process, however that ends."""
    folder = run / REVIEWS_FOLDER
    make_folder(folder)
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        with suppress(OSError):  # a file system without locks: exclusive names still keep parts apart
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def append_part(run: Path, name: str, table: pa.Table) -> Path:
    """Add `table` to the table `name` as its next part, whole or not at all; returns the file. A number that somebody
    else took in the meantime is passed over."""
    temporary = begin(table_folder(run, name) / name)
    try:
        write_file(temporary, name, table)
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        number = 1 + max(map(part_number, part_files(run, name)), default=-1)
        while True:
            path = part_path(run, name, number)
            try:
                os.link(temporary, path)  # unlike a rename it refuses a name that is taken
                return path
            except FileExistsError:
                number += 1
            except OSError:  # memory sticks and some shares have no links; `alone` keeps others away
                if not path.exists():
                    temporary.rename(path)
                    return path
                number += 1
    finally:
        temporary.unlink(missing_ok=True)
