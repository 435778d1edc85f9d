"""Transcripts on disk, one JSON file per audio, engine, model and options: what was heard once is not heard again."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from qc.domain.conversation import Role, Word
from qc.domain.recording import ChannelTranscript, Segment, Transcript

_SCHEMA = 3


class TranscriptCache:
    """A folder of transcripts, readable by its owner only: it holds what customers said.

    Any number of processes may read and write it at once: a file appears whole or not at all.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> Transcript | None:
        """None when absent, damaged or of another format: then the recording is simply heard again."""
        try:
            data = json.loads(self._path(key).read_bytes())
            return _transcript(data["transcript"]) if data["schema"] == _SCHEMA else None
        except (OSError, ValueError, LookupError, TypeError):
            return None

    def put(self, key: str, transcript: Transcript) -> None:
        """Stores or replaces. Raises OSError when the disk is full or the folder not writable."""
        path = self._path(key)
        for folder in (self._folder, path.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        data = {"schema": _SCHEMA, "transcript": asdict(transcript)}
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")  # mkstemp: mode 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as f:
                json.dump(data, f, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.json"


def _transcript(data: dict[str, Any]) -> Transcript:
    channels = tuple(
        ChannelTranscript(**{**channel, "segments": tuple(_segment(s) for s in channel["segments"])})
        for channel in data["channels"]
    )
    roles = tuple(Role(role) for role in data.get("roles", ()))
    return Transcript(**{**data, "channels": channels, "roles": roles})


def _segment(data: dict[str, Any]) -> Segment:
    return Segment(
        start_ms=int(data["start_ms"]),
        end_ms=int(data["end_ms"]),
        text=str(data["text"]),
        confidence=float(data["confidence"]),
        energy_db=None if data["energy_db"] is None else float(data["energy_db"]),
        pitch_hz=None if data["pitch_hz"] is None else float(data["pitch_hz"]),
        pitch_range_st=None if data["pitch_range_st"] is None else float(data["pitch_range_st"]),
        voiced_ms=int(data["voiced_ms"]),
        speaker=None if data["speaker"] is None else int(data["speaker"]),
        words=tuple(Word(**word) for word in data["words"]),
    )
