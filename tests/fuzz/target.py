"""What is fuzzed, and the property it must have.

A *target* feeds bytes from outside to one parser. Whatever the bytes are, it gives a result or refuses with a message
of our own (`QcError` …: what `refusals` names): no other exception, in bounded time and memory, without a
file written outside the folder it was given, a process started, a connection opened or a pickle executed, and without
what customers said (`SPEECH`, which the seeds hold) in a message.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qc.domain.printable import printable
from qc.errors import QcError

SPEECH = "幺三八零零一三八"
"""Customers say it in the seeds; no message may repeat it."""
MOST_S = 10.0
"""Of processor time: a busy machine is no fault of a parser."""
MOST_BYTES = 400 << 20
"""How much one input may add to the memory a process ever had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`run(data, folder)` parses `data`, as a file in the empty `folder` or as it is, and gives the messages it made.
    `shows_source`: the file is our user's own YAML, of which messages quote the line that is wrong. `ready` makes what
    all inputs are tried with, before anything is measured."""

    name: str
    run: Callable[[bytes, Path], Iterable[str]]
    refusals: tuple[type[Exception], ...] = (QcError,)
    shows_source: bool = False
    ready: Callable[[], object] = lambda: None


class Broken(Exception):
    """The property does not hold. `key` tells this fault from others."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"{key}: {message}")
        self.key = key


def check(target: Target, data: bytes, folder: Path) -> None:
    """Raises Broken when `target` does with `data` what no parser may. `folder` is empty and holds all it writes."""
    target.ready()
    before, began = _memory(), time.process_time()
    with _watched(folder) as trespasses, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        messages: list[str] = []
        try:
            messages += target.run(data, folder)
        except target.refusals as error:
            # as the terminal gets them: `qc.commands.main` makes what stands in them inert
            messages.append(printable(error.render()) if isinstance(error, QcError) else str(error))
        except Exception as error:
            raise Broken(_place(error), "".join(traceback.format_exception(error))) from error
    took, grew = time.process_time() - began, _peak() - before
    if trespasses:
        raise Broken(f"trespass {trespasses[0]}", ", ".join(trespasses))
    if took > MOST_S:
        raise Broken("slow", f"{took:.1f} s for {len(data)} bytes")
    if grew > MOST_BYTES:
        raise Broken("memory", f"{grew >> 20} MiB for {len(data)} bytes")
    for message in messages:
        if not message.strip():
            raise Broken("silent", "a refusal says nothing")
        if SPEECH in message and not target.shows_source:
            raise Broken("speech", f"{target.name} tells what a customer said")
        if printable(message) != message and not target.shows_source:
            raise Broken("controls", f"a message holds control characters: {message!r}")


def _place(error: BaseException) -> str:
    """The last line of our own code on the way to `error`."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f"{os.sep}qc{os.sep}" in f.filename]
    at = frames[-1] if frames else traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {at.filename.rpartition(f'{os.sep}qc{os.sep}')[2]}:{at.lineno}"


def _memory() -> int:
    """The memory this process has; from here on, where the system can, its peak is counted anew."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", "ascii")
    return _status("VmRSS") if Path("/proc/self/status").is_file() else _peak()


def _peak() -> int:
    if Path("/proc/self/status").is_file():
        return _status("VmHWM")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10


def _status(name: str) -> int:
    told = Path("/proc/self/status").read_text("ascii", "replace")
    return int(told.partition(f"{name}:")[2].split()[0]) << 10


_folder: str | None = None
_trespasses: list[str] = []
_hooked = False
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_FORBIDDEN = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "socket.connect", "pickle.find_class"}
_CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod"}


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook of the interpreter: it sees what C code opens through Python, too. It can never be removed."""
    if _folder is None:
        return
    if event in _FORBIDDEN:
        _trespasses.append(event)
    elif event == "open":
        path, _, flags = arguments
        if isinstance(flags, int) and flags & _WRITES:
            _inside(event, path)
    elif event in _CHANGES:
        _inside(event, arguments[0], arguments[-1])


def _inside(event: str, path: object, folder: object = -1) -> None:
    """`folder`: the descriptor of the one a relative path counts from, where a call says so."""
    if isinstance(path, int) or _folder is None:
        return
    with contextlib.suppress(TypeError, ValueError, OSError):
        beside = Path(f"/proc/self/fd/{folder}").readlink() if isinstance(folder, int) and folder >= 0 else Path()
        file = beside / os.fsdecode(path)  # type: ignore[arg-type]
        ours = (file.parent.resolve() / file.name).is_relative_to(_folder)
        if not ours and "__pycache__" not in file.parts and str(file) != os.devnull:
            _trespasses.append(f"{event} {file}")


@contextlib.contextmanager
def _watched(folder: Path) -> Iterator[list[str]]:
    global _folder, _hooked
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked = True
    _trespasses.clear()
    _folder = os.path.realpath(folder)
    try:
        yield _trespasses
    finally:
        _folder = None
