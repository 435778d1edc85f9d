"""Recording, Transcript and Segment: what stands before a conversation."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from qc.domain.conversation import CallMeta, Channel, Mark, Role, Source, Word
from qc.domain.failure import Failure, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenTranscript:
    """A transcript that another recogniser made, in a file beside the recording. `path` as Source has it, `file` the
    path to open, `format` as that of a document. `settings`: a digest of those its reader goes by."""

    path: str
    file: str
    format: str
    sha256: str
    settings: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """录音: one audio file on disk and what is known of the call. `file` is the path to open. `given`: its transcript,
    where it is to be taken instead of heard."""

    conversation_id: str
    file: str
    project: str
    channel: Channel
    meta: CallMeta
    source: Source
    given: GivenTranscript | None = None

    @property
    def content(self) -> str:
        """The digest of all that its transcript is made from: the audio, the transcript given with it, and how that is
        read."""
        if (given := self.given) is None:
            return self.source.sha256
        parts = (self.source.sha256, given.sha256, given.format, given.settings)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def unheard(self, kind: str, message: str, *, retryable: bool = False, quarantined: bool = False) -> Failure:
        """Why there is no transcript of it; `kind` and `message` as Failure has them."""
        return Failure(
            input=self.source.path,
            conversation_id=self.conversation_id,
            stage=Stage.ASR,
            kind=kind,
            message=message,
            retryable=retryable,
            quarantined=quarantined,
            sha256=self.source.sha256,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A phrase as the recogniser heard it, times from the start of the recording, `confidence` in 0..1.

    A suspected invention (stock phrase on silence, loop) is kept with confidence 0.0. `energy_db` is its level in dBFS
    (see `qc.asr.sound.level`), `pitch_hz` and `pitch_range_st` the median and the spread of its fundamental frequency,
    measured on `voiced_ms` of it (see `qc.asr.sound.prosody`); None where no audio was measured. `speaker` counts the
    voices of a channel that several share, from 0; None where one speaks or nobody could tell. `words`: their times,
    where asked for. `marks`: what clean-up did (`qc.asr.wording.readable`); a transcript in the cache has none, it
    holds what was heard.
    """

    start_ms: int
    end_ms: int
    text: str
    confidence: float
    energy_db: float | None = None
    pitch_hz: float | None = None
    pitch_range_st: float | None = None
    voiced_ms: int = 0
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
    """转写: the ASR output of one recording. `sha256` identifies the audio; engine, model and options the way. `roles`:
    that of each `Segment.speaker`, where whoever made the transcript said so."""

    sha256: str
    duration_ms: int
    sample_rate: int
    codec: str
    engine: str
    model: str
    options: str
    channels: tuple[ChannelTranscript, ...]
    roles: tuple[Role, ...] = ()
