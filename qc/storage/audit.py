"""The audit log: who did what to the runs of a folder, one JSON line per act in OUT/audit.jsonl.

Lines are only ever appended, under a lock, and are on the disk before the act counts as recorded. Each holds the
SHA-256 of the line before it, as a commit of git names its parent, so that a line that was changed, removed or moved
no longer fits its neighbour. A cut tail leaves a chain that fits: OUT/audit.head.json says how long the log was, and
the next act goes on from what it says, so that the gap stays. Who may write both files can write a new history from
some line on; a head that was noted elsewhere (a mail, a ticket) is then in no line of it (`verify`, `noted`).

The log holds names of commands, runs and files, digests and counts, and a reason or a query somebody gave, masked.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import pwd
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from pathlib import Path

from qc import __version__
from qc.errors import UsageError, refusal
from qc.storage.files import GROUP, make_folder, modes_in

LOG = "audit.jsonl"
HEAD = "audit.head.json"
GENESIS = "0" * 64
"""What stands for the line before the first."""
_PATIENCE_S = 30.0
_NOTE_CHARS = 4000
_FILES = 5
"""So many are named one by one."""
_TAIL = 1 << 20
"""Bytes within which the last line must begin; a line of ours is far shorter."""


class UnrecordedError(UsageError):
    """The act could not be written into the log (full disk, no permission, somebody holds it)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line. `line` counts from 1; `at` is local time with its offset; `before` is the SHA-256 of the line before.

    `files`: path → SHA-256 of what was written; many files stand as one, the digest of their list. `digests`: what the
    act went by (input, plan, rules). `outcome`: done | partial | failed | interrupted | refused.
    """

    line: int
    at: str
    user: str
    host: str
    action: str
    outcome: str
    before: str
    runs: tuple[str, ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    qc_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """How many lines the log had, and the SHA-256 of the last."""

    line: int
    sha256: str


def record(
    out: Path,
    action: str,
    *,
    outcome: str = "done",
    runs: Iterable[str] = (),
    digests: Mapping[str, str] | None = None,
    counts: Mapping[str, int] | None = None,
    files: Iterable[Path] = (),
    note: str = "",
) -> Head:
    """Append one act to the log of `out`, the folder of runs; returns the new head.

    `action` is the command's name ("review import"). `files` are digested here. Personal data in `note`, names of runs
    and files is masked. Raises UnrecordedError: what cannot be undone (purge, reveal) is recorded first and then not
    done; what was worth a night is not lost for it, the caller says it loudly.
    """
    from qc.text.masking import mask_value

    try:
        written = _digests(out, files)
        with _alone(out) as log:
            size = os.fstat(log).st_size
            last = _before(out, _last(log, size))
            entry = Entry(
                line=last.line + 1,
                at=datetime.now().astimezone().isoformat(timespec="seconds"),
                user=_user(),
                host=platform.node(),
                action=action,
                outcome=outcome,
                before=last.sha256,
                runs=tuple(mask_value(run) for run in runs),
                digests=dict(digests or {}),
                counts=dict(counts or {}),
                files={mask_value(name): digest for name, digest in written.items()},
                note=mask_value(note[:_NOTE_CHARS]),
                qc_version=__version__,
            )
            line = json.dumps(asdict(entry), ensure_ascii=False).encode("utf-8", "backslashreplace")
            _append(log, size, line)
            head = Head(line=entry.line, sha256=hashlib.sha256(line).hexdigest())
            _set_head(out, head)
            return head
    except OSError as error:
        raise UnrecordedError(
            f"这一次操作（qc {action}）没有记进审计日志 {out / LOG}：{refusal(error)}",
            "检查磁盘空间与权限；补记不了，请把这条消息留档。",
        ) from None


def entries(out: Path) -> Iterator[Entry]:
    """The lines of the log that can be read, in order. Raises UsageError where there is no log."""
    for raw in _lines(out):
        entry = parse(raw)
        if entry is not None:
            yield entry


def parse(raw: bytes) -> Entry | None:
    """One line; None where it is none of ours."""
    try:
        data = json.loads(raw)
        known = {f.name for f in fields(Entry)}
        entry = Entry(**{k: v for k, v in data.items() if k in known})
        whole = isinstance(entry.line, int) and isinstance(entry.before, str) and isinstance(entry.action, str)
        return replace(entry, runs=tuple(entry.runs)) if whole else None
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What `verify` found. `problems`: the log is not what was written. `remarks`: a line that was not finished when
    the power failed, a head that lags behind; nobody need have touched it."""

    lines: int
    head: str
    problems: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def sound(self) -> bool:
        return not self.problems


