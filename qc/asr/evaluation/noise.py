"""How noisy a channel is, without knowing where speech is.

As the quick estimate of NIST's `stnr`: speech is as loud as the loudest frames, noise as the softest. Frames of 20 ms;
the 95th percentile of their levels stands for speech, less the 5 dB by which it lies above the mean level of speech;
the 10th percentile for noise. A channel of a call is silent half of the time, so that its softest frames are its noise.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from qc.asr.sound.audio import RATE, Samples

FRAME = RATE // 50
LOUD, SOFT = 95, 10
"""Percentiles."""
ABOVE_MEAN_DB = 5.0
"""How far the 95th percentile of frame levels lies above the mean level of speech: measured 4–6 dB. With it the
estimate is right within 2 dB for speech in white noise at 0–30 dB, dense or half silent."""
DIGITAL_SILENCE = 1e-10
"""Mean power below −100 dBFS."""


def signal_to_noise(blocks: Iterable[Samples]) -> list[float]:
    """The estimated signal-to-noise ratio of each channel of a recording, in dB. `blocks`: float32 [channels, n]."""
    powers: list[list[Samples]] = []
    for block in blocks:
        powers = powers or [[] for _ in block]
        whole = block.shape[1] // FRAME * FRAME
        frames = block[:, :whole].reshape(len(block), -1, FRAME)
        for own, power in zip(powers, np.square(frames, dtype=np.float64).mean(axis=2), strict=True):
            own.append(power.astype(np.float32))
    return [_ratio(np.concatenate(own)) if own else 0.0 for own in powers]


def _ratio(power: Samples) -> float:
    if not len(power):
        return 0.0
    levels = 10 * np.log10(np.maximum(power, DIGITAL_SILENCE))
    loud, soft = np.percentile(levels, [LOUD, SOFT])
    return round(max(float(loud - ABOVE_MEAN_DB - soft), 0.0), 1)
