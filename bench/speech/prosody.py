"""Is the pitch of a voice right, also over a telephone, and what does it cost?

usage: OMP_NUM_THREADS=1 python -m bench.speech.prosody voices CORPUS [--part held] [--seconds 330] [--only NAME …]
       OMP_NUM_THREADS=1 python -m bench.speech.prosody sounds [--only NAME …]
       OMP_NUM_THREADS=1 python -m bench.speech.prosody cost CORPUS [--part held] [--seconds 60]

Rivals, where installed: praat-parselmouth (GPL-3.0), swift-f0 (MIT), librosa (ISC). Only these are imported.

`voices`: real speech as it is, over a telephone, and in worse conditions. The truth is where Praat's autocorrelation
and SwiftF0 agree within 5 % on the clean recording, frames of 20 ms; so these two are right there by definition, and
only the other columns say something of them. `gross`: the share of voiced frames that are off by more than 20 %;
`found`: of the voiced frames; `median`: how far the median of a recording is off, in semitones, on average.
`sounds`: glides of known pitch, and what has no pitch at all.
`cost`: the CPU of ours on a stereo call beside that of transcribing it with the fast preset, in the same run.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.speech import corpus
from bench.speech.sounds import SOUNDS
from qc.asr.sound import prosody
from qc.asr.sound.prosody import FRAME, HIGHEST_HZ, HOP, LOWEST_HZ, PitchMeter

RATE = corpus.RATE
STEP_S = HOP / RATE
Samples = npt.NDArray[np.float32]
Track = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
"""Times in seconds, and the pitch there in Hz; NaN: no voice."""
Tracker = Callable[[Samples], Track]


@dataclass
class Tally:
    """Counts over frames, and the errors of medians over recordings."""

    gross: int = 0
    found: int = 0
    voiced: int = 0
    false: int = 0
    unvoiced: int = 0
    medians: list[float] = field(default_factory=list)

    def add(
        self, truth: npt.NDArray[np.float64], silent: npt.NDArray[np.bool_], heard: npt.NDArray[np.float64]
    ) -> None:
        voiced, sung = ~np.isnan(truth), ~np.isnan(heard)
        both = voiced & sung
        self.voiced += int(voiced.sum())
        self.found += int(both.sum())
        self.gross += int((np.abs(heard[both] / truth[both] - 1) > 0.2).sum())
        self.unvoiced += int(silent.sum())
        self.false += int((silent & sung).sum())
        if both.sum() >= 5:
            self.medians.append(abs(float(12 * np.log2(np.median(heard[sung]) / np.median(truth[voiced])))))

    def row(self) -> str:
        gross = 100 * self.gross / max(self.found, 1)
        return f"{gross:6.2f} {100 * self.found / max(self.voiced, 1):6.1f} {np.mean(self.medians or [np.nan]):6.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Pitch.")
    parser.add_argument("what", choices=["voices", "sounds", "cost"])
    parser.add_argument("corpus", type=Path, nargs="?")
    parser.add_argument("--part", default="dev", choices=["dev", "held"])
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--only", nargs="*", default=[])
    given = parser.parse_args()
    trackers = {n: t for n, t in _trackers().items() if not given.only or n in given.only}
    if given.what == "sounds":
        _sounds(trackers)
    elif given.what == "voices":
        _voices(trackers, given.corpus, given.part, given.seconds or 1e9)
    else:
        _cost(given.corpus, given.part, given.seconds or 60.0)


def ours(samples: Samples) -> Track:
    hz = prosody.fundamental(samples).astype(np.float64)
    return (np.arange(len(hz)) * HOP + FRAME / 2) / RATE, hz


def _trackers() -> dict[str, Tracker]:
    """Ours and the rivals that are installed, all asked for the same range."""
    out: dict[str, Tracker] = {"qc": ours}
    try:
        import swift_f0

        detector = swift_f0.SwiftF0(threads=1)

        def swift(samples: Samples) -> Track:
            found = detector.detect(samples, RATE, fmin=LOWEST_HZ, fmax=HIGHEST_HZ)
            return found.timestamps, np.where(found.confidence > 0.5, found.pitch_hz, np.nan)

        out["SwiftF0"] = swift
    except ImportError:
        pass
    try:
        import parselmouth

        def praat(samples: Samples) -> Track:
            sound = parselmouth.Sound(samples.astype(np.float64), RATE)
            pitch = sound.to_pitch_ac(time_step=STEP_S / 2, pitch_floor=LOWEST_HZ, pitch_ceiling=HIGHEST_HZ)
            hz = pitch.selected_array["frequency"]
            return pitch.xs(), np.where(hz > 0, hz, np.nan)

        out["Praat"] = praat
    except ImportError:
        pass
    try:
        import librosa

        settings = {"fmin": LOWEST_HZ, "fmax": HIGHEST_HZ, "sr": RATE, "frame_length": 1024, "hop_length": HOP}

        def yin(samples: Samples) -> Track:
            hz = librosa.yin(samples, **settings)
            return np.arange(len(hz)) * STEP_S, hz.astype(np.float64)

        def pyin(samples: Samples) -> Track:
            hz, voiced, _ = librosa.pyin(samples, **settings)
            return np.arange(len(hz)) * STEP_S, np.where(voiced, hz, np.nan)

        out |= {"librosa yin": yin, "librosa pyin": pyin}
    except ImportError:
        pass
    return out


def _at(track: Track, times: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The track at other times: its nearest frame within 12 ms."""
    own, hz = track
    if len(own) < 2:
        return np.full(len(times), np.nan)
    after = np.clip(np.searchsorted(own, times), 1, len(own) - 1)
    nearest = np.where(times - own[after - 1] < own[after] - times, after - 1, after)
    return np.where(np.abs(own[nearest] - times) < 0.012, hz[nearest], np.nan)


