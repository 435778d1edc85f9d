"""The workspace's configuration (`qc.yaml`) as plain data, with its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from qc.domain.conversation import Channel, Role
from qc.domain.retention import Retention


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioConfig:
    """Channel → role. `roles[i]` is the role of audio channel i of a stereo recording; `mono_role` of a mono one, where
    UNKNOWN is to tell two voices apart and name them by what they say. `project_roles` replaces
    `roles` for a project whose recorder wires its channels otherwise; `detect_swapped`: believe the greeting rather
    than the wiring."""

    roles: tuple[Role, ...] = (Role.AGENT, Role.CUSTOMER)
    project_roles: Mapping[str, tuple[Role, ...]] = field(default_factory=dict)
    mono_role: Role = Role.UNKNOWN
    detect_swapped: bool = True
    max_duration_s: int = 4 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class AsrConfig:
    """`engine`: auto takes the best installed for this machine. `model`: an official openai-whisper name, `base` from
    the installed packages, or a path to a checkpoint. `preset`: fast has a beam of 2, accurate one of 5.
    `batch_size` windows are decoded together, None: as many as suit the device. `confidence_floor`: below it,
    evidence gives UNDECIDED; at 0.5 half of its characters are expected to be wrong. `correct_words`, `digits`: the two
    clean-ups that change characters."""

    engine: str = "auto"
    model: str = "base"
    language: str = "zh"
    preset: str = "fast"  # fast | accurate
    device: str = "auto"  # auto | cpu | cuda
    batch_size: int | None = None
    precision: str = "auto"  # auto | fp32 | fast
    word_times: bool = False
    prompt_words: bool = False
    prompt: str = ""
    """What the engine shall believe was said before; made of the hot words where `prompt_words` is set."""
    correct_words: bool = True
    digits: bool = True
    confidence_floor: float = 0.5


MANIFEST_FIELDS = (
    # a call; the durations may be named without their unit
    "conversation_id", "file", "project", "channel", "agent_id", "agent_name", "team", "customer_id", "started_at",
    "duration_ms", "duration_s", "duration", "ring_count", "queue_wait_s", "queue_wait", "hold_s", "hold",
    "after_call_s", "after_call", "transfers", "satisfaction", "region",
    # a message of a chat
    "role", "text", "time", "begin_ms", "end_ms", "audio_channel", "confidence",
    # a ticket
    "ticket_id", "request", "handling", "result",
)  # fmt: skip
"""Our fields that `manifest.columns` may map to a centre's headers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestConfig:
    """`columns` maps our field names to the headers a centre uses, first match wins; common Chinese and English
    headers are known already. `delimiter` and `encoding` None: detected."""

    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    encoding: str | None = None
    sheet: str | None = None
    channels: Mapping[str, Channel] = field(default_factory=dict)
    """What the centre writes in the channel column → our channel, e.g. 呼入 → voice_inbound."""
    satisfaction: Mapping[str, int] = field(default_factory=dict)
    """What the centre writes for 满意度 → 1..5, e.g. 非常满意 → 5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """`shard_size` conversations are inspected together; `allowance` is the share of inputs that may fail
    before the exit code becomes 3 (0: none); `workers` 0: one per core; `executor`, `address`: where they run
    (EXECUTORS), and in which cluster; `group_readable`: the group of the runs' folder
    may read a run, otherwise only who made it.

    Limits, of which 0 is none: hearing a recording may take `hear_limit` times its length, and `hear_floor_s` where
    that is less; judging a conversation `judge_limit_s`; a worker process may hold `memory_mb`, None: nearly all that
    the machine has. They are far from what honest work takes, and what they set aside is no other result: they are no
    part of the digest, so that a run can be repeated with others."""

    shard_size: int = 500
    executor: str = "pool"
    address: str | None = None
    workers: int = 0
    allowance: float = 0.0
    max_turn_chars: int = 20_000
    group_readable: bool = False
    hear_limit: float = 20.0
    hear_floor_s: float = 300.0
    judge_limit_s: float = 60.0
    memory_mb: int | None = None


TARGETS = (
    "quality_score", "pass_rate", "business_error", "machine_accuracy", "review_coverage", "monitoring", "feedback",
    "first_contact_resolution", "effort", "satisfied", "rated", "soothed", "complaint_rate", "on_time",
    "answer_wait", "answered_20s", "answered_3_rings", "talk_time", "hold_time", "hold_rate", "after_call",
    "handle_time", "transfer_rate", "shift_volume", "proactive", "self_service", "to_agent",
    "bot_resolution",
)  # fmt: skip
"""Indicators of a run that have a good side, and so may have a target."""
EXECUTORS = ("pool", "serial", "ray")
"""Where tasks run (pipeline.executors)."""
AUDIO_KEPT = ("link", "copy", "none")
LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportConfig:
    """How reports look. `logo`: an image file, None: none. `hide`: sections that are left out, as `page#section` or a
    whole page (`indicators`). `audio`: whether conversation pages play the recording where it lies (link), from a copy
    inside the report (copy, for a report that travels), or not at all (none). `pages`: how many conversations get a
    page of their own. `compared_runs`: with how many runs before it a run is compared: trend, indicators, agents,
    topics, hot words, changed rules; 0: with none. `targets`: indicator → what it shall reach, in its unit (shares in
    percent)."""

    language: str = "zh"
    logo: str | None = None
    hide: tuple[str, ...] = ()
    audio: str = "link"
    pages: int = 200
    compared_runs: int = 30
    targets: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderConfig:
    """What a sub-folder of the input holds, where neither manifest nor document says so. None: not given."""

    project: str | None = None
    channel: Channel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """`qc.yaml`. `default_project` is used where the manifest names none; `folders` maps a sub-folder of the input
    to a project and channel (relative path with forward slashes; the deepest match wins)."""

    name: str = ""
    default_project: str = "默认"
    default_channel: Channel = Channel.VOICE_INBOUND
    audio: AudioConfig = field(default_factory=AudioConfig)
    asr: AsrConfig = field(default_factory=AsrConfig)
    manifest: ManifestConfig = field(default_factory=ManifestConfig)
    folders: Mapping[str, FolderConfig] = field(default_factory=dict)
    run: RunConfig = field(default_factory=RunConfig)
    report: ReportConfig = field(default_factory=ReportConfig)
    retention: Retention = field(default_factory=Retention)
    emotion_model: str | None = None
    intents_model: str | None = None
    """Files of trained heads (qc emotion train, qc intents train); None: not trained."""
    digest: str = ""
