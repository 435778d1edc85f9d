"""What a speech recogniser is to the rest of qc: windows of speech in, phrases out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from qc.asr.sound.audio import Samples
from qc.domain.recording import Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One stretch of detected speech inside a window. All in samples at 16 kHz: `offset` from the start of the
    window, `start` from the start of the recording; the same `length` in both."""

    offset: int
    start: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Speech of one audio channel, packed into some 16 s (at most 26). `samples`: float32 [n] at 16 kHz; `pieces` in
    order."""

    audio_channel: int
    samples: Samples
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Text heard in samples `start`..`end` of a window (16 kHz).

    `confidence` in 0..1: the share of its characters that are right, as the engine believes; 0.0 marks a suspected
    invention. `words`: where asked for.
    """

    start: int
    end: int
    text: str
    confidence: float
    words: tuple[HeardWord, ...] = ()


@dataclass(frozen=True, slots=True)
class HeardWord:
    """Characters `first`..`last` (exclusive) of a phrase's text, heard in samples `start`..`end` of the window."""

    first: int
    last: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AsrIdentity:
    """What lineage says of a transcript besides its audio: the recogniser and its version, its weights, and everything
    else that moves its output."""

    engine: str
    model: str
    options: str

    def key(self, sha256: str) -> str:
        """The cache key of the transcript that this makes of that audio: 64 hex digits."""
        parts = (sha256, self.engine, self.model, self.options)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def key_of(self, recording: Recording) -> str:
        """The cache key of the transcript of `recording`. That of one given with it begins with the key of the audio:
        all the cache has of a recording is found by its audio alone."""
        own = self.key(recording.source.sha256)
        return own if recording.given is None else f"{own}-{recording.content}"


class Transcriber(Protocol):
    """A recogniser. The same windows in the same call give the same phrases.

    `name`: the engine and its version; `model_id`: the weights; `options_id`: everything else that moves its output.
    """

    @property
    def name(self) -> str: ...

    @property
    def model_id(self) -> str: ...

    @property
    def options_id(self) -> str: ...

    def transcribe(self, windows: Sequence[Window]) -> list[list[Phrase]]:
        """Phrases of each window, in time order, in the order of `windows`."""
        ...
