"""WhisperX: {segments: [{start, end, text, speaker?, words?: [{word, start?, end?, score?}]}], word_segments?}.

Seconds. `speaker` is SPEAKER_00 … from diarisation, which does not tell who is the agent: UNKNOWN, unless renamed.
"""

from __future__ import annotations

from collections.abc import Iterator

from qc.ingest.draft import Draft, spoken
from qc.ingest.json_value import JsonObject, label, mean, millis, objects, probability, words
from qc.ingest.roles import role_of


def matches(value: JsonObject) -> bool:
    """Segments with words and scores or speakers; asked after whisper and FunASR."""
    segments = value.get("segments")
    if not isinstance(segments, list) or not all(isinstance(s, dict) and "text" in s for s in segments[:3]):
        return False
    return "word_segments" in value or ("language" in value and "text" not in value)


def read(value: JsonObject) -> Iterator[Draft]:
    """One conversation."""
    turns = (
        spoken(
            role_of(label(segment.get("speaker")) or ""),
            words(segment.get("text"), f"segments 第 {n} 段的 text"),
            millis(segment.get("start"), 1000),
            millis(segment.get("end"), 1000),
            confidence=_confidence(segment),
        )
        for n, segment in enumerate(objects(value.get("segments"), "segments"), 1)
    )
    yield Draft(format="whisperx", turns=tuple(turns))


def _confidence(segment: JsonObject) -> float | None:
    said = objects(segment.get("words"), "words")
    return mean([p for w in said if (p := probability(w.get("score"))) is not None])
