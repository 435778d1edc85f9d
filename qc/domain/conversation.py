"""Conversation and Turn: the speaker-labelled exchange everything after transcription works on."""

from __future__ import annotations

import copyreg
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from operator import attrgetter


class Role(StrEnum):
    """Who speaks. UNKNOWN is a mono recording whose speakers were not told apart."""

    AGENT = "agent"
    CUSTOMER = "customer"
    BOT = "bot"
    SYSTEM = "system"
    UNKNOWN = "unknown"


class RoleSource(StrEnum):
    """How the roles of a recording are known: by the channels as configured, by channels that the greeting showed to
    be swapped, by the voices on one channel, by the configured role of mono recordings, by a transcript that states
    them; or not."""

    CHANNELS = "channels"
    SWAPPED = "swapped"
    VOICES = "voices"
    CONFIGURED = "configured"
    GIVEN = "given"
    UNSURE = "unsure"


class Channel(StrEnum):
    """渠道."""

    VOICE_INBOUND = "voice_inbound"
    VOICE_OUTBOUND = "voice_outbound"
    CHAT = "chat"
    BOT_TEXT = "bot_text"
    BOT_VOICE = "bot_voice"
    TICKET = "ticket"
    MESSAGE = "message"


CHANNEL_TITLES: Mapping[str, str] = {
    Channel.VOICE_INBOUND: "呼入电话",
    Channel.VOICE_OUTBOUND: "外呼电话",
    Channel.CHAT: "在线会话",
    Channel.BOT_TEXT: "文本机器人",
    Channel.BOT_VOICE: "语音机器人",
    Channel.TICKET: "工单",
    Channel.MESSAGE: "留言",
}
"""What people call them."""

VOICE_CHANNELS = frozenset({Channel.VOICE_INBOUND, Channel.VOICE_OUTBOUND, Channel.BOT_VOICE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One uninterrupted contribution of one speaker.

    `start_ms`/`end_ms` count from the start of the conversation; None where the source has no times.
    A chat message has `start_ms == end_ms`. `confidence` is in 0..1, None where the source gives none
    (typed text); a suspected invention of the recogniser carries 0.0. `audio_channel` counts from 0. `energy_db` is the
    level of the turn's own audio channel in dBFS (0 the loudest), None where no audio was measured.
    """

    role: Role
    text: str
    start_ms: int | None = None
    end_ms: int | None = None
    confidence: float | None = None
    audio_channel: int | None = None
    energy_db: float | None = None
    pitch_hz: float | None = None
    """Median fundamental frequency of its voiced frames."""
    pitch_range_st: float | None = None
    """From the 10th to the 90th percentile of the fundamental frequency, in semitones."""
    emotion: StatedEmotion | None = None
    """Stated with the turn (in a rule's test): it stands for what the emotion stage would say."""
    entities: tuple[Entity, ...] | None = None
    """Spans found before masking, when the turn was read back from a stored run; None: not yet looked for."""
    phrases: tuple[Phrase, ...] = ()
    """What was heard at a stretch, in order, covering the text; empty where the source does not say."""
    words: tuple[Word, ...] = ()
    """Times of words, where they were asked for."""
    marks: tuple[Mark, ...] = ()
    """What clean-up did to the text, in order of place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Characters `start`..`end` (exclusive) of a turn's text, heard from `start_ms` to `end_ms`, and how surely."""

    start: int
    end: int
    start_ms: int
    end_ms: int
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Characters `start`..`end` (exclusive) of a text, heard from `start_ms` to `end_ms`."""

    start: int
    end: int
    start_ms: int
    end_ms: int


class MarkKind(StrEnum):
    """What clean-up found at a place: a hot word put right, a number in digits, a filler (嗯, 那个) that stays."""

    HOT_WORD = "hot_word"
    NUMBER = "number"
    FILLER = "filler"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Characters `start`..`end` (exclusive) of a text that clean-up touched or marked. `original`: what the recogniser
    wrote there; None where the text is as it was. Putting the originals back, last first, gives what it wrote."""

    kind: MarkKind
    start: int
    end: int
    original: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedEmotion:
    """`sign` −1 negative, 0 neutral, 1 positive; `level` 0–5, its strength; `component` one of
    `qc.domain.emotion.COMPONENTS`, or none."""

    sign: int
    level: int
    component: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A span of a turn's text holding an item of information (信息实体). `start`..`end` are characters, end exclusive.

    `type` is one of: mobile, landline, id_card, bank_card, email, plate, address, amount, date, account, name,
    secret (the digits of a password or a verification code), passport, credit_code, wechat, qq, birthday.
    `valid` says that the checksum or the shape was verified; `personal` that it is masked by default.
    """

    type: str
    start: int
    end: int
    valid: bool = True
    personal: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CallMeta:
    """随录参数: what the manifest or the source system says of a conversation. None: not given.

    `started_at` is local time, ISO 8601 without zone (`2026-11-20T21:03:11`). `satisfaction` is 1..5 (5 best).
    `hold_s` is how long the telephone system kept the customer on hold, all times together; `after_call_s` how long
    the agent worked on the call after it (话后处理). `transfers` is how often it was passed on; of a talk with a bot,
    more than 0 means that a person took over.
    `extra` keeps every other manifest column, as text.
    """

    agent_id: str | None = None
    agent_name: str | None = None
    team: str | None = None
    customer_id: str | None = None
    started_at: str | None = None
    duration_ms: int | None = None
    ring_count: int | None = None
    queue_wait_s: float | None = None
    hold_s: float | None = None
    after_call_s: float | None = None
    transfers: int | None = None
    satisfaction: int | None = None
    region: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a conversation came from. `path` is relative to the input folder, with forward slashes.

    `format`: audio, chat_jsonl, chat_csv, ticket, whisper, whisperx, funasr, sca, contact_lens, tencent, qc.
    `sha256` is the content hash of the file: the identity of a recording.
    """

    path: str
    format: str
    sha256: str
    in_manifest: bool = False
    audio_channels: int | None = None
    sample_rate: int | None = None
    codec: str | None = None
    asr_engine: str | None = None
    asr_model: str | None = None
    role_source: RoleSource | None = None
    """How the roles of a recording are known; None where the source states them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """会话. `turns` are in time order; turn numbers in results count from 1 (第 1 轮 is `turns[0]`)."""

    id: str
    project: str
    channel: Channel
    turns: tuple[Turn, ...]
    meta: CallMeta
    source: Source


# A shard crosses to its worker as thousands of turns, and how a frozen class with slots is pickled by itself is slow:
# this takes 0.4 of the time, which is the parent's.
_values = attrgetter(*(f.name for f in fields(Turn)))
_setters = tuple(getattr(Turn, f.name).__set__ for f in fields(Turn))


def _turn(*values: object) -> Turn:
    turn = object.__new__(Turn)
    for into, value in zip(_setters, values, strict=True):
        into(turn, value)
    return turn


copyreg.pickle(Turn, lambda turn: (_turn, _values(turn)))
