"""Cross-talk: what leaks from one channel of a call into another is not said there, and must not be heard there.

A leak is a softer, later copy: through an earpiece, a hybrid, two wires side by side. Where there is one, the levels of
the bands of the receiving channel follow those of the source after one delay at one distance, as long as the source
speaks; that is looked for once per recording and pair of channels. A stretch of detected speech that is no louder than
the leak would be there is taken away; speech of the channel's own stands out of the leak, also while both talk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qc.asr.sound.audio import RATE, Samples
from qc.asr.sound.detect import Span

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

FRAME = 256
"""Samples per measure: 16 ms."""
BANDS = 8
LOWEST_HZ, HIGHEST_HZ = 300, 3400
"""What a telephone line lets through, in BANDS of equal ratio."""
LATEST = 16
"""Delays looked at, in frames: 0 to 256 ms."""
SOFTER_DB = 6.0
"""A copy is at least so much below its source."""
ALIKE = 0.4
"""The mean correlation of the bands' levels from which on it is a copy."""
ENOUGH = round(3 * RATE / FRAME)
"""Frames of the source's speech needed to say so: 3 s."""
OWN_DB = 5.0
"""Frames so far above the leak, on average over the bands, are the channel's own."""
AUDIBLE_DB = 4.0
"""A leak less than this above the channel's own noise is not there."""
_SMOOTH = 9
_FLOOR_DB = -100.0


@dataclass(frozen=True, slots=True)
class _Leak:
    """`level` [frames, BANDS]: what reaches the receiving channel, in dB; `audible` [frames]: where that is speech."""

    level: Floats
    audible: Bools


class LeakMeter:
    """Feed all blocks of a recording in order, then ask. Memory: 2 KB per channel and second."""

    def __init__(self, channels: int) -> None:
        self._pending = np.zeros((channels, 0), np.float32)
        self._levels: list[npt.NDArray[np.float16]] = []

    def feed(self, block: Samples) -> None:
        """`block`: float32 [channels, n] at 16 kHz."""
        if len(block) < 2:  # nowhere to leak to
            return
        samples = np.concatenate([self._pending, block], axis=1)
        whole = samples.shape[1] // FRAME * FRAME
        self._pending = samples[:, whole:]
        if not whole:
            return
        frames = samples[:, :whole].reshape(len(samples), -1, FRAME)
        power = np.square(np.abs(np.fft.rfft(frames * np.hanning(FRAME).astype(np.float32), axis=2)))
        edges = np.geomspace(LOWEST_HZ, HIGHEST_HZ, BANDS + 1) * FRAME / RATE
        sums = np.add.reduceat(power, np.round(edges).astype(np.int64), axis=2)[:, :, :BANDS]
        self._levels.append(np.maximum(10 * np.log10(sums + 1e-12), _FLOOR_DB).astype(np.float16))

    def without_leaks(self, spans: Sequence[Sequence[Span]]) -> list[tuple[Span, ...]]:
        """The speech of each channel less what leaked into it from another."""
        if not self._levels:
            return [tuple(own) for own in spans]
        levels = np.concatenate(self._levels, axis=1).astype(np.float32)
        speaks = np.stack([_mask(own, levels.shape[1]) for own in spans])
        out = []
        for target, own in enumerate(spans):
            kept = tuple(own)
            for source in range(len(spans)):
                leak = None if source == target else _leak(levels[source], levels[target], speaks[source])
                if leak is not None:
                    kept = tuple(s for span in kept for s in _own(span, levels[target], leak))
            out.append(kept)
        return out


def _mask(spans: Sequence[Span], frames: int) -> Bools:
    mask = np.zeros(frames, np.bool_)
    for span in spans:
        mask[span.start // FRAME : -(-span.end // FRAME)] = True
    return mask


def _leak(source: Floats, target: Floats, speaks: Bools) -> _Leak | None:
    """What of `source` is heard in `target`, levels [frames, BANDS]; None when nothing follows it."""
    floor = np.percentile(target, 10, axis=0)
    best: tuple[float, Floats] | None = None
    for delay in range(LATEST + 1):
        late, active = _delayed(source, delay, _FLOOR_DB), _delayed(speaks, delay, False)
        softer = active & (target.mean(1) < late.mean(1) - SOFTER_DB)
        if softer.sum() < ENOUGH:
            continue
        # The softest half of the source's speech drowns in the noise of the line first and shows nothing.
        loud = softer & (late.mean(1) > np.median(late[softer].mean(1)))
        alike = _correlation(late[loud], target[loud])
        if best is None or alike > best[0]:
            gain = np.median(target[loud] - late[loud], axis=0)
            best = (alike, np.asarray(late + gain, np.float32))
    if best is None or best[0] < ALIKE:
        return None
    level = best[1]
    level = np.maximum(level, np.maximum(_delayed(level, 1, _FLOOR_DB), _delayed(level[::-1], 1, _FLOOR_DB)[::-1]))
    audible = (level - floor).mean(1) >= AUDIBLE_DB
    return _Leak(np.maximum(level, (floor + AUDIBLE_DB / 2).astype(np.float32)), audible)


def _delayed(values: npt.NDArray[np.generic], frames: int, fill: float) -> npt.NDArray[np.generic]:
    if frames == 0:
        return values
    out = np.full_like(values, fill)
    out[frames:] = values[:-frames]
    return out


def _correlation(one: Floats, other: Floats) -> float:
    """Mean over the bands of the correlation of their levels."""
    a, b = one - one.mean(0), other - other.mean(0)
    scale = np.sqrt((a**2).sum(0) * (b**2).sum(0))
    return float(((a * b).sum(0) / np.maximum(scale, 1e-9)).mean())


_GAP = round(0.4 * RATE / FRAME)
_LEAKED = round(0.25 * RATE / FRAME)
_SHORTEST = round(0.2 * RATE / FRAME)
_PAD = round(0.1 * RATE / FRAME)


def _own(span: Span, level: Floats, leak: _Leak) -> list[Span]:
    """The parts of a span that are the channel's own."""
    first, last = span.start // FRAME, -(-span.end // FRAME)
    above = np.maximum(level[first:last] - leak.level[first:last], 0).mean(1) > OWN_DB
    leaked = leak.audible[first:last] & ~above
    if leaked.sum() < _LEAKED:
        return [span]
    own = np.flatnonzero(np.convolve(above, np.ones(_SMOOTH) / _SMOOTH, "same") > 0.4)
    parts: list[list[int]] = []
    for at in own.tolist():
        if parts and (at - parts[-1][1] <= _GAP or leaked[parts[-1][1] : at].sum() < _LEAKED):
            parts[-1][1] = at + 1
        else:
            parts.append([at, at + 1])
    out: list[Span] = []
    for a, b in parts:
        if b - a >= _SHORTEST:
            start = span.start if leaked[:a].sum() < _LEAKED else (first + max(a - _PAD, 0)) * FRAME
            end = span.end if leaked[b:].sum() < _LEAKED else min((first + b + _PAD) * FRAME, span.end)
            start = max(start, out[-1].end if out else span.start)
            out.append(Span(start, end))
    return out
