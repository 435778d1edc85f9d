"""Transcripts on disk, one JSON file per audio, engine, model and options: what was heard once is not heard again."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from qc.domain.conversation import Role, Word
from qc.domain.recording import ChannelTranscript, Segment, Transcript
from qc.paths import make_private, planted

_SCHEMA = 4
_UNSIGNED = 3
"""Entries of earlier versions have no digest; what they hold is still what was heard."""
_BODY = b',"transcript":'


class TranscriptCache:
    """A folder of transcripts, readable by its owner only: it holds what customers said.

    Any number of processes may read and write it at once: a file appears whole or not at all.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> Transcript | None:
        """None when absent, damaged, of another format or perhaps put there by another user: then the recording is
        simply heard again. What comes out can be judged and stored, whatever the file says."""
        try:
            with self.path(key).open("rb") as file:
                if planted(os.fstat(file.fileno()), self._folder):
                    return None
                raw = file.read()
            data = json.loads(raw)
            sound = data["schema"] == _UNSIGNED or (data["schema"] == _SCHEMA and data["sha256"] == _digest(key, raw))
            return _transcript(data["transcript"]) if sound else None
        except (OSError, ValueError, ArithmeticError, LookupError, TypeError, AttributeError, RecursionError):
            return None

    def put(self, key: str, transcript: Transcript) -> None:
        """Stores or replaces. Raises OSError when the disk is full or the folder not writable."""
        path = self.path(key)
        make_private(path.parent)
        body = json.dumps(asdict(transcript), ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
        body = _BODY + body + b"}"
        head = json.dumps({"schema": _SCHEMA, "sha256": _digest(key, body)}, separators=(",", ":")).encode()
        temporary = None
        try:
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")  # mkstemp: mode 0600
            with os.fdopen(handle, "wb") as f:
                f.write(head[:-1] + body)
            Path(temporary).replace(path)
        except BaseException as error:
            if temporary is not None:
                Path(temporary).unlink(missing_ok=True)
            if isinstance(error, OSError) and error.errno is not None:  # names the entry: a full disk says none
                raise OSError(error.errno, os.strerror(error.errno), str(path)) from error
            raise

    def path(self, key: str) -> Path:
        """Where the transcript of that key lies, or would."""
        return self._folder / key[:2] / f"{key}.json"


def _digest(key: str, raw: bytes) -> str:
    """SHA-256 over the entry's key and its transcript as written: one that was damaged, or stands under another name,
    is none, although it may still be JSON."""
    return hashlib.sha256(key.encode() + raw[raw.find(_BODY) :]).hexdigest()


def _transcript(data: dict[str, Any]) -> Transcript:
    channels = tuple(
        ChannelTranscript(
            audio_channel=_whole(channel["audio_channel"]),
            segments=tuple(map(_segment, channel["segments"])),
            speech_ms=_whole(channel["speech_ms"]),
        )
        for channel in data["channels"]
    )
    roles = tuple(Role(role) for role in data.get("roles", ()))
    voices = [s.speaker for channel in channels for s in channel.segments if s.speaker is not None]
    if roles and max(voices, default=0) >= len(roles):
        raise ValueError
    return Transcript(
        **{name: _text(data[name]) for name in ("sha256", "codec", "engine", "model", "options")},
        duration_ms=_whole(data["duration_ms"]),
        sample_rate=_whole(data["sample_rate"]),
        channels=channels,
        roles=roles,
    )


def _segment(data: dict[str, Any]) -> Segment:
    text = _text(data["text"])
    return Segment(
        start_ms=_whole(data["start_ms"]),
        end_ms=_whole(data["end_ms"]),
        text=text,
        confidence=_number(data["confidence"], 0, 1),
        energy_db=None if data["energy_db"] is None else _number(data["energy_db"], -1000, 1000),
        pitch_hz=None if data["pitch_hz"] is None else _number(data["pitch_hz"], 1e-3, 1e6),
        pitch_range_st=None if data["pitch_range_st"] is None else _number(data["pitch_range_st"], 0, 1000),
        voiced_ms=_whole(data["voiced_ms"]),
        speaker=None if data["speaker"] is None else _whole(data["speaker"]),
        words=tuple(_word(word, len(text)) for word in data["words"]),
    )


def _word(data: dict[str, Any], length: int) -> Word:
    start, end = _whole(data["start"]), _whole(data["end"])
    if not start <= end <= length:
        raise ValueError
    return Word(start=start, end=end, start_ms=_whole(data["start_ms"]), end_ms=_whole(data["end_ms"]))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    value.encode()  # half a character cannot be stored
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value < 1 << 31:
        raise ValueError
    return value


def _number(value: object, least: float, most: float) -> float:
    if not isinstance(value, int | float) or not least <= value <= most:  # nor is NaN
        raise ValueError
    return float(value)
