"""The shape of a rule file: what stands where, before pieces and sentences are looked at together."""

from __future__ import annotations

from dataclasses import fields
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, StringConstraints

from qc.domain import operators as op
from qc.domain.conversation import Channel, Role
from qc.domain.emotion import COMPONENTS
from qc.domain.rule import ErrorClass, OnEmpty, RuleKind, RuleStatus, Severity, Which
from qc.specs.model import Spec

Text = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"\S")]
Slug = Annotated[str, StringConstraints(pattern=r"^[^\W\d]\w*$", max_length=60)]
RuleId = Annotated[str, StringConstraints(pattern=r"^\w+(\.\w+)+$", max_length=120)]
Version = Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
WordText = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^\S(.*\S)?$")]
WordList = Annotated[list[WordText], Field(min_length=1)]
Ids = Text | Annotated[list[Text], Field(min_length=1)]
Seconds = Annotated[float, Field(ge=0, le=86400)]
Percent = Annotated[float, Field(gt=0, le=100)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Scalar = str | bool | float
SpeakerName = Literal["agent", "customer", "bot", "system", "any"]
Speakers = SpeakerName | Annotated[list[Literal["agent", "customer", "bot", "system"]], Field(min_length=1)]
_SIDES = ("agent", "customer", "bot")
_BETWEEN = ("any", "same_speaker", *(f"{a}_{b}" for a in _SIDES for b in _SIDES if a != b))


def _about(operator: type[op.Operator], name: str, **options: Any) -> Any:
    """A field described as the operator's own parameter is."""
    described = {f.name: f.metadata["zh"] for f in fields(operator)}[name]
    return Field(description=described, **options)


class WordsSpec(Spec):
    """词表：直接写词，或引用词表，或都有。"""

    words: WordText | WordList | None = Field(default=None, description="一个词或一串词")
    lexicon: Ids | None = Field(default=None, description="引用的词表编号")


class KeywordSpec(Spec):
    """关键词的几种写法；any、all、none 写其中一个。"""

    any: WordText | WordList | None = Field(default=None, description="出现其中任意一个")
    all: WordText | WordList | None = Field(default=None, description="全部出现")
    none: WordText | WordList | None = Field(default=None, description="一个都不出现")
    lexicon: Ids | None = Field(default=None, description="引用的词表编号，并入 any 或 none")
    at_least: Annotated[int, Field(ge=1)] | None = _about(op.Keyword, "at_least", default=None)


class RegexSpec(Spec):
    """正则和例外。"""

    pattern: Text = _about(op.Regex, "pattern")
    exclude: Text | None = _about(op.Regex, "exclude", default=None, alias="except")


class NearSpec(Spec):
    """两组词挨得近。"""

    a: WordText | WordList | WordsSpec = _about(op.Near, "a")
    b: WordText | WordList | WordsSpec = _about(op.Near, "b")
    within: Annotated[float, Field(ge=0, le=100_000)] = _about(op.Near, "within")
    unit: op.NearUnit = _about(op.Near, "unit", default=op.NearUnit.CHARS)
    ordered: bool = _about(op.Near, "ordered", default=False)


class SilenceSpec(Spec):
    """静音；min_s、total_s、percent 写其中一个。"""

    min_s: Annotated[Seconds, Field(gt=0)] | None = _about(op.Silence, "min_s", default=None)
    total_s: Annotated[Seconds, Field(gt=0)] | None = _about(op.Silence, "total_s", default=None)
    percent: Percent | None = _about(op.Silence, "percent", default=None)
    between: Literal[_BETWEEN] = _about(op.Silence, "between", default="any")  # type: ignore[valid-type]


class SpeedSpec(Spec):
    """语速；max、min 至少写一个。"""

    max: Annotated[float, Field(gt=0)] | None = _about(op.Speed, "max", default=None)
    min: Annotated[float, Field(gt=0)] | None = _about(op.Speed, "min", default=None)
    min_chars: Count = _about(op.Speed, "min_chars", default=20)
    over: op.SpeedOver = _about(op.Speed, "over", default=op.SpeedOver.TURN)


class InterruptSpec(Spec):
    """抢话。"""

    min_overlap_s: Annotated[Seconds, Field(gt=0)] = _about(op.Interrupt, "min_overlap_s", default=0.5)
    min_chars: Count = _about(op.Interrupt, "min_chars", default=4)


class CallDurationSpec(Spec):
    """通话时长；至少写一个。"""

    min_s: Seconds | None = _about(op.CallDuration, "min_s", default=None)
    max_s: Seconds | None = _about(op.CallDuration, "max_s", default=None)


class TurnCountSpec(Spec):
    """语句数；至少写一个。"""

    min: Count | None = _about(op.TurnCount, "min", default=None)
    max: Count | None = _about(op.TurnCount, "max", default=None)


class MetaSpec(Spec):
    """随录参数；至少写一个条件。"""

    field: Text = _about(op.Meta, "name")
    eq: Scalar | None = _about(op.Meta, "eq", default=None)
    ne: Scalar | None = _about(op.Meta, "ne", default=None)
    gt: Scalar | None = _about(op.Meta, "gt", default=None)
    ge: Scalar | None = _about(op.Meta, "ge", default=None)
    lt: Scalar | None = _about(op.Meta, "lt", default=None)
    le: Scalar | None = _about(op.Meta, "le", default=None)
    in_: Annotated[list[Scalar], Field(min_length=1)] | None = _about(op.Meta, "in_", default=None, alias="in")
    not_in: Annotated[list[Scalar], Field(min_length=1)] | None = _about(op.Meta, "not_in", default=None)
    between: Annotated[list[Scalar], Field(min_length=2, max_length=2)] | None = _about(
        op.Meta, "between", default=None
    )
    null: bool | None = _about(op.Meta, "null", default=None)
    not_null: bool | None = _about(op.Meta, "not_null", default=None)
    contains: Text | None = _about(op.Meta, "contains", default=None)
    not_contains: Text | None = _about(op.Meta, "not_contains", default=None)


class EmotionSpec(Spec):
    """情绪；至少写一个条件。"""

    label: op.EmotionLabel | None = _about(op.Emotion, "label", default=None)
    component: Literal[COMPONENTS] | None = _about(op.Emotion, "component", default=None)  # type: ignore[valid-type]
    min_level: Annotated[int, Field(ge=0, le=5)] = _about(op.Emotion, "min_level", default=0)
    at: op.EmotionAt = _about(op.Emotion, "at", default=op.EmotionAt.TURN)


class TopicSpec(Spec):
    """话题。"""

    any: Ids = _about(op.Topic, "any")
    min_share: Annotated[float, Field(ge=0, le=1)] = _about(op.Topic, "min_share", default=0.2)


class EntitySpec(Spec):
    """信息实体。"""

    type: op.EntityType | Annotated[list[op.EntityType], Field(min_length=1)] = _about(op.EntitySpan, "types")
    valid_only: bool = _about(op.EntitySpan, "valid_only", default=False)


class WindowSpec(Spec):
    """时间窗；只写一种：first_s、last_s、first_percent、last_percent，或 from_s 与 to_s。"""

    first_s: Annotated[Seconds, Field(gt=0)] | None = Field(default=None, description="最前面几秒")
    last_s: Annotated[Seconds, Field(gt=0)] | None = Field(default=None, description="最后几秒")
    from_s: Seconds | None = Field(default=None, description="从第几秒起")
    to_s: Annotated[Seconds, Field(gt=0)] | None = Field(default=None, description="到第几秒止")
    first_percent: Percent | None = Field(default=None, description="最前面百分之几")
    last_percent: Percent | None = Field(default=None, description="最后百分之几")


class CountSpec(Spec):
    """命中的处数。"""

    min: Count = Field(default=1, description="至少几处")
    max: Count | None = Field(default=None, description="至多几处")


_WHICH = "相对哪一处命中：any 任一处、first 第一处、last 最后一处、each 每一处都要成立"


class AnchorSpec(Spec):
    """相对另一个片段命中处的远近；turns、seconds 都不写表示不限。"""

    piece: Slug = Field(description="片段名")
    turns: Annotated[int, Field(ge=1, le=10_000)] | None = Field(default=None, description="几轮以内，任何人的话轮都算")
    seconds: Annotated[Seconds, Field(gt=0)] | None = Field(default=None, description="几秒以内")
    which: Which = Field(default=Which.ANY, description=_WHICH)


class SameTurnSpec(Spec):
    """与另一个片段的命中在同一话轮。"""

    piece: Slug = Field(description="片段名")
    which: Which = Field(default=Which.ANY, description=_WHICH)


class PieceSpec(Spec):
    """一个片段：正好一个算子，加上限定范围的键。"""

    keyword: WordText | WordList | KeywordSpec | None = Field(default=None, description=op.Keyword.about)
    regex: Text | RegexSpec | None = Field(default=None, description=op.Regex.about)
    near: NearSpec | None = Field(default=None, description=op.Near.about)
    silence: SilenceSpec | None = Field(default=None, description=op.Silence.about)
    speed: SpeedSpec | None = Field(default=None, description=op.Speed.about)
    interrupt: InterruptSpec | None = Field(default=None, description=op.Interrupt.about)
    call_duration: CallDurationSpec | None = Field(default=None, description=op.CallDuration.about)
    turn_count: TurnCountSpec | None = Field(default=None, description=op.TurnCount.about)
    meta: MetaSpec | None = Field(default=None, description=op.Meta.about)
    emotion: EmotionSpec | None = Field(default=None, description=op.Emotion.about)
    topic: TopicSpec | None = Field(default=None, description=op.Topic.about)
    entity: EntitySpec | None = Field(default=None, description=op.EntitySpan.about)

    speaker: Speakers | None = Field(default=None, description="谁说的：角色、一串角色或 any；不写时用 scope.speaker")
    range: str | int | None = Field(
        default=None, description='这个人的第几轮，如 "1..3"、"-2..-1"（倒数）、"3..-3"，首尾都含'
    )
    window: WindowSpec | None = Field(default=None, description="时间窗，与之有重叠的话轮都算")
    joined: bool = Field(default=False, description="把范围内的话轮连起来看")
    in_clause: bool = Field(default=False, description="必须在同一个分句里（，。！？；断开）")
    all_turns: bool = Field(default=False, description="范围内每一轮都要命中")
    count: CountSpec | None = Field(default=None, description="命中的处数")
    negate: bool = Field(default=False, description="反过来：没有才成立")
    on_empty: OnEmpty | None = Field(default=None, description="范围内一轮也没有时：hit 成立、miss 不成立、na 不适用")
    after: AnchorSpec | None = Field(default=None, description="在另一个片段命中之后")
    before: AnchorSpec | None = Field(default=None, description="在另一个片段命中之前")
    around: AnchorSpec | None = Field(default=None, description="在另一个片段命中的前后（含同一轮）")
    same_turn: SameTurnSpec | None = Field(default=None, description="与另一个片段的命中在同一话轮")


OPERATOR_SHAPES: dict[type[op.Operator], type[Spec]] = {
    op.Keyword: KeywordSpec,
    op.Regex: RegexSpec,
    op.Near: NearSpec,
    op.Silence: SilenceSpec,
    op.Speed: SpeedSpec,
    op.Interrupt: InterruptSpec,
    op.CallDuration: CallDurationSpec,
    op.TurnCount: TurnCountSpec,
    op.Meta: MetaSpec,
    op.Emotion: EmotionSpec,
    op.Topic: TopicSpec,
    op.EntitySpan: EntitySpec,
}
"""The full form of every operator in a file; keyword and regex also have short ones."""


class Key(NamedTuple):
    """A key of a mapping in a file: its name, what it means, its default as it would be written (None: required)."""

    name: str
    about: str
    default: str | None


def keys_of(shape: type[Spec]) -> list[Key]:
    """The keys of a shape, in order."""
    return [
        Key(field.alias or name, field.description or "", None if field.is_required() else _written(field.default))
        for name, field in shape.model_fields.items()
    ]


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value.value if isinstance(value, Enum) else value)


