"""How loud: the level of a stretch of a recording in dBFS.

dBFS here is 20·log10(RMS) of the decoded samples, where full scale is 1.0: a square wave at full scale has 0 dBFS, a
sine −3.01 (the convention of IEC 61606-3 would call that sine 0). Nothing is weighted by frequency and nothing
calibrated: levels compare turns of one recorder, not recorders.
"""

from __future__ import annotations

from dataclasses import replace
from math import log10

import numpy as np
import numpy.typing as npt

from qc.asr.sound.audio import RATE, Samples
from qc.domain.recording import Segment

FRAME = RATE // 100
"""Samples per measure: 10 ms, which is 16 bytes a second for a stereo call."""
FLOOR_DB = -100.0
"""Digital silence has no logarithm; 16-bit audio ends at −90."""


class LevelMeter:
    """Feed all blocks of a recording in order, then ask for levels."""

    def __init__(self, channels: int) -> None:
        self._pending = np.zeros((channels, 0), np.float32)
        self._powers: list[npt.NDArray[np.float32]] = []

    def feed(self, block: Samples) -> None:
        """`block`: float32 [channels, n] at 16 kHz."""
        samples = np.concatenate([self._pending, block], axis=1)
        whole = samples.shape[1] // FRAME * FRAME
        self._pending = samples[:, whole:]
        frames = samples[:, :whole].reshape(len(samples), -1, FRAME)
        self._powers.append(np.square(frames, dtype=np.float64).mean(axis=2).astype(np.float32))

    def measured(self, channel: int, segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
        """The segments of a channel with their levels, in tenths of a decibel."""
        power = np.concatenate([part[channel] for part in self._powers]) if self._powers else np.zeros(0, np.float32)
        running = np.concatenate(([0.0], np.cumsum(power, dtype=np.float64)))
        last = len(power)
        out = []
        for segment in segments:
            first = min(segment.start_ms // 10, max(last - 1, 0))
            past = min(max(-(-segment.end_ms // 10), first + 1), last)
            mean = float(running[past] - running[first]) / max(past - first, 1)
            out.append(replace(segment, energy_db=decibels(mean)))
        return tuple(out)


def decibels(power: float) -> float:
    """Mean power (1.0 is full scale) in dBFS, in tenths, never below FLOOR_DB.

    >>> decibels(0.5), decibels(0.0)
    (-3.0, -100.0)
    """
    return round(10 * log10(power), 1) if power > 10 ** (FLOOR_DB / 10) else FLOOR_DB
