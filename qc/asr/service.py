"""Recordings → transcripts. What a worker process of the pipeline calls."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from qc.asr import weights
from qc.asr.audio import RATE, Audio, AudioError, Samples, open_audio
from qc.asr.detect import Span, SpeechDetector, SpeechOptions
from qc.asr.level import LevelMeter
from qc.asr.pack import place, windows
from qc.asr.transcriber import Transcriber, Window
from qc.asr.whisper_engine.engine import WhisperOptions, WhisperTranscriber, engine_name
from qc.asr.whisper_engine.precision import resolve
from qc.domain.config import AsrConfig
from qc.domain.failure import Failure, Stage
from qc.domain.recording import ChannelTranscript, Recording, Segment, Transcript
from qc.errors import UsageError

SPEECH = SpeechOptions()
SAME = 1e-3
"""Two channels that never differ by more are one microphone written twice."""
WINDOWS_AT_ONCE = 16
STEPS = "silero-vad,pack29,v2"
"""Names what happens around the recogniser; raise the number when a change there moves transcripts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsrIdentity:
    """What lineage says of a transcript besides its audio."""

    engine: str
    model: str
    options: str

    def key(self, audio_sha256: str) -> str:
        """The cache key of the transcript that this makes of that audio: 64 hex digits."""
        parts = (audio_sha256, self.engine, self.model, self.options)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def identify(config: AsrConfig) -> AsrIdentity:
    """The identity of what `open_transcriber(config)` would make, without loading it (0.2 s: weights are hashed).
    Raises UsageError when the engine or its weights are missing."""
    return _identity(engine_name(), weights.find_model(config.model).id, _options(config).id)


def _identity(engine: str, model: str, options: str) -> AsrIdentity:
    return AsrIdentity(engine=engine, model=model, options=f"{options};{STEPS}")


def open_transcriber(config: AsrConfig) -> Transcriber:
    """Loads the model (seconds, some 500 MB). Raises UsageError, saying what to do."""
    return WhisperTranscriber(weights.find_model(config.model), _options(config))


def transcribe_recordings(
    recordings: Iterable[Recording], transcriber: Transcriber, max_duration_s: float
) -> Iterator[tuple[Recording, Transcript | Failure]]:
    """One result per recording, in order. A bad recording gives a Failure and never stops the others; one without
    speech gives a Transcript without segments. A recording's transcript does not depend on its neighbours."""
    for recording in recordings:
        try:
            yield recording, transcribe(recording, transcriber, max_duration_s)
        except AudioError as e:
            yield recording, _failure(recording, e)


def transcribe(recording: Recording, transcriber: Transcriber, max_duration_s: float) -> Transcript:
    """Raises AudioError."""
    identity = _identity(transcriber.name, transcriber.model_id, transcriber.options_id)
    audio = open_audio(recording.file, max_duration_s)
    spans, samples, meter = _speech(audio)
    segments: list[list[Segment]] = [[] for _ in spans]
    batch: list[Window] = []
    queue = windows(audio.blocks(), spans)
    for window in queue:
        batch.append(window)
        if len(batch) == WINDOWS_AT_ONCE:
            _transcribe(batch, transcriber, segments)
            batch = []
    _transcribe(batch, transcriber, segments)
    return Transcript(
        sha256=recording.source.sha256,
        duration_ms=samples * 1000 // RATE,
        sample_rate=audio.source_rate,
        codec=audio.codec,
        engine=identity.engine,
        model=identity.model,
        options=identity.options,
        channels=tuple(
            ChannelTranscript(
                audio_channel=i,
                segments=meter.measured(i, tuple(sorted(own, key=lambda s: (s.start_ms, s.end_ms)))),
                speech_ms=sum(s.end - s.start for s in spans[i]) * 1000 // RATE,
            )
            for i, own in enumerate(segments)
        ),
    )


def _speech(audio: Audio) -> tuple[list[tuple[Span, ...]], int, LevelMeter]:
    """Speech per channel, the length in samples, and the levels. Channels that are copies of each other are one."""
    detector, meter = SpeechDetector(audio.channels), LevelMeter(audio.channels)
    same = audio.channels > 1
    for block in audio.blocks():
        detector.feed(block)
        meter.feed(block)
        same = same and _same(block)
    spans = detector.spans(SPEECH)
    return (spans[:1] if same else spans), detector.samples, meter


def _same(block: Samples) -> bool:
    return bool(np.abs(block[1:] - block[:1]).max(initial=0.0) < SAME)


def _transcribe(batch: Sequence[Window], transcriber: Transcriber, segments: list[list[Segment]]) -> None:
    for window, found in zip(batch, transcriber.transcribe(batch) if batch else [], strict=True):
        segments[window.audio_channel] += place(window, found)


def _failure(recording: Recording, error: AudioError) -> Failure:
    return Failure(
        input=recording.source.path,
        conversation_id=recording.conversation_id,
        stage=Stage.ASR,
        kind=error.kind,
        message=error.message,
        retryable=error.retryable,
        sha256=recording.source.sha256,
    )


def _options(config: AsrConfig) -> WhisperOptions:
    if config.engine not in ("auto", "openai-whisper"):
        raise UsageError(f"不认识的转写引擎 {config.engine}。", "asr.engine 目前只能写 openai-whisper。")
    precision = resolve(config.precision)
    return WhisperOptions(language=config.language, batch_size=config.batch_size or 8, precision=precision)
