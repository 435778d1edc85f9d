from __future__ import annotations

import numpy as np
import pytest

from bench.speech.sounds import dial
from qc.asr.sound.audio import RATE, Samples
from qc.asr.sound.leveller import FLOOR_DB, TARGET_DB, Leveller


def _levelled(samples: Samples, block: int = 16 * RATE) -> Samples:
    leveller = Leveller(len(samples))
    out = []
    for at in range(0, samples.shape[1], block):
        out += leveller.feed(samples[:, at : at + block])
    out += leveller.rest(samples.shape[1])
    return np.concatenate([np.zeros((len(samples), 0), np.float32), *out], axis=1)[:, : samples.shape[1]]


def _db(samples: Samples) -> float:
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-20))


@pytest.fixture
def noise() -> Samples:
    """20 s of two channels at -40 and -66 dBFS."""
    random = np.random.default_rng(4).standard_normal((2, 20 * RATE))
    return (random * [[0.01], [0.0005]]).astype(np.float32)


def test_every_channel_comes_to_the_same_level(noise: Samples) -> None:
    for row in _levelled(noise):
        assert _db(row) == pytest.approx(TARGET_DB, abs=1.5)


def test_the_size_of_blocks_changes_nothing(noise: Samples) -> None:
    whole = _levelled(noise)
    assert np.array_equal(whole, _levelled(noise, 999))
    assert np.array_equal(whole, _levelled(noise, 300_000))


def test_nothing_moves_in_time() -> None:
    for seconds in (0.01, 5.0, 8.2, 30.0):
        click = np.zeros((1, round(seconds * RATE)), np.float32)
        at = click.shape[1] * 2 // 3
        click[0, at] = 0.5
        out = _levelled(click)
        assert out.shape == click.shape
        assert int(np.abs(out[0]).argmax()) == at


def test_hum_and_offset_are_taken_away_before_the_level_is_measured() -> None:
    voice = 0.001 * dial(20.0)[None] / 0.2
    dirty = _levelled(voice + np.float32(0.3))
    assert _db(dirty[:, RATE:-RATE] - _levelled(voice)[:, RATE:-RATE]) < TARGET_DB - 30
    low = np.sin(2 * np.pi * 50 * np.arange(20 * RATE) / RATE).astype(np.float32)[None]
    assert _db(_levelled(0.5 * low)[:, RATE:-RATE]) < TARGET_DB


def test_the_gain_fades_with_the_distance_from_a_loud_sound() -> None:
    soft = (np.random.default_rng(5).standard_normal((1, 40 * RATE)) * 10 ** (-60 / 20)).astype(np.float32)
    loud = soft.copy()
    loud[0, 20 * RATE : 21 * RATE] *= 100  # 40 dB
    out = _levelled(loud)
    for away_s in (2, 4):  # on both sides alike, 6 dB a second
        for at in ((20 - away_s) * RATE, (21 + away_s) * RATE):
            assert _db(out[:, at - 800 : at + 800]) == pytest.approx(TARGET_DB - 40 + 6 * away_s, abs=2)
    assert _db(out[:, : 5 * RATE]) == pytest.approx(TARGET_DB, abs=2)


def test_a_tone_dampens_itself_only() -> None:
    soft = (np.random.default_rng(5).standard_normal((1, 20 * RATE)) * 10 ** (-60 / 20)).astype(np.float32)
    soft[0, 8 * RATE : 10 * RATE] += dial(2.0)
    out = _levelled(soft)
    assert np.abs(out).max() < 1.0
    assert _db(out[:, 7 * RATE : 8 * RATE - 1600]) == pytest.approx(TARGET_DB, abs=2)
    assert _db(out[:, 10 * RATE + 1600 : 11 * RATE]) == pytest.approx(TARGET_DB, abs=2)


def test_digital_silence_stays_silent() -> None:
    assert not _levelled(np.zeros((2, 30 * RATE), np.float32)).any()
    assert TARGET_DB - FLOOR_DB == 52
