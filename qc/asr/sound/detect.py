"""Speech detection: each audio channel in blocks, levelled, heard by Silero VAD, cut into stretches of speech."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

import numpy as np
import numpy.typing as npt

from qc.asr.sound.audio import RATE, Samples
from qc.asr.sound.leveller import FRAME, Leveller
from qc.asr.sound.silero import LEAST, SURE, THRESHOLD, Listener


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechOptions:
    """Speech begins at a probability of `threshold` and ends after `min_silence_s` below `threshold - 0.15`.
    Stretches under `min_speech_s` are dropped; those over `max_speech_s` are cut where speech is least likely."""

    threshold: float = THRESHOLD
    min_silence_s: float = 0.3
    min_speech_s: float = 0.2
    max_speech_s: float = 25.0


@dataclass(frozen=True, slots=True)
class Span:
    """Speech from sample `start` to `end` (exclusive) at 16 kHz."""

    start: int
    end: int


class SpeechDetector:
    """Feed blocks in order, then ask for `spans`. One detector per recording."""

    def __init__(self, channels: int) -> None:
        self._leveller = Leveller(channels)
        self._listeners = [Listener() for _ in range(channels)]
        self.samples = 0

    def feed(self, block: Samples) -> None:
        """`block`: float32 [channels, n] at 16 kHz."""
        self.samples += block.shape[1]
        for chunk in self._leveller.feed(block):
            self._hear(chunk)

    def spans(self, options: SpeechOptions) -> list[tuple[Span, ...]]:
        """Speech of each channel, after the last block."""
        for chunk in self._leveller.rest(self.samples):
            self._hear(chunk)
        return [tuple(self._found(listener, options)) for listener in self._listeners]

    def _found(self, listener: Listener, options: SpeechOptions) -> Iterable[Span]:
        """Speech of one channel, but for what came out at a second hearing only and is not beyond doubt."""
        probabilities, first = listener.probabilities, listener.first
        for span in find_spans(probabilities[: ceil(self.samples / FRAME)], self.samples, options):
            own = slice(span.start // FRAME, ceil(span.end / FRAME))
            if first[own].max() >= options.threshold or (probabilities[own] >= SURE).sum() >= LEAST:
                yield span

    def _hear(self, chunk: Samples) -> None:
        for listener, own in zip(self._listeners, chunk, strict=True):
            listener.hear(own)


def find_spans(probabilities: npt.NDArray[np.float32], samples: int, options: SpeechOptions) -> Iterable[Span]:
    """Hysteresis over one probability per FRAME samples → spans in samples, in order, not touching each other."""
    high = probabilities >= options.threshold
    low = probabilities < max(options.threshold - 0.15, 0.01)
    min_silence = ceil(options.min_silence_s * RATE / FRAME)
    spans: list[list[int]] = []  # frames
    speaking = False
    silence_from = -1
    for i in np.flatnonzero(high | low).tolist():
        if high[i]:
            if not speaking:
                spans.append([i, len(probabilities)])
                speaking = True
            silence_from = -1
        elif speaking:
            silence_from = i if silence_from < 0 else silence_from
            if i - silence_from >= min_silence:
                spans[-1][1] = silence_from
                speaking = False
                silence_from = -1
    if speaking and silence_from >= 0:
        spans[-1][1] = silence_from
    for start, end in spans:
        for a, b in _cut(start, end, probabilities, round(options.max_speech_s * RATE / FRAME)):
            if (b - a) * FRAME >= options.min_speech_s * RATE:
                yield Span(a * FRAME, min(b * FRAME, samples))


def _cut(start: int, end: int, probabilities: npt.NDArray[np.float32], longest: int) -> Iterable[tuple[int, int]]:
    """Cuts a stretch that is too long at the least likely frame of the second half of what fits."""
    while end - start > longest:
        half = start + longest // 2
        at = half + int(np.argmin(probabilities[half : start + longest]))
        yield start, at
        start = at
    yield start, end