def _noisy(samples: Samples, below_db: float) -> Samples:
    noise = np.random.default_rng(3).standard_normal(len(samples))
    level = np.sqrt(np.mean(np.square(samples, dtype=np.float64)))
    return np.asarray(samples + noise * level * 10 ** (-below_db / 20), np.float32)


CONDITIONS: dict[str, Callable[[Samples], Samples]] = {
    "clean": lambda x: x,
    "telephone": corpus.telephone,
    "telephone, hiss 15 dB below": lambda x: corpus.telephone(_noisy(x, 15)),
    "telephone, hiss 5 dB below": lambda x: corpus.telephone(_noisy(x, 5)),
    "quiet, telephone": lambda x: corpus.telephone(corpus.quiet(x)),
    "clipped, telephone": lambda x: corpus.telephone(np.clip(x * (4 / np.abs(x).max()), -1, 1).astype(np.float32)),
}


def _voices(trackers: dict[str, Tracker], folder: Path, part: str, seconds: float) -> None:
    recordings: list[Samples] = []
    for utterance in corpus.read(folder, part):
        if sum(map(len, recordings)) < seconds * RATE and len(utterance.samples) > RATE:
            recordings.append(utterance.samples[: 10 * RATE])
    every = _trackers()
    if not {"SwiftF0", "Praat"} <= every.keys():
        raise SystemExit("the reference needs praat-parselmouth and swift-f0")
    times = [np.arange(0, len(x) / RATE, STEP_S) for x in recordings]
    both = [[_at(every[n](x), t) for n in ("SwiftF0", "Praat")] for x, t in zip(recordings, times, strict=True)]
    truth = [np.where(np.abs(a / b - 1) < 0.05, np.sqrt(a * b), np.nan) for a, b in both]
    silent = [np.isnan(a) & np.isnan(b) for a, b in both]
    length = sum(map(len, recordings)) / RATE
    print(f"{part}: {len(recordings)} recordings, {length:.0f} s; gross %, found %, median off in semitones")
    print(f"{'':14}" + "".join(f"{name:>30}" for name in CONDITIONS) + f"{'CPU ms a second':>18}")
    spoilt = {name: [spoil(x) for x in recordings] for name, spoil in CONDITIONS.items()}
    for name, tracker in trackers.items():
        tracker(recordings[0])  # imports, tables
        begun = time.process_time()
        rows = []
        for heard in spoilt.values():
            tally = Tally()
            for x, t, hz, none in zip(heard, times, truth, silent, strict=True):
                tally.add(hz, none, _at(tracker(x), t))
            rows.append(f"{tally.row():>30}")
        cost = (time.process_time() - begun) / len(CONDITIONS) / length * 1000
        print(f"{name:14}" + "".join(rows) + f"{cost:18.2f}", flush=True)


