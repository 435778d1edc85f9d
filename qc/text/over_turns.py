"""Items told over several turns: a number dictated piece by piece, a code spelt out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qc.text.asked import Questions
from qc.text.dictated_turns import DICTATED, MAX_CHARS, Piece
from qc.text.dictation import dictated
from qc.text.regex import compile_pattern
from qc.text.shard import Shard
from qc.text.spans import CODE, Span, span_in
from qc.text.spelling import told_in_turns


def told_over_turns(shard: Shard) -> Iterator[Span]:
    """The pieces of such items, whoever says them: also what the other side repeats."""
    yield from _dictated(shard)
    for part in told_in_turns(shard):
        first = int(shard.byte_start[part.turn])
        yield span_in(first, shard.normalised(part.turn), part.start, part.end, CODE[part.type], False)


def _dictated(shard: Shard) -> Iterator[Span]:
    buffer = shard.buffer
    fits: dict[tuple[int, int], str] = {}
    for how, pattern in DICTATED.items():
        for line in compile_pattern(pattern).spans(buffer):
            if how == "bare" or line[1] - line[0] <= 3 * MAX_CHARS:
                fits.setdefault(line, how)
    lines = sorted(fits)
    at = np.searchsorted(shard.byte_start, np.array([start for start, _ in lines], np.int64), side="right") - 1
    speakers = zip(shard.conversation[at].tolist(), shard.role[at].tolist(), strict=True)
    pieces = [
        Piece(turn=turn, speaker=speaker, text=buffer[start:end].decode(), how=fits[start, end])
        for turn, speaker, (start, end) in zip(at.tolist(), speakers, lines, strict=True)
    ]
    answers = frozenset(piece.turn for piece in pieces if piece.how == "bare")
    for part in dictated(pieces, Questions(shard, answers).before):
        start, text = lines[part.piece][0], pieces[part.piece].text
        yield span_in(start, text, part.start, part.end, CODE[part.type], part.valid)
