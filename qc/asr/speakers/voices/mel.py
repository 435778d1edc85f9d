"""Sound → the 40 mel bands the voice encoder was trained on.

Power (not logarithm) spectrum of a periodic Hann window of 25 ms every 10 ms, zeros before and behind, Slaney's mel
scale and area normalisation from 0 to 8 kHz: `librosa.feature.melspectrogram(sr=16000, n_fft=400, hop_length=160,
n_mels=40)`, to which it is equal within float32.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from qc.asr.sound.audio import RATE, Samples

BANDS = 40
HOP = RATE // 100
"""Samples per frame: 10 ms."""
_WINDOW = 400


def mel(samples: Samples) -> npt.NDArray[np.float32]:
    """float32 [n] at 16 kHz → power per band, float32 [1 + n // HOP, BANDS]; frame i is centred on sample i · HOP."""
    padded = np.pad(samples, _WINDOW // 2)
    count = 1 + len(samples) // HOP
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[: (count - 1) * HOP + 1 : HOP]
    window, filters = _tables()
    spectrum = np.fft.rfft(frames * window, axis=1)
    return np.asarray((spectrum.real**2 + spectrum.imag**2) @ filters, np.float32)


@cache
def _tables() -> tuple[Samples, npt.NDArray[np.float32]]:
    """The window, and the weights of each frequency in each band [201, BANDS]."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW)
    edges = _hertz(np.linspace(0, _mels(RATE / 2), BANDS + 2))
    frequencies = np.linspace(0, RATE / 2, _WINDOW // 2 + 1)
    rising = (frequencies[:, None] - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - frequencies[:, None]) / np.diff(edges)[1:]
    filters = np.maximum(0, np.minimum(rising, falling)) * 2 / (edges[2:] - edges[:-2])
    return window.astype(np.float32), filters.astype(np.float32)


_BREAK_HZ = 1000.0
"""Slaney's scale is linear below and logarithmic above."""
_PER_MEL = 200 / 3
_LOG_STEP = np.log(6.4) / 27


def _mels(hertz: float) -> float:
    return float(_BREAK_HZ / _PER_MEL + np.log(hertz / _BREAK_HZ) / _LOG_STEP)


def _hertz(mels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    above = mels - _BREAK_HZ / _PER_MEL
    return np.where(above > 0, _BREAK_HZ * np.exp(_LOG_STEP * np.maximum(above, 0)), mels * _PER_MEL)