class ScopeSpec(Spec):
    """适用范围，不写表示不限。"""

    projects: Annotated[list[Text], Field(min_length=1)] | None = Field(default=None, description="业务项目")
    channels: Annotated[list[Channel], Field(min_length=1)] | None = Field(default=None, description="渠道")
    speaker: Speakers | None = Field(default=None, description="各片段默认看谁说的话")


class TurnSpec(Spec):
    """测试里的一轮：角色: 话。"""

    agent: str | None = Field(default=None, description="坐席说的话")
    customer: str | None = Field(default=None, description="客户说的话")
    bot: str | None = Field(default=None, description="机器人说的话")
    system: str | None = Field(default=None, description="系统消息")
    unknown: str | None = Field(default=None, description="没有区分出是谁说的话")
    at: Seconds | None = Field(default=None, description="从第几秒开始")
    to: Seconds | None = Field(default=None, description="到第几秒结束")
    confidence: Annotated[float, Field(ge=0, le=1)] | None = Field(default=None, description="转写置信度")

    @property
    def spoken(self) -> dict[Role, str]:
        """What was said, by role; a valid turn has exactly one."""
        given = {role: getattr(self, role.value) for role in Role}
        return {role: text for role, text in given.items() if text is not None}


class TestSpec(Spec):
    """一个测试：一小段对话和应有的判定。"""

    name: Text = Field(description="测试名")
    expect: Literal["hit", "miss", "na", "undecided"] = Field(
        description="hit 命中、miss 未命中、na 不适用、undecided 无法判定"
    )
    project: Text | None = Field(default=None, description="业务项目；不写时取 scope 里的第一个")
    channel: Channel | None = Field(default=None, description="渠道；不写时取 scope 里的第一个")
    audio_channels: Annotated[int, Field(ge=1, le=8)] | None = Field(
        default=None, description="录音的声道数；语音渠道不写时为 2"
    )
    meta: dict[Text, str | int | float] = Field(default={}, description="随录参数")
    turns: list[TurnSpec] = Field(description="对话")


