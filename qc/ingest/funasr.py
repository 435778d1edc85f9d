"""FunASR: AutoModel results [{key, text, sentence_info: [{start, end, text|sentence, spk?}]}] and the command line's
{text, segments?, audio_duration_s, …} in ms; the server's verbose_json {task, language, duration, text, segments}
and /asr {text, segments, processing_time, rtf} in seconds.

Speakers come from diarisation (0, 1 …), which does not tell who is the agent: UNKNOWN. No confidence is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qc.domain.conversation import Turn
from qc.ingest.draft import Draft, spoken
from qc.ingest.json_value import JsonObject, label, millis, objects, words
from qc.ingest.roles import role_of

_TAG = re.compile(r"<\|[^|<>]{0,40}\|>")
"""SenseVoice writes language, emotion and event before the words: <|zh|><|NEUTRAL|><|Speech|>."""


_RESULT = {"key", "text", "timestamp", "timestamps", "words", "raw_text", "ctc_text", "ctc_timestamps", "text_tn"}
_INVENTED_KEY = "rand_key_"


def matches(value: JsonObject) -> bool:
    """Any of the four shapes."""
    if "sentence_info" in value:
        return True
    if "text" not in value:
        return False
    return "processing_s" in value or _is_server(value) or ("key" in value and value.keys() <= _RESULT)


def _is_server(value: JsonObject) -> bool:
    return {"segments", "duration"} <= value.keys() and ("task" in value or "rtf" in value)


def read(value: JsonObject) -> Iterator[Draft]:
    """One conversation; without sentence times, the whole text as one turn."""
    if "sentence_info" in value:
        turns = _turns(value, "sentence_info", 1)
    elif "segments" in value:
        turns = _turns(value, "segments", 1000 if _is_server(value) else 1)
    else:
        turns = ()
    if not turns:
        turns = (spoken(role_of(""), _words(value.get("text"), "text"), None, None),)
    key = label(value.get("key"))
    yield Draft(format="funasr", turns=turns, key=None if key and key.startswith(_INVENTED_KEY) else key)


def _turns(value: JsonObject, key: str, per_unit: int) -> tuple[Turn, ...]:
    return tuple(
        spoken(
            role_of(label(sentence.get("speaker")) or ""),
            _words(sentence.get("text") or sentence.get("sentence"), f"{key} 第 {n} 句"),
            millis(sentence.get("start"), per_unit),
            millis(sentence.get("end"), per_unit),
        )
        for n, sentence in enumerate(objects(value.get(key), key), 1)
    )


def _words(value: object, place: str) -> str:
    return _TAG.sub("", words(value, place)).strip()
