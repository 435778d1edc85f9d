"""Operators: what a piece of a rule looks for, as data. One frozen class per operator.

`key` is the word in a rule file, `zh` its Chinese name, `about` its explanation for rule editors; each field carries
the explanation of its parameter under metadata key "zh". How an operator is evaluated is in `qc.matching`.

`SPOKEN` operators look at the turns of the framed speaker and take the rule's default speaker; the others measure
the whole conversation or the time between turns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import ClassVar, Literal


def _zh(text: str) -> dict[str, str]:
    return {"zh": text}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Literal words and the ids of lexicons whose words are added to them."""

    words: tuple[str, ...] = ()
    lexicons: tuple[str, ...] = ()


class Mode(StrEnum):
    """How many of the words must occur in one unit of text (turn, clause, or the joined turns)."""

    ANY = "any"
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyword:
    """Literal containment of words."""

    key: ClassVar[str] = "keyword"
    zh: ClassVar[str] = "关键词"
    about: ClassVar[str] = (
        "话里出现了词表中的词就成立。比对前先统一大小写、全角半角和繁简；数字和英文按整个词比对。"
        "all 要求一个话轮里全部出现，"
        "at_least 要求至少几个不同的词；加 in_clause 则要求在同一个分句里，加 joined 则在范围内的话轮连起来看。"
        "none 表示一个都不出现。"
    )

    words: Words = field(metadata=_zh("要找的词：一个词、一串词，或用 lexicon 引用词表"))
    mode: Mode = field(metadata=_zh("any 出现任意一个（默认）；all 全部出现；none 一个都不出现"), default=Mode.ANY)
    at_least: int = field(metadata=_zh("与 any 合用：至少出现几个不同的词"), default=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Regex:
    """A linear-time regular expression over the normalised text."""

    key: ClassVar[str] = "regex"
    zh: ClassVar[str] = "正则"
    about: ClassVar[str] = (
        "用 RE2 正则匹配统一后的文字：半角、小写、简体；逗号、问号、感叹号、冒号、分号是全角的“，？！：；”。"
        "^ 和 $ 是话轮的开头和结尾，匹配不会跨话轮（joined 时除外）。不支持回看、前瞻和反向引用，用 except 排除例外。"
    )

    pattern: str = field(metadata=_zh("正则表达式"))
    exclude: str | None = field(metadata=_zh("与它的匹配处重叠的命中不算"), default=None)


class NearUnit(StrEnum):
    CHARS = "chars"
    TURNS = "turns"
    SECONDS = "seconds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """Two words close to each other."""

    key: ClassVar[str] = "near"
    zh: ClassVar[str] = "邻近"
    about: ClassVar[str] = (
        "a 中的词和 b 中的词挨得够近就成立。按字数时两者须在同一话轮（in_clause 时同一分句，joined 时连起来的话轮）里；"
        "按轮数或秒数时可以在不同的话轮里。两个词不能互相重叠。"
    )

    a: Words = field(metadata=_zh("第一组词"))
    b: Words = field(metadata=_zh("第二组词"))
    within: float = field(metadata=_zh("最远多远：两词之间相隔的字数，或话轮相差几轮，或相差几秒"))
    unit: NearUnit = field(metadata=_zh("距离的单位：chars 字、turns 轮、seconds 秒"), default=NearUnit.CHARS)
    ordered: bool = field(metadata=_zh("true 时 a 必须在 b 前面"), default=False)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnCount:
    """Number of turns of the framed speaker."""

    key: ClassVar[str] = "turn_count"
    zh: ClassVar[str] = "语句数"
    about: ClassVar[str] = "这个人说了几轮话，在 min 与 max 之间（含）就成立。可以再用 range、window 限定范围。"

    min: int | None = field(metadata=_zh("至少几轮"), default=None)
    max: int | None = field(metadata=_zh("至多几轮"), default=None)


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


Operator = (
    Keyword
    | Regex
    | Near
    | Silence
    | Speed
    | Interrupt
    | CallDuration
    | TurnCount
    | Meta
    | Emotion
    | Topic
    | EntitySpan
)
OPERATORS: tuple[type[Operator], ...] = (
    Keyword,
    Regex,
    Near,
    Silence,
    Speed,
    Interrupt,
    CallDuration,
    TurnCount,
    Meta,
    Emotion,
    Topic,
    EntitySpan,
)
SPOKEN: frozenset[type[Operator]] = frozenset({Keyword, Regex, Near, Speed, Interrupt, TurnCount, Emotion, EntitySpan})
"""Operators over the turns of a speaker."""
TEXTUAL: frozenset[type[Operator]] = frozenset({Keyword, Regex, Near, Emotion, EntitySpan})
"""Operators whose evidence is what was said, and so only as good as the transcription."""


def measures_whole(operator: Operator) -> bool:
    """Whether the operator yields one measure of the conversation instead of hits in turns."""
    if isinstance(operator, Silence):
        return operator.min_s is None
    if isinstance(operator, Speed):
        return operator.over is SpeedOver.AVERAGE
    if isinstance(operator, Emotion):
        return operator.at in (EmotionAt.START, EmotionAt.END)
    return isinstance(operator, CallDuration | TurnCount | Meta | Topic)


def word_lists(operator: Operator) -> Iterator[Words]:
    """The word lists of an operator, in order."""
    for parameter in fields(operator):
        value = getattr(operator, parameter.name)
        if isinstance(value, Words):
            yield value
