"""The one door to RE2: linear-time regular expressions over a shard's UTF-8 buffer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from qc.errors import UsageError
from qc.text.regex_reason import Reason, reason

_MAX_MEMORY, _OUR_MEMORY = 16 << 20, 32 << 20
"""Bytes RE2 may use for one expression of a rule, and for one of ours, which are larger; beyond it, it gets some fifty
times slower, never wrong."""


class RegexError(UsageError):
    """An expression RE2 refuses; `at` is the character of it, from 0, that the trouble is at."""

    def __init__(self, why: Reason) -> None:
        super().__init__(f"正则表达式有误：{why.message}", why.hint)
        self.at = why.at


class Pattern:
    """A compiled expression. Offsets are bytes of the buffer; a negated class such as [^，] crosses line feeds.

    With `by_turn` every line of the buffer is a text of its own: no match contains a line feed, ^ and $ are a line's
    ends, case does not matter, and groups are not kept (so `named` yields nothing).
    """

    __slots__ = ("_regexp", "source")

    def __init__(self, source: str, *, by_turn: bool = False) -> None:
        import re2

        options = re2.Options()
        options.never_nl = by_turn
        options.never_capture = by_turn
        options.log_errors = False
        options.max_mem = _MAX_MEMORY if by_turn else _OUR_MEMORY
        try:
            re2.compile(source, options)  # first on its own, for (?mi:…) would hide an unmatched parenthesis
            self._regexp: Any = re2.compile(f"(?mi:{source})" if by_turn else source, options)
        except re2.error as error:
            said = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
            raise RegexError(reason(source, said)) from None
        self.source = source

    @property
    def size(self) -> int:
        """Instructions of the compiled program: time and memory grow with it."""
        return int(self._regexp.programsize)

    def spans(self, buffer: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
        """Non-empty, non-overlapping matches from left to right as (first byte, end byte)."""
        for match in self._regexp.finditer(buffer, start, end):
            span: tuple[int, int] = match.span()
            if span[1] > span[0]:
                yield span

    def named(self, buffer: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[str, int, int]]:
        """Like `spans`, for an alternation of named groups: (name of the group that matched, first byte, end byte)."""
        names = {index: name for name, index in self._regexp.groupindex.items()}
        for match in self._regexp.finditer(buffer, start, end):
            for index, name in names.items():
                first, last = match.span(index)
                if last > first:
                    yield name, first, last
                    break

    def matches_empty(self, buffer: bytes) -> bool:
        """Whether it matches the empty text somewhere in the buffer."""
        return any(match.start() == match.end() for match in self._regexp.finditer(buffer))

    def search(self, buffer: bytes, start: int = 0, end: int | None = None) -> bool:
        """Whether it matches anywhere in the part."""
        return self._regexp.search(buffer, start, end) is not None


@lru_cache(maxsize=2048)
def compile_pattern(source: str, *, by_turn: bool = False) -> Pattern:
    """Compile `source`, once per process. Raises RegexError (Chinese, with place) when it is not valid RE2."""
    return Pattern(source, by_turn=by_turn)
