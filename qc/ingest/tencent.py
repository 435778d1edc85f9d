"""Tencent Cloud 录音文件识别, answer of DescribeTaskStatus: Response.Data.ResultDetail[{FinalSentence, StartMs, EndMs,
SpeakerId}]; with ResTextFormat=0 only `Result`, lines of "[0:3.320,0:19.712,0]  text". Any field may be null.

SpeakerId is the audio channel only for two-channel requests, which the answer does not say: roles are UNKNOWN unless
the request's `ChannelNum: 2` was stored beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from qc.domain.conversation import Role, Turn
from qc.ingest.draft import Draft, spoken
from qc.ingest.json_value import JsonObject, ShapeError, label, millis, objects, words

_LINE = re.compile(r"\[(\d+):(\d+(?:\.\d+)?),(\d+):(\d+(?:\.\d+)?)(?:,(\d+))?\]\s*(.*)")


def _data(value: JsonObject) -> JsonObject | None:
    response = value.get("Response", value)
    data = response.get("Data", response) if isinstance(response, dict) else None
    return data if isinstance(data, dict) else None


def matches(value: JsonObject) -> bool:
    """The Data object, alone or wrapped."""
    data = _data(value)
    return data is not None and ("ResultDetail" in data or {"StatusStr", "Result"} <= data.keys())


def read(value: JsonObject, channel_roles: Sequence[Role]) -> Iterator[Draft]:
    """One conversation. Raises ShapeError when the task did not succeed."""
    data = _data(value) or {}
    status = label(data.get("StatusStr"))
    if status not in (None, "success"):
        raise ShapeError("unfinished", f"腾讯云识别任务没有成功（StatusStr：{status[:20]}）")
    counts = (data.get("ChannelNum"), value.get("ChannelNum"))
    roles = channel_roles if 2 in counts else ()
    details = objects(data.get("ResultDetail"), "ResultDetail")
    turns = tuple(_turn(s, n, roles) for n, s in enumerate(details, 1)) if details else tuple(_lines(data, roles))
    yield Draft(format="tencent", turns=turns)


def _turn(sentence: JsonObject, n: int, roles: Sequence[Role]) -> Turn:
    text = sentence.get("FinalSentence") or sentence.get("SliceSentence")
    channel = millis(sentence.get("SpeakerId")) if roles else None
    return spoken(
        _role(channel, roles),
        words(text, f"ResultDetail 第 {n} 句"),
        millis(sentence.get("StartMs")),
        millis(sentence.get("EndMs")),
        audio_channel=channel,
    )


def _role(channel: int | None, roles: Sequence[Role]) -> Role:
    return roles[channel] if channel is not None and channel < len(roles) else Role.UNKNOWN


def _lines(data: JsonObject, roles: Sequence[Role]) -> Iterator[Turn]:
    for line in words(data.get("Result"), "Result").splitlines():
        if match := _LINE.fullmatch(line.strip()):
            begin = (float(match[1]) * 60 + float(match[2])) * 1000
            end = (float(match[3]) * 60 + float(match[4])) * 1000
            channel = int(match[5]) if match[5] and roles else None
            yield spoken(_role(channel, roles), match[6], millis(begin), millis(end), audio_channel=channel)
        elif line.strip():
            yield spoken(Role.UNKNOWN, line.strip(), None, None)
