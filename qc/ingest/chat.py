"""Chats and bot sessions: one conversation per JSON object, or one message per object or table row.

A message has a role, a text and perhaps a time: a date and time, a time of day, Unix seconds or milliseconds, or
seconds from the start. `begin_ms` / `end_ms` mark the transcript of a call instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from qc.domain.config import Config
from qc.domain.conversation import Channel, Role, Turn
from qc.ingest.columns import MESSAGE, Columns, columns, fold
from qc.ingest.details import DetailReader, Details
from qc.ingest.draft import Draft, spoken
from qc.ingest.json_value import JsonObject, label, millis, objects, probability, words
from qc.ingest.moments import clock, moment, number
from qc.ingest.roles import role_of

_LIST_WORDS = """
    turns messages dialogue dialog records utterances msgs chats history 消息 消息列表 对话 聊天记录 会话内容 话轮
"""
_LISTS = frozenset(_LIST_WORDS.split())
_MESSAGE_IDS = frozenset({"id", "uuid"})
_DAY_MS = 24 * 3600 * 1000
_EPOCH = datetime(1970, 1, 1)
_FIRST_EPOCH_S = 3e8
READ_NOTE = "读入说明"
"""Key of `extra` under which a reader says what it could not use."""


@dataclass(frozen=True, slots=True)
class _When:
    """A message's time on one of three scales: `date` and `clock` in ms, `offset` in ms from the start."""

    scale: str
    ms: int


class ChatReader:
    """Reads messages by the aliases of the configuration. `channel_roles`: role of each audio channel."""

    def __init__(self, config: Config, details: DetailReader) -> None:
        self.fields: Columns = columns(MESSAGE, config.manifest.columns)
        self.details = details
        self.channel_roles: Sequence[Role] = config.audio.roles

    def list_key(self, value: JsonObject) -> str | None:
        """The key of the list of messages in a conversation object, or None."""
        for key, item in value.items():
            if isinstance(item, list) and fold(key) in _LISTS and all(isinstance(m, dict) for m in item[:1]):
                return key
        return None

    def is_message(self, value: JsonObject) -> bool:
        """A single message: it has a text and says who speaks or when."""
        found = {field for key in value if (field := self.fields.field_of(key))}
        return "text" in found and bool(found & {"role", "time", "begin_ms", "audio_channel"})

    def id_key(self, names: Iterable[str]) -> str | None:
        """Which of a message's own keys names its conversation. A bare `id` is the message's."""
        headers = [name for name in names if fold(name) not in _MESSAGE_IDS]
        index = self.details.columns.assign(headers).get("conversation_id")
        return None if index is None else headers[index]

    def beside(self, message: Mapping[str, object]) -> Mapping[str, object]:
        """What a message says besides itself: facts about the whole conversation."""
        return {name: value for name, value in message.items() if self.fields.field_of(name) is None}

    def conversation(self, value: JsonObject, key: str, format_: str) -> Draft:
        """The conversation object `value` with its messages under `key`. Raises ShapeError."""
        details = self.details.of_object(value, frozenset({key}))
        return self.draft(objects(value[key], key), details, format_)

    def draft(self, messages: Sequence[Mapping[str, object]], details: Details, format_: str) -> Draft:
        """A conversation of `messages`. Raises ShapeError for a message whose text is none."""
        turns: list[Turn] = []
        times: list[_When | None] = []
        unread = 0
        for n, message in enumerate(messages, 1):
            cells: dict[str, object] = {}
            for name, value in message.items():
                if (field := self.fields.field_of(name)) is not None:
                    cells.setdefault(field, value)
            turns.append(self._turn(cells, n))
            raw = cells.get("time")
            time = None if raw in (None, "") else _when(raw)
            unread += raw not in (None, "") and time is None
            times.append(time)
        is_call = any("begin_ms" in map(self.fields.field_of, m) for m in messages[:1])
        if not is_call:
            details, turns = _dated(details, turns, times, unread)
        return Draft(format=format_, turns=tuple(turns), details=details, channel=None if is_call else _channel(turns))

    def _turn(self, cells: Mapping[str, object], n: int) -> Turn:
        text = cells.get("text")
        if isinstance(text, dict):  # {"content": {"text": "…"}} of messenger exports
            text = text.get("text", text.get("content", ""))
        role = role_of(label(cells.get("role")) or "")
        channel = millis(cells.get("audio_channel"))
        if role is Role.UNKNOWN and channel is not None and channel < len(self.channel_roles):
            role = self.channel_roles[channel]
        return spoken(
            role,
            words(text, f"第 {n} 条消息的内容"),
            millis(cells.get("begin_ms")),
            millis(cells.get("end_ms")),
            confidence=probability(cells.get("confidence")),
            audio_channel=channel,
        )


def _channel(turns: Iterable[Turn]) -> Channel:
    """A session in which only a bot served the customer is a bot session."""
    roles = {t.role for t in turns}
    return Channel.BOT_TEXT if Role.BOT in roles and Role.AGENT not in roles else Channel.CHAT


def _when(value: object) -> _When | None:
    for scale, read in (("clock", clock), ("date", _date_ms), ("offset", _offset_ms)):
        try:
            return _When(scale, read(value))
        except (ValueError, OverflowError):
            continue
    return None


def _date_ms(value: object) -> int:
    short = isinstance(value, str) and len(value) < 8
    if isinstance(value, int | float) or short:
        number_ = number(value)
        if number_ < _FIRST_EPOCH_S:  # seconds from the start, not days of a spreadsheet
            raise ValueError("offset")
    return round((moment(value) - _EPOCH).total_seconds() * 1000)


def _offset_ms(value: object) -> int:
    found = millis(number(value), 1000)
    if found is None:
        raise ValueError("out of range")
    return found


def _dated(details: Details, turns: list[Turn], times: list[_When | None], unread: int) -> tuple[Details, list[Turn]]:
    """Give each turn its time from the first message on, and the conversation its start where a date tells it.

    Times of different scales cannot be compared: then none is used.
    """
    known = [t for t in times if t is not None]
    notes = [f"{unread} 条消息的时间无法识别"] if unread else []
    if len({t.scale for t in known}) > 1:
        notes = ["消息时间的写法不一致，没有使用"]
        known, times = [], [None] * len(turns)
    if known and known[0].scale == "clock":
        times = _over_midnight(times)
        known = [t for t in times if t is not None]
    if notes:
        extra = {**details.meta.extra, READ_NOTE: "；".join(notes)}
        details = replace(details, meta=replace(details.meta, extra=extra))
    if not known:
        return details, turns
    start = 0 if known[0].scale == "offset" else min(t.ms for t in known)
    if known[0].scale == "date" and details.meta.started_at is None:
        started_at = (_EPOCH + timedelta(milliseconds=start)).isoformat(timespec="milliseconds").removesuffix(".000")
        details = replace(details, meta=replace(details.meta, started_at=started_at))
    return details, [
        t if w is None else replace(t, start_ms=w.ms - start, end_ms=w.ms - start)
        for t, w in zip(turns, times, strict=True)
    ]


def _over_midnight(times: list[_When | None]) -> list[_When | None]:
    """Times of day in the order given: a fall of more than half a day is midnight."""
    days = 0
    last: int | None = None
    out: list[_When | None] = []
    for time in times:
        if time is not None:
            if last is not None and last - time.ms > _DAY_MS // 2:
                days += 1
            last = time.ms
        out.append(None if time is None else _When(time.scale, time.ms + days * _DAY_MS))
    return out
