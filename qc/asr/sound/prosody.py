"""How high a voice is: its fundamental frequency, followed through the speech of a recording.

Frames of 40 ms every 20 ms. The autocorrelation of a frame is taken from its magnitude spectrum instead of its power
spectrum (the generalised autocorrelation of Tolonen & Karjalainen 2000 with exponent 1 for 2): that flattens formants,
so that a voice whose fundamental the telephone has cut away is still found by the distance of its harmonics.
Candidates, the correction by the window, the cost of an octave and the path through the candidates are those of Boersma
1993 ("Accurate short-term analysis of the fundamental frequency", as in Praat); the threshold of voicing was chosen on
real speech in both bands (`bench/speech/prosody.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from qc.asr.sound.audio import RATE, Samples
from qc.asr.sound.detect import Span
from qc.domain.recording import Segment

Floats = npt.NDArray[np.float32]

LOWEST_HZ, HIGHEST_HZ = 60.0, 500.0
FRAME, HOP = RATE // 25, RATE // 50
HOP_MS = HOP * 1000 // RATE
LEAST_VOICED = 5
"""A phrase with fewer voiced frames (100 ms) has no pitch to speak of."""
LONGEST = 25 * RATE
"""What is looked at in one go; longer spans are cut."""
_SIZE = 1024
_HALF_RATE = RATE // 2
"""What lies above 4 kHz is left out, and lags counted at 8 kHz."""
_LAG_FROM, _LAG_TO = round(_HALF_RATE / HIGHEST_HZ), int(_HALF_RATE / LOWEST_HZ) + 2
_CANDIDATES = 4
_VOICED = 0.3
"""A frame is voiced from this strength on (Praat: 0.45, of a power spectrum)."""
_SILENCE = 0.03
"""Frames whose peak is below this share of the loudest frame's are not voiced (Praat's default)."""
_FLAT = 1e-4
"""What moves less than this share of the loudest sample is an offset and no sound."""
_OCTAVE_COST, _OCTAVE_JUMP, _VOICING_CHANGE = 0.01, 0.35, 0.14
"""Per octave below HIGHEST_HZ; per octave between neighbours; for a change of voicing (Praat's defaults)."""
_NONE = -9.0
"""Strength of a candidate that is not there."""
_WINDOW = np.hanning(FRAME + 2)[1:-1].astype(np.float32)


def _window_correlation() -> Floats:
    power = np.abs(np.fft.rfft(_WINDOW.astype(np.float64), 2 * _SIZE)) ** 2
    whole = np.fft.irfft(power)[: 2 * (_LAG_TO + 1) : 2]
    return np.asarray(whole / whole[0], np.float32)


_OF_WINDOW = _window_correlation()


def fundamental(samples: Samples) -> Floats:
    """Fundamental frequency in Hz of float32 samples at 16 kHz, one value per frame (frame i is centred on sample
    `i * HOP + FRAME // 2`); NaN where the frame is not voiced."""
    if len(samples) < FRAME:
        return np.zeros(0, np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP]
    full = np.abs(samples).max()
    if not full > 0:
        return np.full(len(frames), np.nan, np.float32)
    frames = frames / full
    frames -= frames.mean(axis=1, keepdims=True)
    peak = np.abs(frames).max(axis=1)
    if peak.max() < _FLAT:
        return np.full(len(frames), np.nan, np.float32)
    loud = peak >= _SILENCE * peak.max()
    shape = (len(frames), _CANDIDATES)
    hz, strength = np.full(shape, HIGHEST_HZ, np.float32), np.full(shape, _NONE, np.float32)
    hz[loud], strength[loud] = _candidates(frames[loud])
    quiet = 2 - peak / peak.max() * ((1 + _VOICED) / _SILENCE)
    unvoiced = _VOICED + np.maximum(quiet, 0)
    path = _best_path(np.log2(hz), np.column_stack([strength, unvoiced]))
    voiced = path < _CANDIDATES
    found = hz[np.arange(len(hz)), np.minimum(path, _CANDIDATES - 1)]
    return np.where(voiced, found, np.nan).astype(np.float32)


def _candidates(frames: Floats) -> tuple[Floats, Floats]:
    """The strongest peaks of each frame's autocorrelation: [frames, _CANDIDATES] in Hz, and their strengths (_NONE:
    there are fewer)."""
    spectrum = np.abs(np.fft.rfft(frames * _WINDOW, _SIZE, axis=1))[:, : _SIZE // 4 + 1]
    lags = np.fft.irfft(spectrum, _SIZE // 2, axis=1)[:, : _LAG_TO + 1]
    correlation = (lags / np.maximum(lags[:, :1], 1e-20) / _OF_WINDOW).astype(np.float32)
    before, here, after = (correlation[:, _LAG_FROM + i : _LAG_TO + i] for i in (-1, 0, 1))
    cost = _OCTAVE_COST * np.log2(np.arange(_LAG_FROM, _LAG_TO) * HIGHEST_HZ / _HALF_RATE)
    is_peak = (here > before) & (here >= after) & (here > 0)
    strength = np.where(is_peak, here - cost.astype(np.float32), np.float32(_NONE))
    top = np.argpartition(-strength, _CANDIDATES - 1, axis=1)[:, :_CANDIDATES]
    left, middle, right, best = (np.take_along_axis(of, top, axis=1) for of in (before, here, after, strength))
    # A parabola through three points: between the lags lies the peak.
    shift = np.where(best > 0, (left - right) / 2 / np.minimum(left - 2 * middle + right, -1e-9), 0)
    best = best - (left - right) * shift / 4
    return (_HALF_RATE / (top + _LAG_FROM + shift)).astype(np.float32), np.minimum(best, 1)


def _best_path(octaves: Floats, score: npt.NDArray[np.floating]) -> npt.NDArray[np.int64]:
    """Viterbi: which candidate each frame takes (the last one: unvoiced) so that the scores less the costs of jumps are
    greatest."""
    n, states = score.shape
    came_from = np.zeros((n, states), np.int64)
    costs = np.zeros((n, states, states))
    costs[1:, :-1, :-1] = _OCTAVE_JUMP * np.abs(octaves[:-1, :, None] - octaves[1:, None, :])
    costs[:, -1, :-1] = costs[:, :-1, -1] = _VOICING_CHANGE
    best = score[0].astype(np.float64)
    for i in range(1, n):
        reached = best[:, None] - costs[i]
        came_from[i] = reached.argmax(axis=0)
        best = reached.max(axis=0) + score[i]
    path = np.empty(n, np.int64)
    path[-1] = best.argmax()
    for i in range(n - 1, 0, -1):
        path[i - 1] = came_from[i, path[i]]
    return path


class PitchMeter:
    """Feed all blocks of a recording in order, then ask for the pitch of phrases. `spans`: the speech of each channel,
    in order, none overlapping; nothing else is looked at. Memory: 400 bytes per second of speech."""

    def __init__(self, spans: Sequence[Sequence[Span]]) -> None:
        self._waiting = [[piece for span in own for piece in _cut(span)][::-1] for own in spans]
        self._open: list[list[Samples]] = [[] for _ in spans]
        self._at = 0
        self._times_ms: list[list[npt.NDArray[np.int64]]] = [[] for _ in spans]
        self._hz: list[list[Floats]] = [[] for _ in spans]

    def listening(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        """The same blocks, heard in passing."""
        for block in blocks:
            self.feed(block)
            yield block

    def feed(self, block: Samples) -> None:
        """`block`: float32 [channels, n] at 16 kHz."""
        end = self._at + block.shape[1]
        for channel, waiting in enumerate(self._waiting):
            while waiting and waiting[-1].start < end:
                span = waiting[-1]
                first, past = max(span.start, self._at), min(span.end, end)
                self._open[channel].append(block[channel, first - self._at : past - self._at].copy())
                if span.end > end:
                    break
                self._follow(channel)
        self._at = end

    def measured(self, channel: int, segments: Sequence[Segment]) -> tuple[Segment, ...]:
        """The segments of a channel with their pitch (median, in tenths of a hertz), its range (10th to 90th
        percentile, in tenths of a semitone) and the voiced milliseconds both were measured on; None, None, 0 without a
        voice."""
        if self._open[channel]:  # the recording ends inside a span
            self._follow(channel)
        times = np.concatenate([np.zeros(0, np.int64), *self._times_ms[channel]])
        hz = np.concatenate([np.zeros(0, np.float32), *self._hz[channel]])
        first = np.searchsorted(times, [s.start_ms for s in segments])
        past = np.searchsorted(times, [s.end_ms for s in segments])
        return tuple(_described(s, hz[a:b]) for s, a, b in zip(segments, first, past, strict=True))

    def _follow(self, channel: int) -> None:
        span = self._waiting[channel].pop()
        hz = fundamental(np.concatenate(self._open[channel]))
        self._open[channel] = []
        voiced = np.flatnonzero(~np.isnan(hz))
        self._times_ms[channel].append((span.start + voiced * HOP + FRAME // 2) * 1000 // RATE)
        self._hz[channel].append(hz[voiced])


def _cut(span: Span) -> Iterator[Span]:
    for start in range(span.start, span.end, LONGEST):
        yield Span(start, min(start + LONGEST, span.end))


def _described(segment: Segment, hz: Floats) -> Segment:
    if len(hz) < LEAST_VOICED:
        return replace(segment, voiced_ms=0)
    low, middle, high = np.percentile(hz.astype(np.float64), (10, 50, 90))
    spread = 12 * float(np.log2(high / low))
    return replace(
        segment,
        pitch_hz=round(float(middle), 1),
        pitch_range_st=round(spread, 1),
        voiced_ms=len(hz) * HOP_MS,
    )