def glide(start_hz: float, end_hz: float, seconds: float = 2.0) -> tuple[Samples, npt.NDArray[np.float64]]:
    """A buzz with harmonics that fall by 6 dB an octave, and its pitch at every sample."""
    hz = np.geomspace(start_hz, end_hz, round(seconds * RATE))
    phase = 2 * np.pi * np.cumsum(hz) / RATE
    wave = sum(np.sin(k * phase) / k * (k * hz < 7000) for k in range(1, 100))
    return np.asarray(0.1 * wave, np.float32), hz


def _sounds(trackers: dict[str, Tracker]) -> None:
    glides = [(70, 110), (90, 180), (120, 80), (180, 360), (450, 220)]
    print("glides: worst error in semitones (% of frames found), as they are · over a telephone")
    for name, tracker in trackers.items():
        cells = []
        for start, end in glides:
            samples, hz = glide(start, end)
            times = np.arange(0.05, 1.95, STEP_S)
            truth = hz[np.round(times * RATE).astype(int)]
            parts = []
            for heard in (samples, corpus.telephone(samples)):
                found = _at(tracker(heard), times)
                known = ~np.isnan(found)
                off = np.abs(12 * np.log2(found[known] / truth[known]))
                parts.append(f"{off.max(initial=0):5.2f} ({100 * known.mean():3.0f})")
            cells.append(f"  {start}→{end} Hz: " + " · ".join(parts))
        print(f"{name:14}" + "".join(cells), flush=True)
    print("% of frames taken for a voice")
    kinds = [k for k in SOUNDS if k not in ("melody",)]
    print(f"{'':14}" + "".join(f"{kind:>18}" for kind in kinds))
    for name, tracker in trackers.items():
        share = [100 * np.mean(~np.isnan(tracker(SOUNDS[kind](5.0))[1])) for kind in kinds]
        print(f"{name:14}" + "".join(f"{s:18.1f}" for s in share), flush=True)


def _cost(folder: Path, part: str, seconds: float) -> None:
    from qc.asr.engines.registry import open_transcriber
    from qc.asr.pack import windows
    from qc.asr.service import SPEECH, WINDOWS_AT_ONCE
    from qc.asr.sound.detect import SpeechDetector
    from qc.asr.sound.level import LevelMeter
    from qc.domain.config import AsrConfig

    call = corpus.call(corpus.read(folder, part)).samples[:, : round(seconds * RATE)]
    blocks: Sequence[Samples] = [call[:, i : i + 16 * RATE] for i in range(0, call.shape[1], 16 * RATE)]
    transcriber = open_transcriber(AsrConfig(engine="openai-whisper", device="cpu"))
    spans = _timed("detection", lambda: _spans(SpeechDetector(2), blocks, SPEECH), seconds)
    _timed("levels", lambda: [meter.feed(b) for meter in (LevelMeter(2),) for b in blocks], seconds)
    _timed("pitch", lambda: [meter.feed(b) for meter in (PitchMeter(spans),) for b in blocks], seconds)
    queue = list(windows(blocks, spans))
    list(transcriber.transcribe(queue[:1]))  # imports, warm-up
    batches = [queue[i : i + WINDOWS_AT_ONCE] for i in range(0, len(queue), WINDOWS_AT_ONCE)]
    _timed("recognition", lambda: [list(transcriber.transcribe(b)) for b in batches], seconds)


def _spans(detector, blocks, options):  # type: ignore[no-untyped-def]
    for block in blocks:
        detector.feed(block)
    return detector.spans(options)


def _timed(name: str, work: Callable[[], object], seconds: float):  # type: ignore[no-untyped-def]
    begun = time.process_time()
    out = work()
    print(f"{name:12} {(time.process_time() - begun) / seconds * 1000:7.2f} CPU ms a second of call", flush=True)
    return out


if __name__ == "__main__":
    main()
