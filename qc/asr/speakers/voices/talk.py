"""Who speaks when on one channel: from the windows handed to the recogniser, without reading the recording again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

import numpy as np

from qc.asr.engines.transcriber import Piece, Window
from qc.asr.sound.audio import RATE
from qc.asr.sound.detect import Span
from qc.asr.speakers.voices.cluster import tell_apart
from qc.asr.speakers.voices.encoder import SIZE, Floats, embed

STRETCH, STEP = RATE, RATE // 2
"""A piece of speech is heard through windows of 1 s every 0.5 s: longer ones mix quick answers with what they answer
(confusion of rapid exchanges 13 % with 1.5 s, 6 % with 1 s), shorter ones say too little of a voice."""
HARDLY_ANY = RATE
"""Speech on all other channels together under 1 s is a click or a leak."""
SHORTEST = round(0.3 * RATE)
"""Shorter pieces (嗯, a click) are not listened to: nobody's."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """From `start_ms` to `end_ms` voice `speaker` speaks; None: one of them, nobody can tell which."""

    start_ms: int
    end_ms: int
    speaker: int | None


@dataclass(frozen=True, slots=True)
class _Stretch:
    piece: int
    start: int  # samples from the start of the recording
    end: int


def shared_channel(spans: Sequence[Sequence[Span]]) -> int | None:
    """The channel that several may share: the only one with speech of all recorded ones. None: each has its own."""
    speech = [sum(span.end - span.start for span in own) for own in spans]
    most = max(range(len(speech)), key=lambda i: speech[i], default=0)
    rest = sum(speech) - speech[most] if speech else 0
    return most if speech and speech[most] > 0 and rest < HARDLY_ANY else None


class VoiceListener:
    """Feed the windows of a recording in order, then ask. Memory: 1 KB per half second of speech on `channel`."""

    def __init__(self, channel: int | None) -> None:
        self.channel = channel
        self._pieces: list[Piece] = []
        self._stretches: list[_Stretch] = []
        self._embeddings: list[Floats] = []

    def feed(self, windows: Sequence[Window]) -> None:
        """Windows of other channels are passed over."""
        samples = []
        for window in windows:
            if window.audio_channel != self.channel:
                continue
            for piece in window.pieces:
                for first, last in _stretches(piece.length):
                    self._stretches.append(_Stretch(len(self._pieces), piece.start + first, piece.start + last))
                    samples.append(window.samples[piece.offset + first : piece.offset + last])
                self._pieces.append(piece)
        self._embeddings.append(embed(samples))

    def spoken(self) -> list[Spoken]:
        """All speech in order of time, voices counted from 0 in order of their first word; empty where only one voice
        is heard."""
        embeddings = np.concatenate([np.zeros((0, SIZE), np.float32), *self._embeddings])
        seconds = np.array([(s.end - s.start) / RATE for s in self._stretches], np.float32)
        labels = tell_apart(embeddings, seconds, [s.piece for s in self._stretches])
        numbers = {label: i for i, label in enumerate(dict.fromkeys(v for v in labels.tolist() if v >= 0))}
        if len(numbers) < 2:
            return []
        out: list[Spoken] = []
        by_piece: dict[int, list[int]] = {}
        for i, stretch in enumerate(self._stretches):
            by_piece.setdefault(stretch.piece, []).append(i)
        for number, piece in enumerate(self._pieces):
            out += self._within(piece, [(i, numbers.get(int(labels[i]))) for i in by_piece.get(number, ())])
        return sorted(out, key=lambda s: (s.start_ms, s.end_ms))

    def _within(self, piece: Piece, heard: Sequence[tuple[int, int | None]]) -> list[Spoken]:
        """The runs of one voice in a piece; they change half-way between the middles of two stretches."""
        if not heard:
            return [Spoken(piece.start * 1000 // RATE, (piece.start + piece.length) * 1000 // RATE, None)]
        middles = [(self._stretches[i].start + self._stretches[i].end) // 2 for i, _ in heard]
        turns = [i for i in range(1, len(heard)) if heard[i - 1][1] != heard[i][1]]
        changes = [(middles[i - 1] + middles[i]) // 2 for i in turns]
        speakers = [heard[i][1] for i in (0, *turns)]
        bounds = [piece.start, *changes, piece.start + piece.length]
        return [
            Spoken(a * 1000 // RATE, b * 1000 // RATE, speaker)
            for (a, b), speaker in zip(pairwise(bounds), speakers, strict=True)
        ]


def _stretches(length: int) -> list[tuple[int, int]]:
    """First and last sample of the stretches of a piece, evenly spread over it."""
    if length < SHORTEST:
        return []
    if length <= STRETCH:
        return [(0, length)]
    steps = ceil((length - STRETCH) / STEP)
    starts = [round(i * (length - STRETCH) / steps) for i in range(steps + 1)]
    return [(start, start + STRETCH) for start in starts]
