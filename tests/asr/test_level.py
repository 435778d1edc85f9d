from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.asr.sound.audio import RATE, Samples
from qc.asr.sound.level import FLOOR_DB, LevelMeter, decibels
from qc.asr.turns import to_turns
from qc.domain.conversation import Role
from qc.domain.recording import ChannelTranscript, Segment, Transcript


def segment(start_ms: int, end_ms: int, energy_db: float | None = None) -> Segment:
    return Segment(start_ms=start_ms, end_ms=end_ms, text="您好。", confidence=0.9, energy_db=energy_db)


def transcript(*channels: tuple[Segment, ...]) -> Transcript:
    made = (ChannelTranscript(audio_channel=i, segments=own, speech_ms=0) for i, own in enumerate(channels))
    return Transcript(
        sha256="0" * 64,
        duration_ms=4000,
        sample_rate=8000,
        codec="ulaw",
        engine="e",
        model="m",
        options="o",
        channels=tuple(made),
    )


def levels(meter: LevelMeter, channel: int, *spans: tuple[int, int]) -> list[float | None]:
    return [s.energy_db for s in meter.measured(channel, tuple(segment(a, b) for a, b in spans))]


def metered(samples: Samples, block: int = RATE) -> LevelMeter:
    meter = LevelMeter(len(samples))
    for start in range(0, samples.shape[1], block):
        meter.feed(samples[:, start : start + block])
    return meter


@pytest.mark.parametrize(
    ("amplitude", "wave", "level"),
    [(1.0, np.sign, 0.0), (1.0, None, -3.0), (0.1, np.sign, -20.0), (0.1, None, -23.0), (0.0, None, FLOOR_DB)],
)
def test_full_scale_is_a_square_wave(amplitude, wave, level) -> None:
    tone = np.sin(2 * np.pi * 100 * (np.arange(RATE) + 0.5) / RATE)
    samples = (amplitude * (tone if wave is None else wave(tone))).astype(np.float32)[None]
    assert levels(metered(samples), 0, (0, 1000)) == [level]


def test_each_channel_and_stretch_has_its_own_level() -> None:
    loud, soft, none = (np.full(RATE, a, np.float32) for a in (0.5, 0.05, 0.0))
    meter = metered(np.stack([np.concatenate([loud, soft, none]), np.concatenate([none, none, soft])]))
    assert levels(meter, 0, (0, 1000), (1000, 2000), (2000, 3000)) == [-6.0, -26.0, FLOOR_DB]
    assert levels(meter, 1, (0, 2000), (2000, 3000)) == [FLOOR_DB, -26.0]
    assert levels(meter, 0, (0, 2000)) == [-9.0]  # mean power, not mean decibels


@pytest.mark.parametrize("span", [(0, 0), (500, 500), (995, 1000), (999, 5000), (5000, 6000)])
def test_short_and_overlong_stretches_have_a_level(span: tuple[int, int]) -> None:
    assert levels(metered(np.full((1, RATE), 0.1, np.float32)), 0, span) == [-20.0]


def test_a_recording_shorter_than_a_measure() -> None:
    assert levels(metered(np.ones((1, 10), np.float32)), 0, (0, 1)) == [FLOOR_DB]
    assert levels(LevelMeter(1), 0, (0, 1)) == [FLOOR_DB]


@given(st.integers(min_value=1, max_value=5000))
def test_blocks_make_no_difference(block: int) -> None:
    samples = np.random.default_rng(1).normal(0, 0.1, (2, 8000)).astype(np.float32)
    spans = [(0, 500), (130, 370), (480, 500)]
    assert levels(metered(samples, block), 1, *spans) == levels(metered(samples, 8000), 1, *spans)


def test_decibels_never_fall_below_the_floor() -> None:
    assert [decibels(p) for p in (1.0, 0.1, 1e-9, 1e-11, 0.0)] == [0.0, -10.0, -90.0, FLOOR_DB, FLOOR_DB]


def test_a_turn_has_the_mean_power_of_its_phrases() -> None:
    turns = to_turns(
        transcript((segment(0, 1000, -10.0), segment(1000, 2000, -20.0))).channels, {(0, None): Role.AGENT}
    )
    assert [t.energy_db for t in turns] == [-12.6]
    (turn,) = to_turns(
        transcript((segment(0, 3000, -10.0), segment(3000, 3000, -60.0))).channels, {(0, None): Role.AGENT}
    )
    assert turn.energy_db == -10.0


def test_a_turn_with_an_unmeasured_phrase_has_no_level() -> None:
    (turn,) = to_turns(transcript((segment(0, 1000, -10.0), segment(1000, 2000))).channels, {(0, None): Role.AGENT})
    assert turn.energy_db is None
