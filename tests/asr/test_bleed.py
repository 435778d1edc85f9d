"""What leaks from one channel into another is not heard there; what is said at the same time is."""

from __future__ import annotations

import numpy as np
import pytest

from qc.asr.sound.audio import RATE, Samples
from qc.asr.sound.bleed import LeakMeter
from qc.asr.sound.detect import Span


def _speech(seconds: float, seed: int) -> Samples:
    """Noise with the rhythm and the changing colour of syllables."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * RATE)) / RATE
    out = np.zeros(len(t))
    for low in (300, 700, 1400, 2400):
        rhythm = np.repeat(rng.uniform(-25, 0, len(t) // 3200 + 1), 3200)[: len(t)]
        carrier = sum(np.sin(2 * np.pi * rng.uniform(low, 1.6 * low) * t + rng.uniform(0, 6)) for _ in range(6))
        out += 10 ** (rhythm / 20) * carrier
    return np.asarray(0.05 * out, np.float32)


def _call(leak_db: float | None, delay_ms: int) -> tuple[Samples, list[Span]]:
    """20 s: the left channel speaks 1–7 and 9–15, the right 15.5–19 and, into the left's words, 11–13."""
    x = np.zeros((2, 20 * RATE), np.float32)
    for channel, start, seconds in ((0, 1, 6), (0, 9, 6), (1, 15.5, 3.5), (1, 11, 2)):
        x[channel, round(start * RATE) : round((start + seconds) * RATE)] = _speech(seconds, round(start))
    clean = x + 1e-4 * np.random.default_rng(5).standard_normal(x.shape).astype(np.float32)
    if leak_db is not None:
        late = delay_ms * RATE // 1000
        clean[1, late:] += 10 ** (leak_db / 20) * x[0, : x.shape[1] - late]
    return clean, [Span(RATE, 7 * RATE), Span(9 * RATE, 15 * RATE), Span(round(15.5 * RATE), 19 * RATE)]


def _kept(x: Samples, right: list[Span]) -> list[tuple[float, float]]:
    meter = LeakMeter(2)
    for at in range(0, x.shape[1], 50_001):
        meter.feed(x[:, at : at + 50_001])
    left = [Span(RATE, 7 * RATE), Span(9 * RATE, 15 * RATE)]
    kept = meter.without_leaks([left, right])
    assert kept[0] == tuple(left)
    return [(s.start / RATE, s.end / RATE) for s in kept[1]]


@pytest.mark.parametrize("leak_db", [-12, -18, -26])
@pytest.mark.parametrize("delay_ms", [0, 60, 150])
def test_a_leak_goes_and_double_talk_stays(leak_db: float, delay_ms: int) -> None:
    both, own = _kept(*_call(leak_db, delay_ms))
    assert both == pytest.approx((11, 13), abs=0.35)
    assert own == pytest.approx((15.5, 19), abs=0.35)


def test_nothing_is_taken_where_nothing_leaks() -> None:
    x, right = _call(None, 0)
    assert _kept(x, right) == [(s.start / RATE, s.end / RATE) for s in right]


def test_a_mono_recording_and_an_empty_one() -> None:
    meter = LeakMeter(1)
    meter.feed(np.zeros((1, 1000), np.float32))
    assert meter.without_leaks([[Span(0, 512)]]) == [(Span(0, 512),)]
    assert LeakMeter(2).without_leaks([[], []]) == [(), ()]


def test_a_recording_shorter_than_a_frame() -> None:
    meter = LeakMeter(2)
    meter.feed(np.zeros((2, 80), np.float32))
    assert meter.without_leaks([[Span(0, 80)], []]) == [(Span(0, 80),), ()]
