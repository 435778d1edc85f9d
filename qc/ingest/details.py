"""What a manifest row, or the fields of a chat or ticket itself, say about a conversation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace

from qc.domain.config import ManifestConfig
from qc.domain.conversation import CallMeta, Channel
from qc.ingest.columns import CALL, Columns, columns, unit_of
from qc.ingest.moments import moment, number, seconds

_CHANNEL_WORDS: dict[Channel, str] = {
    Channel.VOICE_INBOUND: "呼入 来电 热线 电话 语音 呼入电话 入呼 inbound in voice",
    Channel.VOICE_OUTBOUND: "呼出 外呼 回访 电话回访 呼出电话 出呼 outbound out",
    Channel.CHAT: "在线 在线客服 在线会话 网聊 聊天 文字客服 微信 app 网页 webchat im",
    Channel.BOT_TEXT: "机器人 文本机器人 在线机器人 智能客服 智能机器人 bot chatbot",
    Channel.BOT_VOICE: "语音机器人 外呼机器人 智能外呼 智能语音 语音导航 callbot voicebot",
    Channel.TICKET: "工单 工作单",
    Channel.MESSAGE: "留言 语音留言 语音信箱 邮件 短信 voicemail",
}
_CHANNELS = {w: c for c, words in _CHANNEL_WORDS.items() for w in [*words.split(), c.value]}
_SATISFACTION = {
    "非常满意": 5, "很满意": 5, "十分满意": 5, "满意": 4, "比较满意": 4, "一般": 3, "基本满意": 3,
    "不满意": 2, "较不满意": 2, "非常不满意": 1, "很不满意": 1, "十分不满意": 1,
}  # fmt: skip
_NOTHING = {"", "-", "--", "—", "/", "\\", "无", "空", "null", "none", "n/a", "#n/a", "nan", "未评价", "未参评", "未评"}
_YES_NO = {
    **dict.fromkeys(("是", "已转", "已转接", "已转人工", "true", "yes", "y"), 1),
    **dict.fromkeys(("否", "未转", "未转接", "未转人工", "false", "no", "n"), 0),
}
_EXPECTED = {
    "channel": "不是认识的渠道；写呼入、呼出、在线、机器人、工单、留言，或在 qc.yaml 的 manifest.channels 里对应",
    "started_at": "不是认识的时间；写成 2026-11-20 21:03:11 或 2026/11/20 9:03",
    "duration_ms": "不是时长；写秒数、分:秒或时:分:秒",
    "queue_wait_s": "不是时长；写秒数、分:秒或时:分:秒",
    "hold_s": "不是时长；写秒数、分:秒或时:分:秒",
    "after_call_s": "不是时长；写秒数、分:秒或时:分:秒",
    "ring_count": "不是 0 到 10000 的整数",
    "transfers": "不是次数；写 0 到 10000 的整数，或是、否",
    "satisfaction": "不是满意度；写 1–5 或非常满意…非常不满意，或在 qc.yaml 的 manifest.satisfaction 里对应",
}
_HEAD = ("conversation_id", "file", "project", "channel")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """`text` without what no table or page can hold: control characters become spaces, lone surrogates U+FFFD."""
    if not text.isprintable():  # most text is, and this is the quick way to see it
        text = _SURROGATES.sub("\ufffd", _CONTROL.sub(" ", text))
    return text.strip()


def as_text(value: object) -> str:
    """A scalar as a person would write it: 10086.0 → 10086, dates in ISO form. Not for lists and objects."""
    if isinstance(value, str):
        return clean(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, int) and value.bit_length() > 1024:  # beyond what Python turns into digits cheaply
        return ""
    return clean(str(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """Everything known beside the words. None: not said."""

    conversation_id: str | None = None
    file: str | None = None
    project: str | None = None
    channel: Channel | None = None
    meta: CallMeta = field(default_factory=CallMeta)

    def or_else(self, other: Details) -> Details:
        """These details, with gaps filled from `other`."""
        meta = replace(
            self.meta,
            extra={**other.meta.extra, **self.meta.extra},
            **{
                f.name: getattr(other.meta, f.name)
                for f in fields(CallMeta)
                if f.name != "extra" and getattr(self.meta, f.name) is None
            },
        )
        return Details(
            conversation_id=self.conversation_id or other.conversation_id,
            file=self.file or other.file,
            project=self.project or other.project,
            channel=self.channel or other.channel,
            meta=meta,
        )


@dataclass(frozen=True, slots=True)
class BadCell:
    """A cell that could not be understood: its header and what was expected. The text itself stays in `extra`."""

    header: str
    message: str


@dataclass(frozen=True, slots=True)
class DetailReader:
    """Turns named cells into Details by the aliases and value maps of the configuration."""

    columns: Columns
    channels: Mapping[str, Channel]
    satisfaction: Mapping[str, int]

    @classmethod
    def configured(cls, config: ManifestConfig) -> DetailReader:
        """Raises UsageError when the configured columns name an unknown field."""
        return cls(columns(CALL, config.columns), config.channels, config.satisfaction)

    def read(self, cells: Iterable[tuple[str, str | None, object]]) -> tuple[Details, tuple[BadCell, ...]]:
        """`cells`: (header, field it means or None, value). A bad cell gives None and goes to `extra` as text."""
        values: dict[str, object] = {}
        extra: dict[str, str] = {}
        bad: list[BadCell] = []
        for header, name, value in cells:
            text = as_text(value)
            if name is None:
                if text:
                    extra[clean(header)] = text
                continue
            if text.lower() in _NOTHING:
                continue
            try:
                values[name] = self._value(name, header, value, text)
            except ValueError:
                extra[clean(header)] = text
                bad.append(BadCell(clean(header), _EXPECTED[name]))
        head = {name: values.pop(name) for name in _HEAD if name in values}
        # _value gives each field its type
        meta = CallMeta(**values, extra=extra)  # type: ignore[arg-type]
        return Details(**head, meta=meta), tuple(bad)  # type: ignore[arg-type]

    def of_object(self, value: Mapping[str, object], skip: frozenset[str] = frozenset()) -> Details:
        """The scalars of a JSON object, also those one level down in `meta`, as Details; `skip`: keys already used."""
        flat: list[tuple[str, object]] = []
        for key, item in value.items():
            if key in skip:
                continue
            if key == "meta" and isinstance(item, dict):
                flat += [(str(k), v) for k, v in item.items() if not isinstance(v, dict | list)]
            elif not isinstance(item, dict | list):
                flat.append((key, item))
        used = {index: name for name, index in self.columns.assign([k for k, _ in flat]).items()}
        return self.read((k, used.get(i), v) for i, (k, v) in enumerate(flat))[0]

    def _value(self, name: str, header: str, value: object, text: str) -> object:
        match name:
            case "channel":
                found = self.channels.get(text) or _CHANNELS.get(text.lower())
                if found is None:
                    raise ValueError(name)
                return found
            case "started_at":
                return moment(value).isoformat(timespec="milliseconds").removesuffix(".000")
            case "duration_ms":
                return round(seconds(value, unit_of(header)) * 1000)
            case "queue_wait_s" | "hold_s" | "after_call_s":
                return round(seconds(value, unit_of(header)), 3)
            case "transfers" if text.lower() in _YES_NO:
                return _YES_NO[text.lower()]
            case "ring_count" | "transfers":
                count = number(text.removesuffix("次"))
                if not (count.is_integer() and 0 <= count <= 10_000):
                    raise ValueError(name)
                return int(count)
            case "satisfaction":
                return self._satisfaction(text)
            case _:
                return text

    def _satisfaction(self, text: str) -> int:
        if (mapped := self.satisfaction.get(text)) is not None:
            return mapped
        if (spoken := _SATISFACTION.get(text)) is not None:
            return spoken
        score = number(re.sub(r"[分星级]$", "", text))
        if score not in (1, 2, 3, 4, 5):
            raise ValueError("satisfaction")
        return int(score)
