"""Speech spans → windows of some 16 s for the recogniser, and its phrases back to the recording's own time.

Stock whisper reads 30 s at a time, however little speech is in them: on a call channel that is silent half of the time,
packing the speech together halves the work. Long pauses shrink to 0.3 s, short ones stay as they are, and after one
of 10 s a new window begins. Speech without a pause stands alone, up to the 25 s at which detection cuts it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from qc.asr.engines.transcriber import HeardWord, Phrase, Piece, Window
from qc.asr.sound.audio import RATE, Samples
from qc.asr.sound.detect import Span
from qc.domain.conversation import Word
from qc.domain.recording import Segment

WINDOW = 16 * RATE
"""Attention costs the square of the length: half of whisper's 30 s saves 15 to 26 % of all work. Measured on dev with
three engines: the character error rate of windows of 29, 20 and 16 s is the same within chance."""
GAP = round(0.3 * RATE)
FAR = 10 * RATE
"""A pause after which a new window begins. The recogniser at times puts the first word behind a pause at the end of the
sentence before it: over a hold it would stand minutes too early, in another turn."""
PAD = round(0.15 * RATE)
"""Audio kept on both sides of a span: detectors clip soft beginnings and endings."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """A window to be filled: audio copied from the recording is `copies`: (offset, start, length) in samples."""

    pieces: tuple[Piece, ...]
    copies: tuple[tuple[int, int, int], ...]
    length: int


def windows(blocks: Iterable[Samples], spans: Sequence[Sequence[Span]]) -> Iterator[Window]:
    """The windows of a recording, each as soon as the blocks (float32 [channels, n], from the start) have filled it.

    `spans[i]`: the speech of channel i, in order. Memory: the windows not yet handed over.
    """
    waiting = [(channel, plan) for channel, own in enumerate(spans) for plan in _plans(own)]
    waiting.sort(key=lambda w: (w[1].pieces[-1].start + w[1].pieces[-1].length, w[0]))
    filled: dict[int, Samples] = {}
    at = 0
    done = 0
    for block in blocks:
        end = at + block.shape[1]
        for i in range(done, len(waiting)):
            channel, plan = waiting[i]
            for offset, start, length in plan.copies:
                a, b = max(start, at), min(start + length, end)
                if a < b:
                    buffer = filled.setdefault(i, np.zeros(plan.length, np.float32))
                    buffer[offset + a - start : offset + b - start] = block[channel, a - at : b - at]
        at = end
        while done < len(waiting) and _last_sample(waiting[done][1]) <= at:
            yield _window(waiting[done], filled.pop(done))
            done += 1
    for i in range(done, len(waiting)):  # padding behind the last sample of the recording
        if i in filled:
            yield _window(waiting[i], filled.pop(i))


def place(window: Window, phrases: Sequence[Phrase]) -> list[Segment]:
    """Phrases in window time → segments in recording time. A phrase belongs to the piece it overlaps most, and its
    words with it."""
    out = []
    for phrase in phrases:
        piece = max(window.pieces, key=lambda p: min(phrase.end, p.offset + p.length) - max(phrase.start, p.offset))
        start = _ms(phrase.start, piece)
        words = tuple(_word(w, piece) for w in phrase.words)
        out.append(
            Segment(
                start_ms=start,
                end_ms=max(_ms(phrase.end, piece), start),
                text=phrase.text,
                confidence=phrase.confidence,
                words=words,
            )
        )
    return out


def _word(word: HeardWord, piece: Piece) -> Word:
    return Word(start=word.first, end=word.last, start_ms=_ms(word.start, piece), end_ms=_ms(word.end, piece))


def _ms(sample: int, piece: Piece) -> int:
    """A sample of the window → milliseconds of the recording; what lies outside the piece, at its border."""
    return (min(max(sample - piece.offset, 0), piece.length) + piece.start) * 1000 // RATE


def part(window: Window, first: int, last: int) -> tuple[Window, int]:
    """The pieces `first`..`last` (inclusive) of a window as a window of their own, and the sample where it begins."""
    pieces = window.pieces[first : last + 1]
    begin = max(pieces[0].offset - PAD, 0)
    end = min(pieces[-1].offset + pieces[-1].length + PAD, len(window.samples))
    moved = tuple(replace(p, offset=p.offset - begin) for p in pieces)
    return Window(audio_channel=window.audio_channel, samples=window.samples[begin:end], pieces=moved), begin


def rest(window: Window, piece: int, begin: int) -> tuple[Window, int]:
    """One piece of a window from sample `begin` on, as a window of its own, and `begin`."""
    own = window.pieces[piece]
    end = min(own.offset + own.length + PAD, len(window.samples))
    said = begin - own.offset
    left = Piece(offset=0, start=own.start + said, length=own.length - said)
    return Window(audio_channel=window.audio_channel, samples=window.samples[begin:end], pieces=(left,)), begin


def _plans(spans: Sequence[Span]) -> Iterator[_Plan]:
    pieces: list[Piece] = []
    copies: list[tuple[int, int, int]] = []
    length = 0
    for i, span in enumerate(spans):
        before = PAD if i == 0 else min(PAD, (span.start - spans[i - 1].end) // 2)
        after = PAD if i + 1 == len(spans) else min(PAD, (spans[i + 1].start - span.end) // 2)
        begin = max(span.start - before, 0)
        size = span.end + after - begin
        pause = 0 if not copies else min(begin - copies[-1][1] - copies[-1][2], GAP)
        far = i > 0 and span.start - spans[i - 1].end >= FAR
        if copies and (far or length + pause + size > WINDOW):
            yield _Plan(tuple(pieces), tuple(copies), length)
            pieces, copies, length, pause = [], [], 0, 0
        offset = length + pause
        copies.append((offset, begin, size))
        pieces.append(Piece(offset=offset + span.start - begin, start=span.start, length=span.end - span.start))
        length = offset + size
    if pieces:
        yield _Plan(tuple(pieces), tuple(copies), length)


def _last_sample(plan: _Plan) -> int:
    _, start, length = plan.copies[-1]
    return start + length


def _window(waiting: tuple[int, _Plan], samples: Samples) -> Window:
    channel, plan = waiting
    return Window(audio_channel=channel, samples=samples, pieces=plan.pieces)
