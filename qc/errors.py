"""The error family. Every error knows its exit code and how to say itself in Chinese.

Exit codes: 0 done, 1 a check said no, 2 usage or configuration, 3 finished but some recordings failed
beyond the allowance, 4 internal error or counts do not balance, 130 interrupted.
"""

from __future__ import annotations

import errno
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

EXIT_OK = 0
EXIT_CHECK = 1
EXIT_USAGE = 2
EXIT_PARTIAL = 3
EXIT_INTERNAL = 4
EXIT_INTERRUPTED = 130


class QcError(Exception):
    """A problem a user can act on. `message` says what is wrong, `hint` what to do (both Chinese)."""

    exit_code = EXIT_USAGE

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def render(self) -> str:
        """The text shown on stderr."""
        return f"错误：{self.message}" + (f"\n提示：{self.hint}" if self.hint else "")


class UsageError(QcError):
    """Wrong option, missing file, broken configuration."""

    exit_code = EXIT_USAGE


class InternalError(QcError):
    """Something qc promised does not hold, e.g. counts do not balance."""

    exit_code = EXIT_INTERNAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem at one place of one file. `line` and `col` count from 1; `col` counts characters."""

    path: str
    line: int
    col: int
    code: str
    message: str
    hint: str = ""
    source: str = ""
    level: str = "error"  # error | warning

    def render(self) -> str:
        """`file:line:col: CODE message`, the line, a caret (CJK counts two cells), a hint."""
        out = [f"{self.path}:{self.line}:{self.col}: {self.code} {self.message}"]
        if self.source:
            out += ["    " + self.source, "    " + " " * display_width(self.source[: self.col - 1]) + "^"]
        if self.hint:
            out.append(f"提示：{self.hint}")
        return "\n".join(out)


class SpecError(QcError):
    """All problems found in the YAML files of a workspace, at once."""

    exit_code = EXIT_USAGE

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"发现 {len(self.problems)} 处问题")

    def render(self) -> str:
        return "\n\n".join(p.render() for p in self.problems) + f"\n\n共 {len(self.problems)} 处问题。"


_FULL = ("磁盘已满", "腾出空间，或用 --out（转写缓存用环境变量 QC_CACHE_DIR）换一个位置。")
_FORBIDDEN = ("没有权限", "检查这个位置的读写权限，或换一个位置。")
_GONE = ("文件或目录不见了", "可能被移走、删除，或网络盘断开了；恢复之后再试。")
_BROKEN = ("磁盘或网络盘出错", "检查磁盘与网络盘的连接，恢复之后再试。")
_REFUSALS = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: ("磁盘配额已满", _FULL[1]),
    errno.EFBIG: ("文件大小超过限制", "放宽 ulimit -f，或用 --out 换一个位置。"),
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.EROFS: ("这个位置是只读的", _FORBIDDEN[1]),
    **dict.fromkeys((errno.ENOENT, errno.ENOTDIR), _GONE),
    **dict.fromkeys((errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTDOWN), _BROKEN),
    **dict.fromkeys((errno.ENOLCK, errno.EOPNOTSUPP), ("文件系统不支持锁", "换一个支持文件锁的位置。")),
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), ("打开的文件太多", "放宽 ulimit -n，或减少 --workers。")),
    **dict.fromkeys((errno.EAGAIN, errno.EBUSY, errno.ETXTBSY), ("正被别的进程占用", "等它结束之后再试。")),
    errno.EISDIR: ("这是一个目录，不是文件", "换一个文件名，或先移走这个目录。"),
    errno.EEXIST: ("这里已经有一个文件", "换一个名字，或先移走它。"),
    errno.ENOTEMPTY: ("目录不是空的", "换一个目录，或先移走里面的文件。"),
    errno.ELOOP: ("这是一个不跟随的链接，或链接成环", "换成真正的文件或目录。"),
    errno.ENAMETOOLONG: ("名字太长", "换一个短一些的名字。"),
}


def refusal(error: OSError) -> str:
    """What the operating system refused, in Chinese; in its own words (English) where we have none."""
    return _REFUSALS.get(error.errno or 0, (error.strerror or type(error).__name__, ""))[0]


def remedy(error: OSError) -> str:
    """What to do about it."""
    return _REFUSALS.get(error.errno or 0, ("", "检查磁盘与目录的权限。"))[1]


def unreadable(error: OSError) -> str:
    """Why a file of the input could not be read and what to do: one sentence without its stop."""
    return f"文件读不了：{refusal(error)}；{remedy(error).rstrip('。')}"


def origin(error: BaseException) -> str:
    """Module and line that raised `error`: all that is told of an unforeseen one, for its text may quote a customer."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"


def display_width(text: str) -> int:
    """Terminal cells taken by `text`: wide and full-width characters count two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
