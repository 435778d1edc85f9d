"""Runs of recordings that nobody hears: their transcripts lie in the cache."""

from __future__ import annotations

import wave
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from qc.asr.cache import TranscriptCache
from qc.asr.engines.transcriber import AsrIdentity
from qc.domain.recording import ChannelTranscript, Segment, Transcript
from qc.ingest.names import content_hash
from qc.paths import cache_dir
from qc.pipeline.run import TRANSCRIPTS
from qc.storage.read import StoredRun
from tests.backtest.stored import Centre

Line = tuple[int, str, float]
"""Channel, text, confidence; each takes two seconds, one after another."""


def recordings(folder: Path, names: Sequence[str]) -> Path:
    """Files that are recordings to the eye: each a little different."""
    folder.mkdir(parents=True)
    for i, name in enumerate(names):
        with wave.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(bytes([i + 1, 0, 0, 0]) * 800)
    return folder


def run(
    centre: Centre,
    source: Path,
    out: Path,
    engine: str,
    talks: Mapping[str, Sequence[Line]],
    monkeypatch: pytest.MonkeyPatch,
) -> StoredRun:
    """A run of the recordings as `engine` heard them: `talks` by file name without extension."""
    identity = AsrIdentity(engine=engine, model="none", options="o")
    monkeypatch.setattr("qc.asr.service.identify", lambda config: identity)
    cache = TranscriptCache(cache_dir() / TRANSCRIPTS)
    for name, lines in talks.items():
        digest = content_hash(source / f"{name}.wav")
        cache.put(identity.key(digest), _transcript(digest, lines, identity))
    return centre.run(source, out)


def _transcript(digest: str, lines: Sequence[Line], identity: AsrIdentity) -> Transcript:
    channels = tuple(
        ChannelTranscript(
            audio_channel=channel,
            segments=tuple(
                Segment(start_ms=i * 2000, end_ms=i * 2000 + 1900, text=text, confidence=confidence)
                for i, (own, text, confidence) in enumerate(lines)
                if own == channel
            ),
            speech_ms=2000,
        )
        for channel in sorted({0, 1, *(own for own, _, _ in lines)})
    )
    return Transcript(
        sha256=digest,
        duration_ms=len(lines) * 2000,
        sample_rate=8000,
        codec="pcm_16",
        engine=identity.engine,
        model=identity.model,
        options=identity.options,
        channels=channels,
    )
