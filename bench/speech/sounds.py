"""What is heard on a telephone line besides people: made here, the same in every run, float32 at 16 kHz."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

RATE = 16_000
Samples = npt.NDArray[np.float32]

_DTMF = {
    digit: (low, high)
    for low, row in zip((697, 770, 852, 941), ("123A", "456B", "789C", "*0#D"), strict=True)
    for high, digit in zip((1209, 1336, 1477, 1633), row, strict=True)
}


def silence(seconds: float) -> Samples:
    """Digital silence."""
    return np.zeros(round(seconds * RATE), np.float32)


def idle(seconds: float) -> Samples:
    """What an A-law coder makes of silence: its smallest step, up and down."""
    steps = np.random.default_rng(11).integers(0, 2, round(seconds * RATE / 2)) * 2 - 1
    return np.repeat(steps * 8 / 32768, 2).astype(np.float32)


def hiss(seconds: float, level_db: float = -40.0) -> Samples:
    """White noise, `level_db` in dBFS (RMS)."""
    noise = np.random.default_rng(12).standard_normal(round(seconds * RATE))
    return (noise * 10 ** (level_db / 20)).astype(np.float32)


def pink(seconds: float, level_db: float = -30.0) -> Samples:
    """Noise with the same power in every octave."""
    size = round(seconds * RATE)
    spectrum = np.fft.rfft(np.random.default_rng(13).standard_normal(size))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 20 * seconds))
    noise = np.fft.irfft(spectrum, size)
    return (noise / noise.std() * 10 ** (level_db / 20)).astype(np.float32)


def hum(seconds: float, level_db: float = -35.0) -> Samples:
    """50 Hz of the mains with its harmonics."""
    parts = ((50, 1.0), (100, 0.5), (150, 0.4), (250, 0.2), (350, 0.1))
    wave = sum(share * _sine(hz, seconds) for hz, share in parts)
    return np.asarray(wave / np.std(wave) * 10 ** (level_db / 20), np.float32)


def ringback(seconds: float) -> Samples:
    """回铃音: 450 Hz, 1 s on, 4 s off."""
    return _cadence(_sine(450, seconds), 1.0, 4.0)


def busy(seconds: float) -> Samples:
    """忙音: 450 Hz, 0.35 s on, 0.35 s off."""
    return _cadence(_sine(450, seconds), 0.35, 0.35)


def congestion(seconds: float) -> Samples:
    """拥塞音: 450 Hz, 0.7 s on, 0.7 s off."""
    return _cadence(_sine(450, seconds), 0.7, 0.7)


def dial(seconds: float) -> Samples:
    """拨号音: 450 Hz without end."""
    return 0.2 * _sine(450, seconds)


def information(seconds: float) -> Samples:
    """Special information tone: 950, 1400 and 1800 Hz of 0.33 s each, then 1 s of silence."""
    out = silence(seconds)
    for i, hz in enumerate((950, 1400, 1800)):
        part = _cadence(_sine(hz, seconds), 0.33, 1.66)
        shift = round(i * 0.33 * RATE)
        out[shift:] += part[: len(out) - shift]
    return out


def dtmf(seconds: float) -> Samples:
    """Keys pressed one after another: 0.1 s each, 0.1 s between, half a second after every eleventh."""
    random = np.random.default_rng(14)
    out = silence(seconds)
    at = RATE // 2
    count = 0
    while at + RATE // 10 < len(out):
        low, high = _DTMF[str(random.choice(list("1234567890*#")))]
        out[at : at + RATE // 10] = 0.15 * (_sine(low, 0.1) + _sine(high, 0.1))
        count += 1
        at += RATE // 5 + (RATE // 2 if count % 11 == 0 else 0)
    return out


def fax(seconds: float) -> Samples:
    """A fax machine: calling tone 1100 Hz, answer 2100 Hz, then data: 300 baud FSK (V.21) and 2400 baud four-phase
    keying on 1800 Hz, again and again."""
    random = np.random.default_rng(15)
    out = []
    length = 0
    while length < seconds * RATE:
        for part in (
            _cadence(_sine(1100, 7.0), 0.5, 3.0),
            0.2 * _sine(2100, 3.0),
            _fsk(random.integers(0, 2, 1200)),
            silence(0.3),
            _keyed(random.integers(0, 4, 24_000)),
            silence(0.5),
        ):
            out.append(part)
            length += len(part)
    return np.concatenate(out)[: round(seconds * RATE)].astype(np.float32)


def melody(seconds: float) -> Samples:
    """A hold melody: a lead that wanders over a major scale with vibrato, chords of three notes and a bass, plucked
    and bowed in turn, with harmonics like an instrument's."""
    random = np.random.default_rng(16)
    out = np.zeros(round(seconds * RATE) + 4 * RATE)
    scale = (0, 2, 4, 5, 7, 9, 11, 12)
    chords = ((0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14))
    beat = 0.4
    step = 4
    for i in range(int(seconds / beat)):
        at = round(i * beat * RATE)
        bar = i // 4
        if i % 4 == 0:
            for semitone in chords[bar % 4]:
                _note(out, at, 196.0 * 2 ** (semitone / 12), 1.6, 0.05, bowed=bar // 8 % 2 == 0)
            _note(out, at, 98.0 * 2 ** (chords[bar % 4][0] / 12), 1.6, 0.08, bowed=False)
        if random.random() < 0.8:
            step = int(np.clip(step + random.integers(-2, 3), 0, 7))
            _note(out, at, 392.0 * 2 ** (scale[step] / 12), beat * random.integers(1, 3), 0.1, bowed=bar // 8 % 2 == 1)
    return out[: round(seconds * RATE)].astype(np.float32)


SOUNDS: dict[str, Callable[[float], Samples]] = {
    "silence": silence,
    "codec idle": idle,
    "white hiss": hiss,
    "pink hiss": pink,
    "mains hum": hum,
    "ring-back": ringback,
    "busy": busy,
    "congestion": congestion,
    "dial tone": dial,
    "information tone": information,
    "DTMF": dtmf,
    "fax": fax,
    "melody": melody,
}


def _sine(hz: float, seconds: float) -> Samples:
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE).astype(np.float32)


def _cadence(wave: Samples, on_s: float, off_s: float) -> Samples:
    at = np.arange(len(wave)) / RATE
    return np.where(at % (on_s + off_s) < on_s, 0.2 * wave, 0).astype(np.float32)


def _fsk(bits: npt.NDArray[np.int64]) -> Samples:
    hz = np.repeat(np.where(bits == 1, 1650, 1850), RATE // 300)
    return (0.2 * np.sin(2 * np.pi * np.cumsum(hz) / RATE)).astype(np.float32)


def _keyed(symbols: npt.NDArray[np.int64]) -> Samples:
    at = np.arange(round(len(symbols) * RATE / 2400))
    turn = np.cumsum(symbols)[at * 2400 // RATE] * np.pi / 2
    wave = np.cos(2 * np.pi * 1800 * at / RATE + turn)
    smooth = np.hanning(9)
    return (0.2 * np.convolve(wave, smooth / smooth.sum(), "same")).astype(np.float32)


def _note(out: npt.NDArray[np.float64], at: int, hz: float, seconds: float, level: float, *, bowed: bool) -> None:
    time = np.arange(round(seconds * RATE)) / RATE
    pitch = hz * (1 + (0.004 * np.sin(2 * np.pi * 5.5 * time) if bowed else 0.0))
    phase = 2 * np.pi * np.cumsum(pitch * np.ones_like(time)) / RATE
    shape = np.minimum(time / 0.08, 1) * np.minimum((seconds - time) / 0.1, 1) if bowed else np.exp(-time / 0.4)
    wave = sum(np.sin(k * phase) / k ** (1.2 if bowed else 1.8) for k in range(1, 9) if k * hz < 3400)
    end = min(at + len(time), len(out))
    out[at:end] += (level * shape * wave)[: end - at]
