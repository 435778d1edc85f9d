"""A bad input is a row, not an exception."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    INGEST = "ingest"
    ASR = "asr"
    INSPECT = "inspect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One input that did not make it. `kind` is a stable slug (empty_file, not_audio, truncated, missing_recording,
    encoding, no_speech …), `message` one Chinese sentence without customer speech.

    `quarantined` marks inputs set aside because they broke a worker; the others failed cleanly.
    """

    input: str
    conversation_id: str | None
    stage: Stage
    kind: str
    message: str
    retryable: bool = False
    quarantined: bool = False
    sha256: str | None = None
