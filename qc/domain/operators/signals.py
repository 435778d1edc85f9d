"""What other stages say of a conversation: metadata, emotion, topic, information entities."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Literal

from qc.domain.operators.base import zh as _zh

Scalar = str | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """A condition on the call's metadata. All given comparisons must hold."""

    key: ClassVar[str] = "meta"
    zh: ClassVar[str] = "随录参数"
    about: ClassVar[str] = (
        "看随录参数（清单里的列）。字段没有值时无法判定，除非用 null 或 not_null 来问它有没有值。"
        "与数字比较时按数字，与文字比较时按文字（日期写成 2026-11-20 可以比先后）。同时写几个条件，须都满足。"
    )

    name: str = field(metadata=_zh("如 ring_count、satisfaction、region，或清单中其他列的列名"))
    eq: Scalar | None = field(metadata=_zh("等于"), default=None)
    ne: Scalar | None = field(metadata=_zh("不等于"), default=None)
    gt: Scalar | None = field(metadata=_zh("大于"), default=None)
    ge: Scalar | None = field(metadata=_zh("大于等于"), default=None)
    lt: Scalar | None = field(metadata=_zh("小于"), default=None)
    le: Scalar | None = field(metadata=_zh("小于等于"), default=None)
    in_: tuple[Scalar, ...] | None = field(metadata=_zh("是其中之一"), default=None)
    not_in: tuple[Scalar, ...] | None = field(metadata=_zh("不是其中任何一个"), default=None)
    between: tuple[Scalar, Scalar] | None = field(metadata=_zh("在两个值之间（含）"), default=None)
    null: bool | None = field(metadata=_zh("true：没有值；false：有值"), default=None)
    not_null: bool | None = field(metadata=_zh("true：有值；false：没有值"), default=None)
    contains: str | None = field(metadata=_zh("文字里含有"), default=None)
    not_contains: str | None = field(metadata=_zh("文字里不含"), default=None)


class EmotionLabel(StrEnum):
    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class EmotionAt(StrEnum):
    TURN = "turn"
    START = "start"
    END = "end"
    WORST = "worst"


@dataclass(frozen=True, slots=True, kw_only=True)
class Emotion:
    """Emotion of the framed speaker."""

    key: ClassVar[str] = "emotion"
    zh: ClassVar[str] = "情绪"
    about: ClassVar[str] = (
        "情绪识别的结果符合条件就成立；几个条件须同时满足。at: turn 有一轮符合；start、end 看开头、结尾几轮的平均倾向；"
        "worst 看情绪最差的一轮。"
    )

    label: EmotionLabel | None = field(metadata=_zh("倾向：negative 负面、neutral 中性、positive 正面"), default=None)
    component: str | None = field(
        metadata=_zh("主要成分：anger 愤怒、anxiety 焦急、threat 扬言升级、satisfaction 满意等"), default=None
    )
    min_level: int = field(metadata=_zh("强度至少几级（0–5）"), default=0)
    at: EmotionAt = field(
        metadata=_zh("看哪里：turn 任一轮、start 开头、end 结尾、worst 最差的一轮"), default=EmotionAt.TURN
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What the conversation is about."""

    key: ClassVar[str] = "topic"
    zh: ClassVar[str] = "话题"
    about: ClassVar[str] = "会话谈到了其中一个话题，且占比达到 min_share。"

    any: tuple[str, ...] = field(metadata=_zh("话题编号，任意一个"))
    min_share: float = field(metadata=_zh("占比至少多少（0–1）"), default=0.2)


EntityType = Literal[
    "mobile",
    "landline",
    "id_card",
    "bank_card",
    "email",
    "plate",
    "address",
    "amount",
    "date",
    "account",
    "name",
    "secret",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitySpan:
    """An item of information in a turn."""

    key: ClassVar[str] = "entity"
    zh: ClassVar[str] = "信息实体"
    about: ClassVar[str] = "话里出现了手机号、身份证号、银行卡号、地址、金额、日期、密码等信息。"

    types: tuple[str, ...] = field(
        metadata=_zh(
            "mobile 手机号、landline 固话、id_card 身份证、bank_card 银行卡、email 邮箱、plate 车牌、"
            "address 地址、amount 金额、date 日期、account 户号、name 姓名、secret 密码或验证码的数字；一种或几种"
        )
    )
    valid_only: bool = field(metadata=_zh("true 时只算校验位或格式正确的"), default=False)
