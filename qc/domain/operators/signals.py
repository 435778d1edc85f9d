"""What other stages say of a conversation: metadata, emotion, topic, information entities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Literal

from qc.domain.operators.base import zh as _zh

Scalar = str | float | bool


class MetaType(StrEnum):
    """As what a field is compared. FLAG: 是 or 否; LIST: several texts in one cell."""

    STRING = "string"
    NUMBER = "number"
    DATE = "date"
    LIST = "list"
    FLAG = "flag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """A condition on the call's metadata. All given comparisons must hold."""

    key: ClassVar[str] = "meta"
    zh: ClassVar[str] = "随录参数"
    about: ClassVar[str] = (
        "看随录参数（清单里的列）。按 type 比较，不写 type 就看条件里写的是什么：写数字按数字比，"
        "写日期（2026-11-20，可带时间）按日期比，写 true、false 按“是”“否”比，其余按文字比。只写日期时不看几点几分。"
        "list 是一格里有几项的字段，如标签“投诉;催单”，以分号、逗号、顿号或竖线隔开，contains 指其中有这一项。"
        "字段没有值，或者不是要比的类型（如拿“很多”比大小），无法判定；要问有没有值用 null 或 not_null。"
        "同时写几个条件，须都满足。"
    )

    name: str = field(metadata=_zh("如 ring_count、satisfaction、region，或清单中其他列的列名"))
    type: MetaType = field(
        metadata=_zh("按什么比：string 文字、number 数字、date 日期、list 列表、flag 是否；通常不必写"),
        default=MetaType.STRING,
    )
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
    contains: str | None = field(metadata=_zh("文字里含有；list 时有这一项"), default=None)
    not_contains: str | None = field(metadata=_zh("文字里不含；list 时没有这一项"), default=None)


class EmotionLabel(StrEnum):
    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class EmotionAt(StrEnum):
    TURN = "turn"
    START = "start"
    END = "end"
    WORST = "worst"
    WHOLE = "whole"
    TREND = "trend"
    REACTION = "reaction"


class Trend(StrEnum):
    FALLING = "falling"
    RISING = "rising"


@dataclass(frozen=True, slots=True, kw_only=True)
class Emotion:
    """Emotion of the framed speaker."""

    key: ClassVar[str] = "emotion"
    zh: ClassVar[str] = "情绪"
    about: ClassVar[str] = (
        "情绪识别的结果符合条件就成立；几个条件须同时满足。at: turn 有一轮符合；worst 看情绪最差的一轮；"
        "start、end 看开头、结尾各三轮（话轮少时各三分之一）的平均，whole 看全部话轮的平均；"
        "trend 看后三分之一的平均比前三分之一低了（falling）或高了（rising）至少 min_change。"
        "reaction 看 speaker 的每一轮之后对方怎样了：写 trend，命中的是对方此后的情绪比此前跌了或升了至少 min_change "
        "的那些轮；写 label、min_level，命中的是对方此后的情绪符合的那些轮。此前、此后各是对方最近几轮的加权平均，"
        "越近越重（聊天隔一轮减半，电话隔 10 秒减半）。"
        "soothed 看安抚：客户负面（至少 min_level 级，不写为 2 级）之后，坐席致歉、安抚或共情过，"
        "或者客户后来道了谢、说解决了，而且客户最后平静，是安抚成功（true）；客户最后仍不平静，是没有安抚下来（false）；"
        "命中的是客户那些负面的话轮。客户没有负面过，或者自己平静下来、看不出是坐席安抚的，两样都不成立。"
        "都只看 speaker 的、在 range 和 window 里的、听得清的话轮；平均和变化按 −1（负面）到 1（正面）的倾向值算。"
        "开场几轮、结束几轮、某句话之后，用 range、window、after 写。"
    )

    label: EmotionLabel | None = field(metadata=_zh("倾向：negative 负面、neutral 中性、positive 正面"), default=None)
    component: str | None = field(
        metadata=_zh("主要成分：anger 愤怒、anxiety 焦急、threat 扬言升级、satisfaction 满意等"), default=None
    )
    min_level: int = field(metadata=_zh("强度至少几级（0–5）"), default=0)
    at: EmotionAt = field(
        metadata=_zh(
            "看哪里：turn 任一轮、start 开头、end 结尾、worst 最差的一轮、whole 全部话轮的平均、"
            "trend 从头到尾的变化、reaction 对方听了之后"
        ),
        default=EmotionAt.TURN,
    )
    trend: Trend | None = field(metadata=_zh("与 at: trend、reaction 合用：falling 变差、rising 变好"), default=None)
    min_change: float = field(metadata=_zh("与 trend 合用：倾向值至少变化多少（0–2）"), default=0.3)
    soothed: bool | None = field(
        metadata=_zh("true 负面之后安抚成功，false 没有安抚下来；与 speaker: customer 合用"), default=None
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What the conversation is about."""

    key: ClassVar[str] = "topic"
    zh: ClassVar[str] = "话题"
    about: ClassVar[str] = (
        "会话谈到了其中一个话题，且占比达到 min_share。一通里各话题的占比加起来是 1，认不出的部分归话题 unknown。"
        "reason: true 只看来电原因，即客户最先说清的事，不看占比。"
    )

    any: tuple[str, ...] = field(metadata=_zh("话题编号，任意一个"))
    min_share: float = field(metadata=_zh("占比至少多少（0–1）"), default=0.2)
    reason: bool = field(metadata=_zh("true：只看来电原因"), default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What the customer is about to do."""

    key: ClassVar[str] = "intent"
    zh: ClassVar[str] = "意向"
    about: ClassVar[str] = (
        "客户表露了其中一种意向（购买、流失、投诉、还款……），强度达到 level。"
        "一通里每种意向一个命中，在说得最强的那一轮。"
        "只看客户的话，不必写 speaker；问句里的降级，否定的不算。"
    )

    any: tuple[str, ...] = field(metadata=_zh("意向编号，任意一种；训练出的意向模型的标签也可以写"))
    level: int = field(metadata=_zh("强度至少几级：1 提到、2 明确、3 强烈"), default=1)


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
    "passport",
    "credit_code",
    "wechat",
    "qq",
    "birthday",
]
ENTITY_ZH: Mapping[str, str] = {
    "mobile": "手机号",
    "landline": "固话",
    "id_card": "身份证",
    "bank_card": "银行卡",
    "email": "邮箱",
    "plate": "车牌",
    "address": "地址",
    "amount": "金额",
    "date": "日期",
    "account": "户号",
    "name": "姓名",
    "secret": "密码或验证码的数字",
    "passport": "护照、通行证",
    "credit_code": "统一社会信用代码",
    "wechat": "微信号",
    "qq": "QQ 号",
    "birthday": "生日",
}
"""What people call the types."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitySpan:
    """An item of information in a turn."""

    key: ClassVar[str] = "entity"
    zh: ClassVar[str] = "信息实体"
    about: ClassVar[str] = (
        "话里出现了手机号、身份证号、银行卡号、地址、金额、日期、密码等信息，一处一个命中，几处以上用 count: {min: 2}。"
        "说话的人把号码分几轮报出来，也认得。脱敏之后照样认得，因为位置和类型留着。"
    )

    types: tuple[str, ...] = field(
        metadata=_zh("、".join(f"{name} {zh}" for name, zh in ENTITY_ZH.items()) + "；一种或几种")
    )
    valid_only: bool = field(metadata=_zh("true 时只算校验位或格式正确的"), default=False)
