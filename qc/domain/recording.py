"""Recording, Transcript and Segment: what stands before a conversation."""

from __future__ import annotations

from dataclasses import dataclass

from qc.domain.conversation import CallMeta, Channel, Mark, Source, Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """录音: one audio file on disk and what is known of the call. `file` is the path to open."""

    conversation_id: str
    file: str
    project: str
    channel: Channel
    meta: CallMeta
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A phrase as the recogniser heard it, times from the start of the recording, `confidence` in 0..1.

    A suspected invention (stock phrase on silence, loop) is kept with confidence 0.0. `energy_db` is its level in dBFS
    (see `qc.asr.level`); None where no audio was measured. `speaker` counts the voices of a channel that several share,
    from 0; None where one speaks or nobody could tell. `words`: their times, where asked for. `marks`: what clean-up
    did (`qc.asr.readable`); a transcript in the cache has none, it holds what was heard.
    """

    start_ms: int
    end_ms: int
    text: str
    confidence: float
    energy_db: float | None = None
    speaker: int | None = None
    words: tuple[Word, ...] = ()
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTranscript:
    """All segments of one audio channel, in time order; `speech_ms` is what speech detection found."""

    audio_channel: int
    segments: tuple[Segment, ...]
    speech_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """转写: the ASR output of one recording. `sha256` identifies the audio; engine, model and options the way."""

    sha256: str
    duration_ms: int
    sample_rate: int
    codec: str
    engine: str
    model: str
    options: str
    channels: tuple[ChannelTranscript, ...]
