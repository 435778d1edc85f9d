"""The clock: operators over times, pauses and rates."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from qc.domain.operators.base import zh as _zh
from qc.domain.operators.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Nobody speaks: one long gap, or all gaps together."""

    key: ClassVar[str] = "silence"
    zh: ClassVar[str] = "静音"
    about: ClassVar[str] = (
        "谁都没说话的时间。min_s：有一段静音达到几秒，证据落在静音之后的那一轮，speaker 指打破静音的人；"
        "total_s、percent：一通里 3 秒以上的静音加起来的秒数、占通话时长的百分比。需要说话的起止时间，否则无法判定。"
    )

    min_s: float | None = field(metadata=_zh("一段静音至少几秒"), default=None)
    total_s: float | None = field(metadata=_zh("静音合计至少几秒"), default=None)
    percent: float | None = field(metadata=_zh("静音合计至少占时长的百分之几"), default=None)
    between: str = field(
        metadata=_zh(
            "静音在谁和谁之间：any 不限、same_speaker 同一人前后两句、agent_customer 坐席说完后客户开口前、"
            "customer_agent 客户说完后坐席开口前等"
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
        "语速超出允许的范围就成立：快于 max 或慢于 min（字/分钟）。"
        "字数这样数：一个汉字、一个数字、一个英文单词各算一个字，标点和空格不算，脱敏成 * 的数字照算；"
        "时间是这一轮从开口到说完。"
        "over: turn 逐轮看；average 用这个人各轮的总字数除以总时间。需要说话的起止时间，否则无法判定。"
    )

    max: float | None = field(metadata=_zh("每分钟最多几个字，超过即成立"), default=None)
    min: float | None = field(metadata=_zh("每分钟最少几个字，低于即成立"), default=None)
    min_chars: int = field(metadata=_zh("少于几个字的话轮不看；average 时看合计的字数"), default=20)
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
    delay_s: float = field(
        metadata=_zh("对方至少已经说了几秒才算打断，用来放过两个人同时开口；0 表示对方先开口就算"), default=0.0
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDuration:
    """Length of the conversation."""

    key: ClassVar[str] = "call_duration"
    zh: ClassVar[str] = "通话时长"
    about: ClassVar[str] = "会话时长在 min_s 与 max_s 之间（含）就成立。先看清单里的时长，没有则看最后一句结束的时间。"

    min_s: float | None = field(metadata=_zh("至少几秒"), default=None)
    max_s: float | None = field(metadata=_zh("至多几秒"), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkRatio:
    """The framed speaker's share of all speech."""

    key: ClassVar[str] = "talk_ratio"
    zh: ClassVar[str] = "话占比"
    about: ClassVar[str] = (
        "speaker 的说话时间占所有人说话时间的百分比，在 min 与 max 之间（含）就成立：min: 80 找说得太多的，"
        "max: 20 找说得太少的。两人同时说话时各算各的；系统提示音不算。写了 window 就只算时间窗里的话轮。"
        "需要说话的起止时间，否则无法判定。"
    )

    min: float | None = field(metadata=_zh("至少百分之几"), default=None)
    max: float | None = field(metadata=_zh("至多百分之几"), default=None)


HOLD_WORDS = (
    "稍等", "稍候", "请等", "等一下", "等一等", "等一会", "等下", "等会", "不要挂", "别挂", "我查", "帮您查", "帮你查",
    "给您查", "我看一下", "帮您看", "帮你看", "我核实", "帮您核实", "我请示", "我问一下",
)  # fmt: skip
"""How agents announce that the customer will have to wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """The customer is made to wait after an announcement."""

    key: ClassVar[str] = "hold"
    zh: ClassVar[str] = "等待"
    about: ClassVar[str] = (
        "坐席或机器人让客户等着的时间：从说了“请稍等”“我帮您查”一类的话（announce）起，到自己再开口止，"
        "中间没人说话的秒数，客户应一声不打断等待；不到 3 秒的是正常停顿，不算。一直没有回来的，算到录音结束。"
        "min_s：有一次等待达到几秒，证据落在回来的那一轮；几次以上用 count: {min: 2}。"
        "total_s：一通里等待加起来的秒数；清单给了保持时长（hold_s）就用它。"
        "与 silence 不同：没有打招呼的停顿是静音，不是等待。没有时间、分不清说话人时无法判定。"
    )

    min_s: float | None = field(metadata=_zh("一次等待至少几秒"), default=None)
    total_s: float | None = field(metadata=_zh("等待合计至少几秒"), default=None)
    announce: Words = field(
        metadata=_zh("让客户等待的说法：一个词或一串词；不写时用“稍等、别挂、帮您查”等"),
        default=Words(words=HOLD_WORDS),
    )


class ResponseOf(StrEnum):
    FIRST = "first"
    EACH = "each"
    AVERAGE = "average"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseTime:
    """The agent or bot lets the customer wait too long for a reply."""

    key: ClassVar[str] = "response_time"
    zh: ClassVar[str] = "响应时长"
    about: ClassVar[str] = (
        "客户说完到坐席或机器人回复，慢于 max_s 秒就成立。speaker: agent 只看坐席的回复，bot 只看机器人的。"
        "语音从客户说完算起；文字会话从客户最早一条没有得到回复的消息算起，催问不重新计时。"
        "of: each 逐次看，证据落在回复的那一轮；first 只看首次响应；average 看各次的平均。"
        "一直没有回复的不在内，可用 turn_count 查。没有时间、分不清说话人时无法判定。"
    )

    max_s: float = field(metadata=_zh("最多几秒，超过即成立"))
    of: ResponseOf = field(metadata=_zh("first 首次响应、each 每次响应、average 平均响应"), default=ResponseOf.EACH)


@dataclass(frozen=True, slots=True, kw_only=True)
class HangupGap:
    """From the last word to the end of the recording."""

    key: ClassVar[str] = "hangup_gap"
    zh: ClassVar[str] = "挂机间隔"
    about: ClassVar[str] = (
        "从最后一句话说完到录音结束的秒数，在 min_s 与 max_s 之间（含）就成立，证据落在最后一轮。"
        "speaker 限定最后说话的是谁：{hangup_gap: {max_s: 1}, speaker: customer} 是客户话音刚落就断了线。"
        "需要录音时长（清单或录音）和说话的起止时间，否则无法判定。"
    )

    min_s: float | None = field(metadata=_zh("至少几秒"), default=None)
    max_s: float | None = field(metadata=_zh("至多几秒"), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerGap:
    """From the answer to the first word."""

    key: ClassVar[str] = "answer_gap"
    zh: ClassVar[str] = "接听间隔"
    about: ClassVar[str] = (
        "从接通（录音开始）到 speaker 第一次开口的秒数，在 min_s 与 max_s 之间（含）就成立，证据落在那一轮。"
        "需要说话的起止时间，否则无法判定；文字会话从第一条消息算起，没有接通一说，也无法判定。"
    )

    min_s: float | None = field(metadata=_zh("至少几秒"), default=None)
    max_s: float | None = field(metadata=_zh("至多几秒"), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy:
    """How loud the framed speaker is."""

    key: ClassVar[str] = "energy"
    zh: ClassVar[str] = "能量"
    about: ClassVar[str] = (
        "说话的音量，单位 dBFS：本声道这一轮声音的均方根，20·log10(均方根/满幅)，满幅方波为 0，正常说话约 −35 到 −20，"
        "数字越大越响；只能在同一套录音设备之间比较，与其他产品的能量值不可比。"
        "min_db、max_db：有一轮的音量在这个范围里（含）；rise_db：比同一人上一轮至少响了几分贝；"
        "span_db：同一人最响与最轻的一轮至少相差几分贝。"
        "音量在转写录音时量得；文字会话和导入的转写没有音量，无法判定。"
    )

    min_db: float | None = field(metadata=_zh("一轮的音量至少多少 dBFS（负数），如 -12 很响"), default=None)
    max_db: float | None = field(metadata=_zh("一轮的音量至多多少 dBFS（负数），如 -50 很轻"), default=None)
    rise_db: float | None = field(metadata=_zh("比同一人上一轮至少响几分贝"), default=None)
    span_db: float | None = field(metadata=_zh("同一人最响与最轻的话轮至少相差几分贝"), default=None)
    min_chars: int = field(metadata=_zh("少于几个字的话轮不看，用来放过“嗯”“好的”"), default=4)
