"""openai-whisper: {text, segments: [{start, end, text, avg_logprob, words?: [{word, probability}]}], language}.

Seconds. No speakers: roles are UNKNOWN.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from qc.domain.conversation import Role
from qc.ingest.draft import Draft, spoken
from qc.ingest.json_value import JsonObject, mean, millis, objects, probability, words
from qc.ingest.moments import number

_MARKS = ("seek", "no_speech_prob", "compression_ratio", "temperature", "tokens")
_EMPTY = {"text", "segments", "language"}


def matches(value: JsonObject) -> bool:
    """Segments carrying the decoder's own measures; WhisperX and FunASR have none of them."""
    segments = value.get("segments")
    if not isinstance(segments, list) or "language" not in value:
        return False
    first = segments[0] if segments else None
    return (isinstance(first, dict) and any(m in first for m in _MARKS)) or (not segments and set(value) == _EMPTY)


def read(value: JsonObject) -> Iterator[Draft]:
    """One conversation."""
    turns = (
        spoken(
            Role.UNKNOWN,
            words(segment.get("text"), f"segments 第 {n} 段的 text"),
            millis(segment.get("start"), 1000),
            millis(segment.get("end"), 1000),
            confidence=_confidence(segment),
        )
        for n, segment in enumerate(objects(value.get("segments"), "segments"), 1)
    )
    yield Draft(format="whisper", turns=tuple(turns))


def _confidence(segment: JsonObject) -> float | None:
    """Mean probability of the words where given, else of the tokens (avg_logprob)."""
    said = objects(segment.get("words"), "words")
    known = [p for w in said if (p := probability(w.get("probability"))) is not None]
    if known:
        return mean(known)
    try:
        return min(1.0, round(math.exp(number(segment.get("avg_logprob"))), 4))
    except (ValueError, OverflowError):
        return None
