"""Tencent Cloud 录音文件识别, answer of DescribeTaskStatus: Response.Data.ResultDetail[{FinalSentence, StartMs, EndMs,
SpeakerId}]; with ResTextFormat=0 only `Result`, lines of "[0:3.320,0:19.712,0]  text". Any field may be null.

SpeakerId is the audio channel only for two-channel requests, which the answer does not say: roles are UNKNOWN unless
the request's `ChannelNum: 2` was stored beside it, which then decides by the configured channels.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from qc.domain.conversation import Role, Turn
from qc.ingest.draft import Draft, spoken
from qc.ingest.json_value import JsonObject, ShapeError, index, label, millis, objects, words

_LINE = re.compile(r"\[(\d+):(\d+(?:\.\d+)?),(\d+):(\d+(?:\.\d+)?)(?:,(\d+))?\]\s*(.*)")


def _data(value: JsonObject) -> JsonObject | None:
    response = value.get("Response", value)
    data = response.get("Data", response) if isinstance(response, dict) else None
    return data if isinstance(data, dict) else None


def matches(value: JsonObject) -> bool:
    """The Data object, alone or wrapped."""
    data = _data(value)
    return data is not None and ("ResultDetail" in data or {"StatusStr", "Result"} <= data.keys())


def read(value: JsonObject) -> Iterator[Draft]:
    """One conversation. Raises ShapeError when the task did not succeed."""
    data = _data(value) or {}
    status = label(data.get("StatusStr"))
    if status not in (None, "success"):
        raise ShapeError("unfinished", f"腾讯云识别任务没有成功（StatusStr：{status[:20]}）")
    two_channels = 2 in (data.get("ChannelNum"), value.get("ChannelNum"))
    sentences = objects(data.get("ResultDetail"), "ResultDetail")
    turns = [_turn(s, n) for n, s in enumerate(sentences, 1)] if sentences else list(_lines(data))
    yield Draft(format="tencent", turns=tuple(t if two_channels else replace(t, audio_channel=None) for t in turns))


def _turn(sentence: JsonObject, n: int) -> Turn:
    text = sentence.get("FinalSentence") or sentence.get("SliceSentence")
    return spoken(
        Role.UNKNOWN,
        words(text, f"ResultDetail 第 {n} 句"),
        millis(sentence.get("StartMs")),
        millis(sentence.get("EndMs")),
        audio_channel=index(sentence.get("SpeakerId")),
    )


def _lines(data: JsonObject) -> Iterator[Turn]:
    for line in words(data.get("Result"), "Result").splitlines():
        if match := _LINE.fullmatch(line.strip()):
            begin = (float(match[1]) * 60 + float(match[2])) * 1000
            end = (float(match[3]) * 60 + float(match[4])) * 1000
            yield spoken(Role.UNKNOWN, match[6], millis(begin), millis(end), audio_channel=index(match[5]))
        elif line.strip():
            yield spoken(Role.UNKNOWN, line.strip(), None, None)