def verify(out: Path, *, noted: str = "") -> Verdict:
    """Follow the chain through the log of `out`. `noted`: SHA-256 of a head (or its beginning) somebody wrote down
    elsewhere; it must be in the chain. Raises UsageError where there never was a log."""
    problems: list[str] = []
    remarks: list[str] = []
    head = _read_head(out, problems)
    if not (out / LOG).exists() and head is not None:
        problems.append(f"日志不见了：{HEAD} 记着它有过 {head.line} 行")
        return Verdict(lines=0, head="", problems=tuple(problems), remarks=())
    before, number, unreadable = GENESIS, 0, False
    seen_noted = seen_head = False
    for number, raw in enumerate(_lines(out), start=1):
        entry = parse(raw)
        if entry is None:
            remarks.append(f"第 {number} 行没有写完或读不懂")
        elif entry.before != before:
            where = f"第 {number - 1} 行与第 {number} 行接不上" if number > 1 else "第 1 行不是最初的一行"
            what = f"（第 {number} 行自称第 {entry.line} 行）" if entry.line != number else ""
            problems.append(f"{where}{what}：第 {max(1, number - 1)} 行被改过，或中间有行被删、挪、插")
        before = hashlib.sha256(raw).hexdigest()
        unreadable = entry is None
        seen_noted |= bool(noted) and before.startswith(noted.lower())
        if head is not None and number == head.line:
            seen_head = True
            if before != head.sha256:
                problems.append(f"第 {number} 行不是当时写下的：与 {HEAD} 记下的摘要不符")
    if head is not None and not seen_head:
        problems.append(f"日志末尾少了 {head.line - number} 行：应有 {head.line} 行，只有 {number} 行")
    if head is None and number and not problems:
        problems.append(f"没有 {HEAD}：不能断定末尾没有被截去")
    if head is not None and head.line < number and not unreadable:
        remarks.append(f"末尾记号停在第 {head.line} 行：写第 {head.line + 1} 行时进程被杀或磁盘已满")
    if noted and not seen_noted:
        problems.append(f"日志里没有摘要为 {noted} 的行：当时记下的那一段历史已被改写")
    return Verdict(lines=number, head=before if number else "", problems=tuple(problems), remarks=tuple(remarks))


def _lines(out: Path) -> Iterator[bytes]:
    try:
        with (out / LOG).open("rb") as log:
            for raw in log:
                yield raw.removesuffix(b"\n")
    except FileNotFoundError:
        raise UsageError(f"{out} 下没有审计日志（{LOG}）", "给出批次所在的目录，例：qc audit show runs。") from None


@contextmanager
def _alone(out: Path) -> Iterator[int]:
    """The log, opened for appending, and nobody else writing to it."""
    make_folder(out)
    deadline = time.monotonic() + _PATIENCE_S
    log = _open(out / LOG, os.O_RDWR | os.O_APPEND)
    try:
        while True:
            try:
                fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
        yield log
    finally:
        os.close(log)


def _open(path: Path, flags: int) -> int:
    """A file of the log. In a folder made for a group (qc.storage.files) whoever may read runs may be recorded too."""
    shared = modes_in(path.parent) == GROUP
    try:
        return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        file = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        if shared:
            os.fchmod(file, 0o660)
        return file


def _append(log: int, size: int, line: bytes) -> None:
    """Write the line and bring it to the disk; what does not fit is taken back, so that the log stays whole."""
    torn = size > 0 and os.pread(log, 1, size - 1) != b"\n"
    rest = (b"\n" if torn else b"") + line + b"\n"
    try:
        while rest:
            rest = rest[os.write(log, rest) :]
        os.fsync(log)
    except OSError:
        os.ftruncate(log, size)
        raise


def _last(log: int, size: int) -> Head:
    """Number and digest of the last line, whole or not."""
    if size == 0:
        return Head(line=0, sha256=GENESIS)
    tail = os.pread(log, min(size, _TAIL), max(0, size - _TAIL))
    lines = tail.removesuffix(b"\n").split(b"\n")
    for back, raw in enumerate(reversed(lines)):
        entry = parse(raw)
        if entry is not None:
            return Head(line=entry.line + back, sha256=hashlib.sha256(lines[-1]).hexdigest())
    return Head(line=len(lines), sha256=hashlib.sha256(lines[-1]).hexdigest())


def _before(out: Path, last: Head) -> Head:
    """What the next line follows: the `last` one, unless more was recorded, or something else. The head is written when
    its line is on the disk, so a log that it does not fit was cut or changed, and must not be made to fit."""
    head = _read_head(out, [])
    return last if head is None or head.line < last.line else head


def _set_head(out: Path, head: Head) -> None:
    """Written in place, under the log's lock: who may append need not be able to make files in the folder."""
    text = json.dumps(asdict(head)).encode() + b"\n"
    file = _open(out / HEAD, os.O_WRONLY)
    try:
        os.pwrite(file, text, 0)
        os.ftruncate(file, len(text))
        os.fsync(file)
    finally:
        os.close(file)


def _read_head(out: Path, problems: list[str]) -> Head | None:
    try:
        data = json.loads((out / HEAD).read_bytes())
        return Head(line=int(data["line"]), sha256=str(data["sha256"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        problems.append(f"{HEAD} 读不懂：不能断定末尾没有被截去")
        return None


def _digests(out: Path, files: Iterable[Path]) -> dict[str, str]:
    """Path (inside `out`: relative to it) → SHA-256. Many stand as one: the digest of their `sha256  path` lines."""
    digests = {}
    for path in sorted(files):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        place, root = path.resolve(), out.resolve()
        digests[str(place.relative_to(root) if place.is_relative_to(root) else place)] = digest
    if len(digests) <= _FILES:
        return digests
    listed = "".join(f"{digest}  {name}\n" for name, digest in digests.items())
    return {f"{len(digests)} 个文件": hashlib.sha256(listed.encode("utf-8", "surrogateescape")).hexdigest()}


def _user() -> str:
    """The account by its number, not by what the environment claims; behind sudo also who called it."""
    number = os.getuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
        name = f"uid {number}"
    caller = os.environ.get("SUDO_USER", "")
    return f"{name}（sudo：{caller}）" if number == 0 and caller else name
