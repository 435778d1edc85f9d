"""openai-whisper as a Transcriber. The only package that imports whisper and torch."""

from __future__ import annotations

from qc.asr.engines.languages import check_language
from qc.asr.engines.transcriber import AsrIdentity, Transcriber
from qc.asr.engines.whisper.engine import WhisperOptions, WhisperTranscriber, engine_name
from qc.asr.engines.whisper.precision import gpu_count, resolve, resolve_device
from qc.asr.models.weights import find_model
from qc.domain.config import AsrConfig

BEAMS = {"fast": 3, "accurate": 5}
"""Beam width of each preset. Measured on 882 characters of read speech in two orders, clean · telephone, processor time
of the decoder alone: two beams without words to judge them 9.7 · 12.0 % wrong in 26 s, with them 9.3 · 11.2 % in 26 s,
three 8.5 · 10.2 % in 36 s, five 7.8 · 9.7 % in 40 s, eight 7.7 · 9.9 % in 64 s; five without words 9.1 · 10.7 % in
42 s."""
BATCHES = {"cpu": 8, "cuda": 16}
"""Windows decoded together: on a processor more gain nothing; a GPU gets all that come at once. Not by the memory that
happens to be free: the batch is part of a transcript's identity, for sums differ a little with it."""


def identify(config: AsrConfig) -> AsrIdentity:
    """As `qc.asr.engines.registry.Engine` asks: without loading anything."""
    return AsrIdentity(engine=engine_name(), model=find_model(config.model).id, options=_options(config).id)


def open(config: AsrConfig) -> Transcriber:
    """As `qc.asr.engines.registry.Engine` asks: loads the model (seconds, some 500 MB)."""
    return WhisperTranscriber(find_model(config.model), _options(config))


def most_workers(config: AsrConfig) -> int | None:
    """How many processes may hear at once: one per GPU where one is used; None: as many as there are cores."""
    return gpu_count() if resolve_device(config.device) == "cuda" else None


def _options(config: AsrConfig) -> WhisperOptions:
    device = resolve_device(config.device)
    return WhisperOptions(
        language=check_language(config.language),
        beam_size=BEAMS[config.preset],
        batch_size=config.batch_size or BATCHES[device],
        device=device,
        precision=resolve(config.precision, device),
        word_times=config.word_times,
        prompt=config.prompt,
    )
