"""Alibaba Cloud 智能对话分析 (SCA): the dialogues one uploads (`dialogue`, alone or in `tickets`) and what GetResult
returns (`Data.ResultInfo[].AsrResult.AsrResult[]`). Times in ms from the start of the conversation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import PurePosixPath

from qc.domain.conversation import CallMeta, Channel, Turn
from qc.ingest.details import Details
from qc.ingest.draft import Draft, spoken
from qc.ingest.json_value import JsonObject, ShapeError, label, millis, objects, parse_json, words
from qc.ingest.moments import moment
from qc.ingest.names import AUDIO_SUFFIXES, stem_of
from qc.ingest.roles import role_of

_USED = frozenset({"tid", "dialogue", "customerServiceName", "customerServiceId", "skillGroupName", "jsonParamStr"})


def matches(value: JsonObject) -> bool:
    """A `dialogue` of sentences with `words`, tickets of such, or a GetResult response."""
    if isinstance(tickets := value.get("tickets"), list):
        return any(isinstance(t, dict) and "dialogue" in t for t in tickets[:1])
    if isinstance(dialogue := value.get("dialogue"), list):
        return not dialogue or (isinstance(dialogue[0], dict) and "words" in dialogue[0])
    return _results(value) is not None


def _results(value: JsonObject) -> object:
    data = value.get("Data")
    return data.get("ResultInfo") if isinstance(data, dict) else None


def read(value: JsonObject) -> Iterator[Draft]:
    """One conversation per dialogue or result."""
    if "tickets" in value:
        for ticket in objects(value["tickets"], "tickets"):
            yield _uploaded(ticket)
    elif "dialogue" in value:
        yield _uploaded(value)
    else:
        for result in objects(_results(value), "Data.ResultInfo"):
            yield _returned(result)


def _uploaded(value: JsonObject) -> Draft:
    sentences = objects(value.get("dialogue"), "dialogue")
    turns = tuple(_turn(s, n, "role", "identity", "words", "begin", "end") for n, s in enumerate(sentences, 1))
    # 0: typed at once, begin equals end; a call has lengths
    typed = bool(turns) and all(t.start_ms is not None and t.start_ms == t.end_ms for t in turns)
    meta = CallMeta(
        agent_id=label(value.get("customerServiceId")),
        agent_name=label(value.get("customerServiceName")),
        team=label(value.get("skillGroupName")),
        started_at=_started(sentences),
        extra=_extra(value),
    )
    details = Details(conversation_id=label(value.get("tid")), meta=meta)
    return Draft(format="sca", turns=turns, details=details, channel=Channel.CHAT if typed else None)


def _returned(result: JsonObject) -> Draft:
    wrapper = result.get("AsrResult")
    # the API wraps every list in an object of the same name
    inner = wrapper.get("AsrResult") if isinstance(wrapper, dict) else wrapper
    sentences = objects(inner, "AsrResult.AsrResult")
    recording = result.get("Recording")
    name = label(recording.get("Name")) if isinstance(recording, dict) else None
    if name and PurePosixPath(name).suffix.lower() in AUDIO_SUFFIXES:
        name = stem_of(name)
    return Draft(
        format="sca",
        turns=tuple(_turn(s, n, "Role", "Identity", "Words", "Begin", "End") for n, s in enumerate(sentences, 1)),
        details=Details(conversation_id=name, meta=CallMeta(extra=_scalars(result, ("TaskId", "Score")))),
    )


def _turn(sentence: JsonObject, n: int, role: str, identity: str, text: str, begin: str, end: str) -> Turn:
    return spoken(
        role_of(label(sentence.get(role)) or label(sentence.get(identity)) or ""),
        words(sentence.get(text), f"第 {n} 句的 {text}"),
        millis(sentence.get(begin)),
        millis(sentence.get(end)),
    )


def _started(sentences: Sequence[JsonObject]) -> str | None:
    """`beginTime` is when the sentence began; the conversation began `begin` earlier."""
    for sentence in sentences:
        begin = millis(sentence.get("begin"))
        if begin is None:
            continue
        try:
            start = moment(sentence.get("beginTime")) - timedelta(milliseconds=begin)
        except (ValueError, OverflowError):
            continue
        return start.isoformat(timespec="milliseconds").removesuffix(".000")
    return None


def _extra(value: JsonObject) -> dict[str, str]:
    extra = _scalars(value, tuple(k for k in value if k not in _USED))
    params = value.get("jsonParamStr")
    if isinstance(params, str):
        try:
            more = parse_json(params)
        except ShapeError:
            return extra
        if isinstance(more, dict):
            extra |= _scalars(more, tuple(more))
    return extra


def _scalars(value: JsonObject, keys: tuple[str, ...]) -> dict[str, str]:
    return {key: text for key in keys if (text := label(value.get(key)))}
