"""How high a voice is: glides of known pitch, in all bands, and what has no pitch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.asr.sound.audio import RATE, Samples
from qc.asr.sound.detect import Span
from qc.asr.sound.prosody import FRAME, HOP, LEAST_VOICED, LONGEST, PitchMeter, fundamental
from qc.asr.turns import to_turns
from qc.domain.conversation import Role
from qc.domain.recording import ChannelTranscript, Segment


def voice(hz: np.ndarray, *, lowest_hz: float = 0, highest_hz: float = 3800, level: float = 0.1) -> Samples:
    """A buzz with harmonics that fall by 6 dB an octave, as far as the band lets them through. `hz`: per sample."""
    phase = 2 * np.pi * np.cumsum(hz) / RATE
    heard = (np.sin(k * phase) / k * ((k * hz > lowest_hz) & (k * hz < highest_hz)) for k in range(1, 60))
    wave = sum(heard)
    return (wave * level / np.abs(wave).max()).astype(np.float32)


def glide(start_hz: float, end_hz: float, seconds: float = 1.0) -> np.ndarray:
    return np.geomspace(start_hz, end_hz, round(seconds * RATE))


def noise(seconds: float, level: float) -> Samples:
    return np.random.default_rng(5).normal(0, level, round(seconds * RATE)).astype(np.float32)


def expected(hz: np.ndarray) -> np.ndarray:
    return hz[np.arange((len(hz) - FRAME) // HOP + 1) * HOP + FRAME // 2]


def segment(start_ms: int, end_ms: int, **heard: object) -> Segment:
    return Segment(start_ms=start_ms, end_ms=end_ms, text="您好。", confidence=0.9, **heard)  # type: ignore[arg-type]


def measured(samples: Samples, *segments: tuple[int, int], channel: int = 0, block: int = RATE) -> list[Segment]:
    meter = PitchMeter([(Span(0, samples.shape[1]),)] * len(samples))
    for start in range(0, samples.shape[1], block):
        meter.feed(samples[:, start : start + block])
    return list(meter.measured(channel, [segment(a, b) for a, b in segments]))


@pytest.mark.parametrize("lowest_hz", [0, 300], ids=["whole", "telephone"])
@pytest.mark.parametrize(("start_hz", "end_hz"), [(80, 160), (120, 90), (180, 360), (450, 220)])
def test_a_glide_is_followed_also_without_its_fundamental(start_hz: float, end_hz: float, lowest_hz: float) -> None:
    hz = glide(start_hz, end_hz)
    found = fundamental(voice(hz, lowest_hz=lowest_hz, highest_hz=3400) + noise(1.0, 0.0005))
    off = np.abs(np.log2(found / expected(hz))) * 12
    assert np.isnan(found).mean() < 0.1
    assert np.nanmax(off) < 0.25  # semitones


def test_telephone_sound_brought_up_from_8_khz() -> None:
    hz = np.full(RATE, 110.0)
    narrow = voice(hz, lowest_hz=300, highest_hz=3400)[::2]
    found = fundamental(np.interp(np.arange(RATE) / 2, np.arange(RATE // 2), narrow).astype(np.float32))
    assert np.nanmedian(found) == pytest.approx(110, rel=0.01)
    assert np.isfinite(found).mean() > 0.9


def test_clipping_does_not_move_the_pitch() -> None:
    hz = glide(150, 200)
    found = fundamental(np.clip(voice(hz) * 30, -1, 1).astype(np.float32))
    assert np.nanmax(np.abs(found / expected(hz) - 1)) < 0.02


@pytest.mark.parametrize("seconds", [0.0, 0.01, 1.0])
def test_silence_and_noise_have_no_pitch(seconds: float) -> None:
    for samples in (np.zeros(round(seconds * RATE), np.float32), noise(seconds, 0.1), noise(seconds, 1e-6)):
        assert np.isfinite(fundamental(samples)).mean() < 0.02 if seconds == 1.0 else len(fundamental(samples)) == 0


@pytest.mark.parametrize("level", [1e-30, 1e-4, 1e4, 3e38])
@pytest.mark.filterwarnings("error")
def test_the_level_does_not_matter(level: float) -> None:
    found = fundamental((voice(np.full(RATE, 150.0), level=1.0).astype(np.float64) * level).astype(np.float32))
    assert np.nanmedian(found) == pytest.approx(150, rel=0.01)


def test_an_offset_is_no_voice() -> None:
    assert not np.isfinite(fundamental(np.full(RATE, 0.5, np.float32))).any()


def test_phrases_have_median_and_range() -> None:
    hz = np.concatenate([np.full(RATE, 120.0), glide(100, 200, 2.0)])
    steady, rising, nothing = measured(voice(hz)[None], (0, 1000), (1000, 3000), (5000, 6000))
    assert steady.pitch_hz == pytest.approx(120, abs=0.5)
    assert steady.pitch_range_st == pytest.approx(0, abs=0.2)
    assert rising.pitch_hz == pytest.approx(100 * 2**0.5, rel=0.02)
    assert rising.pitch_range_st == pytest.approx(12 * 0.8, abs=0.4)
    assert rising.voiced_ms == pytest.approx(2000, abs=60)
    assert (nothing.pitch_hz, nothing.pitch_range_st, nothing.voiced_ms) == (None, None, 0)


def test_each_channel_has_its_own_voice() -> None:
    both = np.stack([voice(np.full(RATE, 110.0)), voice(np.full(RATE, 220.0))])
    assert [measured(both, (0, 1000), channel=c)[0].pitch_hz for c in (0, 1)] == [
        pytest.approx(110, abs=0.5),
        pytest.approx(220, abs=1),
    ]


def test_two_voices_on_one_channel_are_told_apart_by_their_times() -> None:
    mixed = np.concatenate([voice(np.full(RATE, 110.0)), voice(np.full(RATE, 230.0))])[None]
    low, high = measured(mixed, (0, 980), (1020, 2000))
    assert (low.pitch_hz, high.pitch_hz) == (pytest.approx(110, abs=1), pytest.approx(230, abs=2))


def test_a_click_of_a_voice_is_too_little() -> None:
    least = FRAME + HOP * (LEAST_VOICED - 1)
    for length, known in ((least - 2 * HOP, False), (least + 2 * HOP, True)):
        (found,) = measured(voice(np.full(length, 150.0))[None], (0, 1000))
        assert (found.pitch_hz is not None) is known


@given(st.integers(min_value=7, max_value=9000))
def test_blocks_make_no_difference(block: int) -> None:
    samples = np.stack([voice(glide(120, 180, 0.5)), noise(0.5, 0.1)])
    phrases = [(0, 250), (200, 500)]
    assert measured(samples, *phrases, block=block) == measured(samples, *phrases, block=8000)


def test_only_speech_is_looked_at_and_a_recording_may_end_early() -> None:
    samples = voice(np.full(2 * RATE, 150.0))[None]
    meter = PitchMeter([(Span(RATE, RATE + RATE // 2), Span(RATE + 3 * RATE // 4, 4 * RATE))])
    for heard in meter.listening([samples[:, :10_000], samples[:, 10_000:]]):
        assert len(heard) == 1
    found = meter.measured(0, [segment(0, 1000), segment(1000, 1500), segment(1750, 2000)])
    assert [s.voiced_ms > 0 for s in found] == [False, True, True]


def test_a_span_of_hours_is_followed_in_pieces() -> None:
    meter = PitchMeter([(Span(0, 100 * LONGEST),)])
    block = voice(np.full(RATE * 4, 150.0))[None]
    for _ in range(2 * LONGEST // block.shape[1]):
        meter.feed(block)
        assert sum(part.shape[0] for part in meter._open[0]) < LONGEST + block.shape[1]
    (found,) = meter.measured(0, [segment(0, 50_000)])
    assert found.pitch_hz == pytest.approx(150, abs=0.5)


def test_no_phrases_and_no_speech() -> None:
    assert PitchMeter([()]).measured(0, ()) == ()
    assert PitchMeter([()]).measured(0, [segment(0, 1000)])[0].pitch_hz is None


def test_a_turn_has_the_pitch_of_its_phrases_by_their_voiced_time() -> None:
    def turn(*segments: Segment) -> tuple[float | None, float | None]:
        (found,) = to_turns(
            [ChannelTranscript(audio_channel=0, segments=segments, speech_ms=0)], {(0, None): Role.CUSTOMER}
        )
        return found.pitch_hz, found.pitch_range_st

    low = segment(0, 1000, pitch_hz=100.0, pitch_range_st=2.0, voiced_ms=600)
    high = segment(1000, 2000, pitch_hz=200.0, pitch_range_st=2.0, voiced_ms=200)
    none = segment(1000, 2000)
    assert turn(low) == turn(low, none) == (100.0, 2.0)
    hz, spread = turn(low, none, replace(high, start_ms=2000, end_ms=3000))
    assert hz == pytest.approx(100 * 2**0.25, abs=0.1)
    assert spread == pytest.approx(2.5631 * (12 * 12 * 0.25 * 0.75 + (2 / 2.5631) ** 2) ** 0.5, abs=0.1)
    assert turn(none) == (None, None)
