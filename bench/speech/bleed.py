"""Cross-talk: how much of the other side is written into a channel, before and after leaks are removed.

usage: python -m bench.speech.bleed CORPUS [dev|held] [seconds]     (default: dev, 40 s)

A stereo call (bench/speech/corpus.py) gets a copy of each channel in the other, so much softer and later; clean, as a
telephone line, and with the second speaker starting 1.5 s early so that both talk at once. `wrong`: characters heard
on a channel while only the other speaks. `own`: characters heard on a channel while its own speaker speaks, which must
not drop.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.speech import corpus
from qc.asr.engines.transcriber import Transcriber
from qc.asr.pack import place, windows
from qc.asr.service import SPEECH, open_transcriber
from qc.asr.sound.audio import RATE
from qc.asr.sound.bleed import LeakMeter
from qc.asr.sound.detect import Span, SpeechDetector
from qc.domain.config import AsrConfig


def main(folder: Path, part: str, seconds: int) -> None:
    transcriber = open_transcriber(AsrConfig())
    talk = corpus.call(corpus.read(folder, part))
    print(f"{part}, {seconds} s; characters: wrong before → after, own before → after")
    for name, early_s, phone in (("clean", 0.0, False), ("telephone", 0.0, True), ("both talk", 1.5, False)):
        samples, said = _shifted(talk, seconds, round(early_s * RATE))
        for leak_db, delay_ms in ((None, 0), *((g, d) for g in (-12, -18, -26) for d in (0, 60, 150))):
            mixed = _leaked(samples, leak_db, delay_ms)
            heard = corpus.telephone(mixed) if phone else mixed
            detector, meter = SpeechDetector(2), LeakMeter(2)
            for at in range(0, heard.shape[1], 16 * RATE):
                detector.feed(heard[:, at : at + 16 * RATE])
                meter.feed(heard[:, at : at + 16 * RATE])
            spans = detector.spans(SPEECH)
            before = _characters(heard, spans, said, transcriber)
            after = _characters(heard, meter.without_leaks(spans), said, transcriber)
            leak = "no leak" if leak_db is None else f"{leak_db} dB {delay_ms:3} ms"
            print(
                f"  {name:10} {leak:14} wrong {before[0]:4} → {after[0]:4}   own {before[1]:4} → {after[1]:4}",
                flush=True,
            )


def _shifted(talk: corpus.Stream, seconds: int, early: int) -> tuple[corpus.Samples, list[corpus.Said]]:
    """The beginning of a call, the second channel `early` samples ahead, and a soft noise on both."""
    samples = talk.samples[:, : seconds * RATE].copy()
    if early:
        samples[1, :-early] = samples[1, early:]
        samples[1, -early:] = 0
    said = [
        corpus.Said(s.channel, s.speaker, s.text, s.start - early * s.channel, s.end - early * s.channel)
        for s in talk.said
        if s.start - early * s.channel < samples.shape[1]
    ]
    noise = np.random.default_rng(0).standard_normal(samples.shape)
    return np.asarray(samples + 3e-4 * noise, np.float32), said


def _leaked(samples: corpus.Samples, leak_db: float | None, delay_ms: int) -> corpus.Samples:
    out = samples.copy()
    if leak_db is not None:
        late = delay_ms * RATE // 1000
        for source in (0, 1):
            out[1 - source, late:] += samples[source, : samples.shape[1] - late] * 10 ** (leak_db / 20)
    return out


def _characters(
    samples: corpus.Samples, spans: Sequence[Sequence[Span]], said: Sequence[corpus.Said], transcriber: Transcriber
) -> tuple[int, int]:
    """Characters on the wrong channel and on the right one."""
    found = list(windows([samples], spans))
    wrong = own = 0
    for window, phrases in zip(found, transcriber.transcribe(found) if found else [], strict=True):
        for segment in place(window, phrases):
            inside = sum(
                max(min(segment.end_ms, s.end * 1000 // RATE) - max(segment.start_ms, s.start * 1000 // RATE), 0)
                for s in said
                if s.channel == window.audio_channel
            )
            letters = sum(map(str.isalnum, segment.text))
            if 2 * inside < segment.end_ms - segment.start_ms:
                wrong += letters
            else:
                own += letters
    return wrong, own


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        sys.argv[2] if len(sys.argv) > 2 else "dev",
        int(sys.argv[3]) if len(sys.argv) > 3 else 40,
    )
