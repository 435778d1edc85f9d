"""How fast can this machine hear? Each engine and precision at hand decodes a batch of windows of the sample call."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from qc.asr.engines.conformance import CALL
from qc.asr.engines.measured import Measured
from qc.asr.engines.registry import AUTO, FASTER, OPENAI, is_able, open_transcriber
from qc.asr.engines.transcriber import Window
from qc.asr.engines.whisper import BATCHES
from qc.asr.pack import windows
from qc.asr.sound.audio import RATE, open_audio
from qc.asr.sound.detect import SpeechDetector, SpeechOptions
from qc.domain.config import AsrConfig

_PRECISIONS = {OPENAI: ("fp32", "fast"), FASTER: ("fast",)}
"""CTranslate2 is at its fastest with 8 bits on every processor; openai-whisper only where there are instructions."""
AT_ONCE = BATCHES["cpu"]
"""Windows, as in a night: decoded one by one they cost twice as much a second, and not every engine gains alike."""


def candidates(config: AsrConfig) -> list[AsrConfig]:
    """What `config` leaves open: engines of ours that can read its model, in their precisions."""
    engines = [name for name in _PRECISIONS if config.engine in (AUTO, name) and is_able(name, config)]
    return [
        replace(config, engine=name, precision=precision, device="cpu")
        for name in engines
        for precision in (_PRECISIONS[name] if config.precision == "auto" else (config.precision,))
    ]


def measure(candidates: Sequence[AsrConfig], longest_s: float) -> Iterator[Measured]:
    """One measurement per candidate, in CPU seconds; after `longest_s` of them in all none is begun any more."""
    begun = time.process_time()
    for config in candidates:
        if time.process_time() - begun > longest_s:
            return
        transcriber = open_transcriber(config)
        transcriber.transcribe([_first_second()])  # what is only done the first time
        before = time.process_time()
        transcriber.transcribe([_window()] * AT_ONCE)
        spent = time.process_time() - before
        speech = AT_ONCE * sum(p.length for p in _window().pieces) / RATE
        yield Measured(engine=config.engine, precision=config.precision, cost=round(spent / speech, 4))


@cache
def _window() -> Window:
    """What one speaker of the call says."""
    speech = np.concatenate(list(open_audio(CALL).blocks()), axis=1)[:1]
    detector = SpeechDetector(1)
    detector.feed(speech)
    return next(windows([speech], detector.spans(SpeechOptions())))


def _first_second() -> Window:
    piece = replace(_window().pieces[0], length=RATE)
    return Window(audio_channel=0, samples=_window().samples[: piece.offset + RATE], pieces=(piece,))
