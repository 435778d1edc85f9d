"""Recordings → transcripts. What a worker process of the pipeline calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from qc.asr.engines import registry as engines
from qc.asr.engines.conformance import BrokenPromiseError
from qc.asr.engines.registry import open_transcriber as open_transcriber
from qc.asr.engines.transcriber import AsrIdentity as AsrIdentity
from qc.asr.engines.transcriber import Transcriber, Window
from qc.asr.pack import place, windows
from qc.asr.sound.audio import RATE, Audio, AudioError, open_audio
from qc.asr.sound.bleed import LeakMeter
from qc.asr.sound.detect import Span, SpeechDetector, SpeechOptions
from qc.asr.sound.level import LevelMeter
from qc.asr.sound.prosody import PitchMeter
from qc.asr.speakers.voices.attribute import attributed
from qc.asr.speakers.voices.talk import VoiceListener, shared_channel
from qc.domain.config import AsrConfig
from qc.domain.failure import Failure
from qc.domain.recording import ChannelTranscript, Recording, Segment, Transcript

SPEECH = SpeechOptions()
SAME = 1e-3
"""Two channels that never differ by more are one microphone written twice."""
WINDOWS_AT_ONCE = 16
STEPS = "silero-vad,again1,level1,pack17,v4,bleed1,voices1,prosody1"
"""Names what happens around the recogniser; raise the number when a change there moves transcripts."""


def identify(config: AsrConfig) -> AsrIdentity:
    """The identity of transcripts made by `open_transcriber(config)`, without loading it (0.2 s: weights are hashed).
    Raises UsageError when the engine or its weights are missing."""
    return _with_steps(engines.identify(config))


def identity_of(transcriber: Transcriber) -> AsrIdentity:
    """The identity of transcripts that this transcriber makes here."""
    return _with_steps(AsrIdentity(engine=transcriber.name, model=transcriber.model_id, options=transcriber.options_id))


def _with_steps(heard: AsrIdentity) -> AsrIdentity:
    return replace(heard, options=f"{heard.options};{STEPS}")


def transcribe_recordings(
    recordings: Iterable[Recording], transcriber: Transcriber, max_duration_s: float
) -> Iterator[tuple[Recording, Transcript | Failure]]:
    """One result per recording, in order. A bad recording gives a Failure and never stops the others; one without
    speech gives a Transcript without segments. A recording's transcript does not depend on its neighbours."""
    for recording in recordings:
        try:
            yield recording, transcribe(recording, transcriber, max_duration_s)
        except AudioError as e:
            yield recording, recording.unheard(e.kind, e.message, retryable=e.retryable)


def transcribe(recording: Recording, transcriber: Transcriber, max_duration_s: float) -> Transcript:
    """Raises AudioError."""
    identity = identity_of(transcriber)
    audio = open_audio(recording.file, max_duration_s)
    spans, samples, meter = _speech(audio)
    segments: list[list[Segment]] = [[] for _ in spans]
    voices = VoiceListener(shared_channel(spans))
    pitch = PitchMeter(spans)
    for batch in _batches(windows(pitch.listening(audio.blocks()), spans)):
        _transcribe(batch, transcriber, segments)
        voices.feed(batch)
    if voices.channel is not None:
        segments[voices.channel] = attributed(segments[voices.channel], voices.spoken())
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
                segments=pitch.measured(i, meter.measured(i, tuple(sorted(own, key=lambda s: (s.start_ms, s.end_ms))))),
                speech_ms=sum(s.end - s.start for s in spans[i]) * 1000 // RATE,
            )
            for i, own in enumerate(segments)
        ),
    )


def _speech(audio: Audio) -> tuple[list[tuple[Span, ...]], int, LevelMeter]:
    """Speech per channel less what leaked from another, the length in samples, and the levels. Channels that are copies
    of each other are one."""
    detector, meter, leaks = SpeechDetector(audio.channels), LevelMeter(audio.channels), LeakMeter(audio.channels)
    difference = peak = 0.0
    for block in audio.blocks():
        detector.feed(block)
        meter.feed(block)
        leaks.feed(block)
        difference = max(difference, float(np.abs(block[1:] - block[:1]).max(initial=0.0)))
        peak = max(peak, float(np.abs(block).max(initial=0.0)))
    spans = detector.spans(SPEECH)
    same = audio.channels > 1 and difference <= min(SAME, peak / 10)  # two soft voices do not differ by much either
    return (spans[:1] if same else leaks.without_leaks(spans)), detector.samples, meter


def _batches(queue: Iterable[Window]) -> Iterator[list[Window]]:
    batch: list[Window] = []
    for window in queue:
        batch.append(window)
        if len(batch) == WINDOWS_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _transcribe(batch: Sequence[Window], transcriber: Transcriber, segments: list[list[Segment]]) -> None:
    heard = transcriber.transcribe(batch)
    if len(heard) != len(batch) or not all(0 <= p.confidence <= 1 for found in heard for p in found):
        raise BrokenPromiseError("a list for each window, confidences in 0..1")  # it could not be stored
    for window, found in zip(batch, heard, strict=True):
        segments[window.audio_channel] += place(window, found)
