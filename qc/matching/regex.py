"""regex 正则: linear-time regular expressions over the normalised text."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qc.domain.operators import Regex
from qc.domain.rule import Frame
from qc.matching.context import Context
from qc.matching.evidence import Bools, Evidence, hits
from qc.matching.frame import Selection
from qc.matching.registry import evaluates
from qc.text.regex import Pattern, compile_pattern
from qc.text.shard import Ints

_MAX_EXCLUSIONS = 10_000
"""Matches of `except` looked at in one turn; a turn has more only when it is enormous."""


@evaluates(Regex)
def find_matches(operator: Regex, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """Non-empty matches of the pattern, without those that overlap a match of `exclude`."""
    view = context.text(frame, selection)
    starts, ends = context.matches(view, compile_pattern(operator.pattern, by_turn=True))
    if operator.exclude is not None and len(starts):
        kept = ~_excluded(compile_pattern(operator.exclude, by_turn=True), view.buffer, starts, ends)
        starts, ends = starts[kept], ends[kept]
    spans = view.locate(starts, ends)
    _, whole = context.units(frame, spans)
    found = hits(
        selection.shard.conversation[spans.turn[whole]],
        turn=spans.turn[whole],
        last_turn=spans.last_turn[whole],
        start=spans.start[whole],
        end=spans.end[whole],
    )
    return Evidence(hits=found)


def _excluded(pattern: Pattern, buffer: bytes, starts: Ints, ends: Ints) -> Bools:
    """Whether each span (ordered, disjoint) overlaps a match of `pattern`; matches may overlap each other."""
    out = np.zeros(len(starts), np.bool_)
    row = 0
    while row < len(starts):
        line = buffer.rfind(b"\n", 0, starts[row]) + 1
        line_end = buffer.find(b"\n", starts[row])
        line_end = len(buffer) if line_end < 0 else line_end
        after = int(np.searchsorted(starts, line_end))
        for first, last in _matches_from_everywhere(pattern, buffer, line, line_end, int(ends[after - 1])):
            out[np.searchsorted(ends, first, side="right") : np.searchsorted(starts, last)] = True
        row = after
    return out


def _matches_from_everywhere(
    pattern: Pattern, buffer: bytes, at: int, line_end: int, stop: int
) -> Iterator[tuple[int, int]]:
    """The match from each place of a line that has one and lies before `stop`: one match must not hide another."""
    for _ in range(_MAX_EXCLUSIONS):
        span = next(pattern.spans(buffer, at, line_end), None)
        if span is None or span[0] >= stop:
            return
        yield span
        at = span[0] + 1
        while at < line_end and buffer[at] & 0xC0 == 0x80:  # on to the next character
            at += 1
