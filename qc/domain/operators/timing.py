"""The clock: operators over times, pauses and rates."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from qc.domain.operators.base import zh as _zh


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Nobody speaks: one long gap, or all gaps together."""

    key: ClassVar[str] = "silence"
    zh: ClassVar[str] = "静音"
    about: ClassVar[str] = (
        "谁都没说话的时间。min_s：有一段静音达到几秒，证据落在静音之后的那一轮，speaker 指打破静音的人；"
        "total_s、percent：一通里全部静音加起来的秒数、占通话时长的百分比。需要说话的起止时间，否则无法判定。"
    )

    min_s: float | None = field(metadata=_zh("一段静音至少几秒"), default=None)
    total_s: float | None = field(metadata=_zh("静音合计至少几秒"), default=None)
    percent: float | None = field(metadata=_zh("静音合计至少占时长的百分之几"), default=None)
    between: str = field(
        metadata=_zh(
            "静音在谁和谁之间：any 不限、same_speaker 同一人前后两句、agent_customer 坐席说完后、"
            "customer_agent 客户说完后等"
        ),
        default="any",
    )


class SpeedOver(StrEnum):
    TURN = "turn"
    AVERAGE = "average"


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Speaking rate outside of the allowed band."""

    key: ClassVar[str] = "speed"
    zh: ClassVar[str] = "语速"
    about: ClassVar[str] = (
        "语速超出允许的范围就成立：快于 max 或慢于 min（字/分钟，只数汉字、字母和数字）。"
        "over: turn 逐轮看；average 看这个人全部话轮的平均。需要说话的起止时间，否则无法判定。"
    )

    max: float | None = field(metadata=_zh("每分钟最多几个字，超过即成立"), default=None)
    min: float | None = field(metadata=_zh("每分钟最少几个字，低于即成立"), default=None)
    min_chars: int = field(metadata=_zh("少于几个字的话轮不看"), default=20)
    over: SpeedOver = field(metadata=_zh("turn 逐轮；average 平均"), default=SpeedOver.TURN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupt:
    """The framed speaker starts while the other side is still speaking."""

    key: ClassVar[str] = "interrupt"
    zh: ClassVar[str] = "抢话"
    about: ClassVar[str] = (
        "对方还没说完就开口，重叠达到 min_overlap_s 秒，而且说了不止一两个字的应答。"
        "需要双声道录音：单声道分不清是谁，无法判定。"
    )

    min_overlap_s: float = field(metadata=_zh("重叠至少几秒"), default=0.5)
    min_chars: int = field(metadata=_zh("开口的这一轮至少几个字，用来放过“嗯”“好的”"), default=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDuration:
    """Length of the conversation."""

    key: ClassVar[str] = "call_duration"
    zh: ClassVar[str] = "通话时长"
    about: ClassVar[str] = "会话时长在 min_s 与 max_s 之间（含）就成立。先看清单里的时长，没有则看最后一句结束的时间。"

    min_s: float | None = field(metadata=_zh("至少几秒"), default=None)
    max_s: float | None = field(metadata=_zh("至多几秒"), default=None)
