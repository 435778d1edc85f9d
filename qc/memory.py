"""The memory of this process: a bound on what it may take, and what need not be looked through for garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import resource
except ImportError:  # not a Unix
    resource = None  # type: ignore[assignment]


@contextmanager
def bounded_memory(more_bytes: int) -> Iterator[None]:
    """Inside, the process takes at most `more_bytes` of address space more than it has; what asks for more gets a
    MemoryError (or what a library makes of it). Where the system knows no such bound, nothing."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    except OSError:
        pages = 0
    if resource is None or not pages:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = pages * resource.getpagesize() + more_bytes
    known = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min([most, *known]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@contextmanager
def settled() -> Iterator[None]:
    """Inside, the garbage collector leaves alone what the process holds already: with a shard of conversations after
    the other, going through all of it again and again took a worker a seventh of its time."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
