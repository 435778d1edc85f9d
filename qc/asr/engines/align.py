"""Which stretch of speech each character was heard in, from what the decoder looked at while writing it.

Whisper's own timestamps are good to about a second and know nothing of the pauses that packing removed. The borders
of detected speech are good to 30 ms. So a character goes to the piece of speech that holds most of its attention,
pieces in order, and the piece lends it its times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qc.asr.engines.transcriber import HeardWord, Phrase, Piece
from qc.asr.sound.audio import RATE, Samples

FRAME = RATE // 50
"""Samples per attention frame: 20 ms."""
_SMOOTHED = 7
"""Frames over which attention is smoothed, as whisper.timing does."""


@dataclass(frozen=True, slots=True)
class Unit:
    """The smallest text that whole tokens spell, mostly one character. `segment` counts whisper's own segments,
    which begin at sample `segment_start` of the window; `attention`: float32 [frames]."""

    text: str
    logprobs: tuple[float, ...]
    attention: Samples
    segment: int
    segment_start: int


def phrases(units: Sequence[Unit], pieces: Sequence[Piece], word_times: bool = False) -> list[Phrase]:
    """Units → phrases: a new one for each piece of speech and for each of whisper's segments inside it. With
    `word_times`, each has the times of its words: characters, or what a token spells (我们, WiFi)."""
    if not units:
        return []
    owner = assign(np.stack([u.attention for u in units]), pieces)
    groups: list[list[int]] = []
    begin = 0  # of the last group, in samples
    for i, unit in enumerate(units):
        last = groups[-1][-1] if groups else -1
        mark = not any(c.isalnum() for c in unit.text)  # a mark ends what came before, wherever it was looking
        piece = pieces[owner[i]]
        # whisper's own border counts where it lies inside the speech: often it does not
        inside = begin < unit.segment_start < piece.offset + piece.length
        same = bool(groups) and owner[last] == owner[i]
        if groups and (mark or (same and (units[last].segment == unit.segment or not inside))):
            owner[i] = owner[last]
            groups[-1].append(i)
        else:
            begin = unit.segment_start if same else piece.offset
            groups.append([i])
    out: list[Phrase] = []
    for n, group in enumerate(groups):
        own = owner[group[0]]
        piece = pieces[own]
        end = piece.offset + piece.length
        start = piece.offset
        if n and owner[groups[n - 1][0]] == own:
            start = out[-1].end
        if n + 1 < len(groups) and owner[groups[n + 1][0]] == own:
            end = min(max(units[groups[n + 1][0]].segment_start, start), end)
        text = "".join(units[i].text for i in group)
        logprobs = [p for i in group for p in units[i].logprobs]
        confidence = min(float(np.exp(np.mean(logprobs))), 1.0)  # rounding must not make it more
        words = _words([units[i] for i in group], start, end) if word_times else ()
        out.append(Phrase(start=start, end=end, text=text, confidence=confidence, words=words))
    return out


def _words(units: Sequence[Unit], start: int, end: int) -> tuple[HeardWord, ...]:
    """The words of a phrase heard in samples `start`..`end`, which they fill without a gap. Marks are none."""
    first = start // FRAME
    last = max(-(-end // FRAME), first + 1)
    spoken = [i for i, unit in enumerate(units) if any(c.isalnum() for c in unit.text)]
    if not spoken:
        return ()
    looks = np.stack([units[i].attention[first:last] for i in spoken])
    edges = [min(max((first + f) * FRAME, start), end) for f in borders(looks)] + [end]
    edges[0] = start
    out: list[HeardWord] = []
    at = 0
    for i, unit in enumerate(units):
        if i in spoken:
            n = spoken.index(i)
            begin = at + len(unit.text) - len(unit.text.lstrip())
            word = HeardWord(begin, at + len(unit.text.rstrip()), edges[n], edges[n + 1])
            joins = out and out[-1].last == begin and units[i].text.isascii() and units[spoken[n - 1]].text.isascii()
            if joins:
                word = HeardWord(out[-1].first, word.last, out.pop().start, word.end)
            out.append(word)
        at += len(unit.text)
    return tuple(out)


def borders(attention: Samples) -> list[int]:
    """The frame at which each unit (`attention`: [units, frames]) begins, when every frame belongs to one of them and
    they follow each other: the cut with the greatest sum of attention, compared with what the others look at (as
    dynamic time warping in whisper.timing). More units than frames share frames."""
    units, frames = attention.shape
    if units > frames:
        return [i * frames // units for i in range(units)]
    score = (attention - attention.mean(0)) / (attention.std(0) + 1e-6)
    width = min(_SMOOTHED, frames)
    padded = np.pad(score, ((0, 0), (width // 2, width - 1 - width // 2)), mode="edge")
    score = np.median(np.lib.stride_tricks.sliding_window_view(padded, width, axis=1), axis=2)
    total = np.concatenate([np.zeros((units, 1)), score.cumsum(1)], axis=1)  # [i, f]: score of unit i before frame f
    come = np.zeros((units, frames + 1), np.int64)  # [i, f]: where unit i began when it ends before frame f
    best = total[0].copy()  # [f]: of the units so far, when the last one ends before frame f
    best[0] = -np.inf
    for i in range(1, units):
        gain = best - total[i]
        reached = np.maximum.accumulate(gain)
        come[i, 1:] = np.maximum.accumulate(np.where(gain >= reached, np.arange(frames + 1), 0))[:-1]
        best = np.full(frames + 1, -np.inf)
        best[1:] = reached[:-1] + total[i, 1:]
    out = [frames]
    for i in range(units - 1, 0, -1):
        out.append(int(come[i, out[-1]]))
    return [0, *out[:0:-1]]


def assign(attention: Samples, pieces: Sequence[Piece]) -> list[int]:
    """Piece of each unit (`attention`: [units, frames]), never falling: the path with the greatest likelihood."""
    edges = [(p.offset // FRAME, max((p.offset + p.length) // FRAME, p.offset // FRAME + 1)) for p in pieces]
    mass = np.stack([attention[:, a:b].sum(1) for a, b in edges], axis=1)
    score = np.log(mass + 1e-3)
    best = np.empty_like(score)
    come = np.zeros(score.shape, np.int64)
    best[0] = score[0]
    for i in range(1, len(score)):
        come[i] = _running_argmax(best[i - 1])
        best[i] = score[i] + best[i - 1][come[i]]
    path = [int(best[-1].argmax())]
    for i in range(len(score) - 1, 0, -1):
        path.append(int(come[i][path[-1]]))
    return path[::-1]


def _running_argmax(values: Samples) -> list[int]:
    """Index of the greatest of values[: j + 1], for each j."""
    out: list[int] = []
    for j, value in enumerate(values):
        out.append(j if j == 0 or value >= values[out[-1]] else out[-1])
    return out
