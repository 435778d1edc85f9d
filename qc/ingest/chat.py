"""Chats and bot sessions: one conversation per JSON object, or one message per object or table row.

A message has a role, a text and perhaps a time: a date and time, a time of day, Unix seconds or milliseconds, or
seconds from the start. `begin_ms` / `end_ms` mark the transcript of a call instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from qc.domain.config import ManifestConfig
from qc.domain.conversation import Channel, Role, Turn
from qc.ingest.columns import MESSAGE, Columns, columns, fold
from qc.ingest.details import DetailReader, Details, clean
from qc.ingest.draft import Draft, spoken
from qc.ingest.json_value import JsonObject, index, label, millis, objects, probability, words
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
    """Reads messages by the aliases of the configuration."""

    def __init__(self, config: ManifestConfig, details: DetailReader) -> None:
        self.fields: Columns = columns(MESSAGE, config.columns)
        self.details = details
        self.layout = lru_cache(maxsize=256)(self._layout)

    def list_key(self, value: JsonObject) -> str | None:
        """The key of the list of messages in a conversation object, or None."""
        for key, item in value.items():
            if isinstance(item, list) and fold(key) in _LISTS and all(isinstance(m, dict) for m in item[:1]):
                return key
        return None

    def is_message(self, value: JsonObject) -> bool:
        """A single message: it has a text and says who speaks."""
        found = self.fields.assign(list(value))
        return "text" in found and any(f in found for f in ("role", "begin_ms", "audio_channel"))

    def _layout(self, names: tuple[str, ...]) -> tuple[tuple[str, str | None], ...]:
        """What each key of a message means; every field once, the best key first."""
        used = {index: field for field, index in self.fields.assign(names).items()}
        return tuple((name, used.get(index)) for index, name in enumerate(names))

    def id_key(self, names: Iterable[str]) -> str | None:
        """Which of a message's own keys names its conversation. A bare `id` is the message's."""
        headers = [name for name in names if fold(name) not in _MESSAGE_IDS]
        index = self.details.columns.assign(headers).get("conversation_id")
        return None if index is None else headers[index]

    def beside(self, message: Mapping[str, object]) -> Mapping[str, object]:
        """What a message says besides itself: facts about the whole conversation."""
        return {name: message[name] for name, field in self.layout(tuple(message)) if field is None}

    def conversation(self, value: JsonObject, key: str, format_: str) -> Draft:
        """The conversation object `value` with its messages under `key`. Raises ShapeError."""
        details = self.details.of_object(value, frozenset({key}))
        return self.draft(objects(value[key], key), details, format_)

    def draft(self, messages: Sequence[Mapping[str, object]], details: Details, format_: str) -> Draft:
        """A conversation of `messages`. Raises ShapeError for a message whose text is none."""
        layout = self.layout
        cells = [{f: m[k] for k, f in layout(tuple(m)) if f is not None and m[k] is not None} for m in messages]
        is_call = any("begin_ms" in c for c in cells)
        if is_call:
            times = [(millis(c.get("begin_ms")), millis(c.get("end_ms"))) for c in cells]
        else:
            details, starts = _dated(details, [c.get("time") for c in cells])
            times = [(at, at) for at in starts]
        turns = tuple(self._turn(c, n, *at) for n, (c, at) in enumerate(zip(cells, times, strict=True), 1))
        return Draft(format=format_, turns=turns, details=details, channel=None if is_call else _channel(turns))

    def _turn(self, cells: Mapping[str, object], n: int, start_ms: int | None, end_ms: int | None) -> Turn:
        text = cells.get("text")
        if isinstance(text, dict):  # {"content": {"text": "…"}} of messenger exports
            text = text.get("text", text.get("content", ""))
        return spoken(
            _role(cells.get("role")),
            words(text, f"第 {n} 条消息的内容"),
            start_ms,
            end_ms,
            confidence=probability(cells.get("confidence")),
            audio_channel=index(cells.get("audio_channel")),
        )


def _role(value: object) -> Role:
    return _role_written(value) if isinstance(value, str) else role_of(label(value) or "")


@lru_cache(maxsize=256)
def _role_written(value: str) -> Role:
    return role_of(clean(value))


def _channel(turns: Iterable[Turn]) -> Channel:
    """A session in which only a bot served the customer is a bot session."""
    roles = {t.role for t in turns}
    return Channel.BOT_TEXT if Role.BOT in roles and Role.AGENT not in roles else Channel.CHAT


def _when(value: object) -> _When | None:
    for scale, read in (("date", _date_ms), ("clock", clock), ("offset", _offset_ms)):
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


def _dated(details: Details, written: Sequence[object]) -> tuple[Details, list[int | None]]:
    """Times in ms from the first message on, and the details with the start where a date tells it.

    Times of different scales cannot be compared: then none is used.
    """
    times = [None if w in (None, "") else _when(w) for w in written]
    known = [t for t in times if t is not None]
    unread = sum(t is None and w not in (None, "") for t, w in zip(times, written, strict=True))
    note = f"{unread} 条消息的时间无法识别" if unread else ""
    if len({t.scale for t in known}) > 1:
        note = "消息时间的写法不一致，没有使用"
        known, times = [], [None] * len(times)
    if note:
        meta = replace(details.meta, extra={**details.meta.extra, READ_NOTE: note})
        details = replace(details, meta=meta)
    if not known:
        return details, [None] * len(times)
    if known[0].scale == "clock":
        times = _over_midnight(times)
    start = 0 if known[0].scale == "offset" else min(t.ms for t in times if t is not None)
    if known[0].scale == "date" and details.meta.started_at is None:
        started_at = (_EPOCH + timedelta(milliseconds=start)).isoformat(timespec="milliseconds").removesuffix(".000")
        details = replace(details, meta=replace(details.meta, started_at=started_at))
    return details, [None if t is None else t.ms - start for t in times]


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
