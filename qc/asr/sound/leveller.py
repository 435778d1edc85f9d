"""Brings every voice to the level at which speech detection was trained, before it is asked.

The detector hears loudness: on telephone-band speech it finds 99.8 % of the speech at a usual level, 95 % when that is
12 dB softer and 17 % when it is 26 dB softer (bench/speech/detection.py). So the mains hum below the telephone band is
taken away and the gain follows the loudest sound near by. Only detection hears this; recogniser and levels get the
recording as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from qc.asr.sound.audio import RATE, Samples

FRAME = 512
"""Samples per level: 32 ms, as long as a frame of the detector."""
CHUNK = 254 * FRAME
"""Samples worked on at once, 8.1 s: with the filter's tail just under 2^17, which suits its Fourier transform. The gain
of a chunk takes the next one into account."""
LOWEST_HZ = 220
"""Below are 50 Hz, its strongest harmonics and a constant offset, and nothing that a telephone transmits."""
TARGET_DB = -23.0
FLOOR_DB = -75.0
"""What is softer counts as this loud: no gain above 52 dB."""
DECAY_DB = 6.0 * FRAME / RATE
"""How fast the gain recovers, per frame: 6 dB a second, before and after a loud sound. Slower, and the quiet party of a
call disappears behind the loud one; faster, and hum and hiss swell in every pause."""
TONAL = 0.95
"""A frame with this share of its power around two frequencies is a tone or a key press: it dampens itself, but not the
soft 喂 that follows a loud ring-back tone."""
STEADY = 6
STEADY_DB = 1.0
"""A tone of at least six frames (0.2 s) whose pitch and level stay is silenced: after one the detector is deaf for
0.3 s. A hummed 嗯 moves more than that."""
_TAPS = 511


class Leveller:
    """Feed blocks in order; whole chunks come out, the same whatever the size of the blocks."""

    def __init__(self, channels: int) -> None:
        self._filter = _high_pass()
        self._pending = np.zeros((channels, _TAPS - 1 - _TAPS // 2), np.float32)  # the filter's past, then what came
        self._waiting: tuple[Samples, _Levels] | None = None
        self._reach = np.full(channels, FLOOR_DB)  # how loud the past still is

    def feed(self, block: Samples) -> Iterator[Samples]:
        """`block`: float32 [channels, n] at 16 kHz. Yields float32 [channels, CHUNK] each."""
        self._pending = np.concatenate([self._pending, block], axis=1)
        while self._pending.shape[1] >= CHUNK + _TAPS - 1:
            yield from self._take(self._pending[:, : CHUNK + _TAPS - 1])
            self._pending = self._pending[:, CHUNK:]

    def rest(self, samples: int) -> Iterator[Samples]:
        """What is left of a recording of `samples` in all, filled up with silence to whole chunks."""
        if not samples:
            return
        missing = -self._pending.shape[1] % CHUNK + 2 * CHUNK
        yield from self.feed(np.zeros((len(self._pending), missing), np.float32))

    def _take(self, taken: Samples) -> Iterator[Samples]:
        size = 1 << 17
        spectrum = np.fft.rfft(taken, size) * self._filter
        chunk = np.fft.irfft(spectrum, size)[:, _TAPS - 1 : _TAPS - 1 + CHUNK].astype(np.float32)
        levels = _Levels(chunk)
        if self._waiting is not None:
            before, own = self._waiting
            yield before * self._gains(own, levels)
        self._waiting = chunk, levels

    def _gains(self, own: _Levels, after: _Levels) -> npt.NDArray[np.float32]:
        """Per sample. The level is the loudest of now and of what was and will be, fading with its distance."""
        fading = DECAY_DB * np.arange(CHUNK // FRAME)
        past = np.maximum.accumulate(np.column_stack([self._reach, own.casting + fading]), axis=1)[:, 1:] - fading
        future = np.concatenate([own.casting - fading, after.casting - fading - DECAY_DB * len(fading)], axis=1)
        future = np.maximum.accumulate(future[:, ::-1], axis=1)[:, ::-1][:, : len(fading)] + fading
        self._reach = past[:, -1] - DECAY_DB
        gain = 10 ** (np.maximum(TARGET_DB - np.maximum(np.maximum(past, future), own.level), 0) / 20)
        return _smooth(np.where(own.steady, 0.0, gain))


class _Levels:
    """Per frame of a chunk in dBFS: `level`, and `casting`, which is FLOOR_DB for tones. `steady`: tones that last."""

    def __init__(self, chunk: Samples) -> None:
        frames = chunk.reshape(len(chunk), -1, FRAME)
        level = np.maximum(10 * np.log10(np.square(frames).mean(axis=2) + 1e-12), FLOOR_DB)
        tonal, pitch = _tones(frames)
        self.level = _wider(level)
        self.casting = np.where(_wider(_lasting(tonal, 2)), FLOOR_DB, level)
        held = tonal[:, 1:] & tonal[:, :-1] & (pitch[:, 1:] == pitch[:, :-1]) & (np.abs(np.diff(level)) < STEADY_DB)
        lasting = _lasting(held, STEADY - 1)
        self.steady = _wider(np.pad(lasting, ((0, 0), (0, 1))) | np.pad(lasting, ((0, 0), (1, 0))))


def _tones(frames: Samples) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.intp]]:
    """[channels, frames]: whether each is nearly all around two frequencies, and the bin of the stronger."""
    power = np.square(np.abs(np.fft.rfft(frames * np.hanning(FRAME).astype(np.float32))))
    whole = power.sum(axis=2)
    strongest = power.argmax(axis=2)
    for _ in range(2):
        around = power.argmax(axis=2)[..., None] + np.arange(-2, 3)
        np.put_along_axis(power, np.clip(around, 0, power.shape[2] - 1), 0, axis=2)
    return power.sum(axis=2) + 1e-12 < (1 - TONAL) * whole, strongest


def _lasting(flags: npt.NDArray[np.bool_], least: int) -> npt.NDArray[np.bool_]:
    """What stands in rows of at least `least`."""
    out = np.zeros_like(flags)
    for row, own in zip(flags, out, strict=True):
        edges = np.flatnonzero(np.diff(np.concatenate([[False], row, [False]])))
        for start, end in edges.reshape(-1, 2).tolist():
            own[start:end] = end - start >= least
    return out


def _wider(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The greatest of each frame and its two neighbours."""
    padded = np.pad(values, ((0, 0), (1, 1)), mode="edge")
    wide: npt.NDArray[Any] = np.maximum(np.maximum(padded[:, :-2], padded[:, 1:-1]), padded[:, 2:])
    return wide


def _smooth(gain: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Gain per frame → gain per sample, without steps inside the chunk."""
    edges = np.concatenate([gain[:, :1], (gain[:, 1:] + gain[:, :-1]) / 2, gain[:, -1:]], axis=1)
    share = np.arange(FRAME) / FRAME
    return (edges[:, :-1, None] * (1 - share) + edges[:, 1:, None] * share).reshape(len(gain), -1).astype(np.float32)


def _high_pass() -> npt.NDArray[np.complex128]:
    """Spectrum of a linear-phase windowed-sinc high-pass: a unit impulse less a low-pass of the same length."""
    at = np.arange(_TAPS) - _TAPS // 2
    low = np.sinc(2 * LOWEST_HZ / RATE * at) * np.blackman(_TAPS)
    impulse = (at == 0).astype(np.float64)
    return np.fft.rfft(impulse - low / low.sum(), 1 << 17)