class RuleSpec(Spec):
    """一条质检规则。"""

    id: RuleId = Field(description="编号：文件夹名.文件名，定下来就不再改")
    title: Text = Field(description="名称")
    kind: RuleKind = Field(default=RuleKind.VIOLATION, description="violation 违规、merit 亮点、signal 信号")
    severity: Severity = Field(description="严重程度 low、medium、high、critical")
    error_class: ErrorClass = Field(
        default=ErrorClass.NONE, description="差错类别：customer 客户、business 业务、compliance 合规、none 不分"
    )
    status: RuleStatus = Field(
        default=RuleStatus.STABLE, description="draft 草稿、shadow 试跑、stable 正式、retired 停用"
    )
    version: Version = Field(default="1.0.0", description="版本，如 1.2.0")
    owner: str = Field(default="", description="谁负责")
    basis: str = Field(default="", description="依据的文件和条款")
    scope: ScopeSpec = Field(default=ScopeSpec(), description="适用范围")
    given: Text | None = Field(default=None, description="前提：不成立则规则不适用")
    find: Annotated[dict[Slug, PieceSpec], Field(min_length=1)] = Field(description="各个片段，名字自取")
    when: Text = Field(description="由片段组成的句子：and、or、not、any of (…)、all of (…)、2 of (…)")
    message: Text = Field(description="给坐席的一句话，可用 {turn} {text} {start} {value} {count}")
    advice: str = Field(default="", description="应当怎么做")
    exceptions: list[Text] = Field(default=[], description="已知的误判，供复核人参考")
    tests: list[TestSpec] = Field(default=[], description="测试：至少一个 hit 和一个 miss")
