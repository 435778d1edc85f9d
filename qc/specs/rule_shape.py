"""The shape of a rule file: what stands where, before pieces and sentences are looked at together."""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import Field, create_model

from qc.domain.conversation import Channel, Role
from qc.domain.emotion import COMPONENTS
from qc.domain.operators import EmotionLabel
from qc.domain.rule import AnchorRelation, ErrorClass, OnEmpty, RuleKind, RuleStatus, Severity
from qc.specs.model import Spec
from qc.specs.operators import SHAPES
from qc.specs.scalars import Count, Percent, RuleId, Seconds, Slug, Text, Version

SpeakerName = Literal["agent", "customer", "bot", "system", "any"]
Speakers = SpeakerName | Annotated[list[Literal["agent", "customer", "bot", "system"]], Field(min_length=1)]


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
_NTH = "相对第几处命中，从 1 数起；写了它就不写 which"


class AnchorSpec(Spec):
    """相对另一个片段命中处的远近；turns、seconds 都不写表示不限。"""

    piece: Slug = Field(description="片段名")
    turns: Annotated[int, Field(ge=1, le=10_000)] | None = Field(default=None, description="几轮以内，任何人的话轮都算")
    seconds: Annotated[Seconds, Field(gt=0)] | None = Field(default=None, description="几秒以内")
    which: Literal["any", "first", "last", "each"] | None = Field(default=None, description=_WHICH)
    nth: Annotated[int, Field(ge=1, le=10_000)] | None = Field(default=None, description=_NTH)


class SameTurnSpec(Spec):
    """与另一个片段的命中在同一话轮。"""

    piece: Slug = Field(description="片段名")
    which: Literal["any", "first", "last", "each"] | None = Field(default=None, description=_WHICH)
    nth: Annotated[int, Field(ge=1, le=10_000)] | None = Field(default=None, description=_NTH)


class UnlessSpec(Spec):
    """一种例外：另一个片段命中时，这里的命中不算；不写远近表示在会话的任何地方。"""

    piece: Slug = Field(description="片段名")
    where: AnchorRelation = Field(
        default=AnchorRelation.AROUND,
        description="例外在命中的哪边：before 之前、after 之后、around 前后（含同一轮）、same_turn 同一轮",
    )
    turns: Annotated[int, Field(ge=1, le=10_000)] | None = Field(default=None, description="几轮以内")
    seconds: Annotated[Seconds, Field(gt=0)] | None = Field(default=None, description="几秒以内")


class FrameSpec(Spec):
    """限定范围的键。"""

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
    on_empty: OnEmpty | None = Field(
        default=None,
        description="范围内一轮也没有时：hit 成立、miss 不成立、na 规则不适用；不写是不成立，整通的测量照量到的数",
    )
    after: AnchorSpec | None = Field(default=None, description="在另一个片段命中之后")
    before: AnchorSpec | None = Field(default=None, description="在另一个片段命中之前")
    around: AnchorSpec | None = Field(default=None, description="在另一个片段命中的前后（含同一轮）")
    same_turn: SameTurnSpec | None = Field(default=None, description="与另一个片段的命中在同一话轮")
    unless: Slug | UnlessSpec | Annotated[list[Slug | UnlessSpec], Field(min_length=1)] | None = Field(
        default=None, description="例外：这些片段命中时，这里的命中不算，并记下来"
    )


def _operator_fields() -> dict[str, Any]:
    return {
        key: (
            shape.shape | None if shape.short is None else shape.short | shape.shape | None,
            Field(default=None, description=shape.operator.about),
        )
        for key, shape in SHAPES.items()
    }


if TYPE_CHECKING:
    PieceSpec = FrameSpec
else:  # the keys of operators come from their own files
    PieceSpec = create_model(
        "PieceSpec", __base__=FrameSpec, __doc__="一个片段：正好一个算子，加上限定范围的键。", **_operator_fields()
    )


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


class ValidSpec(Spec):
    """生效时间，按会话开始的日期算，首尾都含；不写的一头不限；没有日期的会话照评。"""

    from_: date | None = Field(default=None, alias="from", description="从哪天起，如 2026-01-01")
    to: date | None = Field(default=None, description="到哪天止，如 2026-12-31")


class EmotionGivenSpec(Spec):
    """这一轮的情绪，不由文字推断。"""

    label: EmotionLabel = Field(description="negative 负面、neutral 中性、positive 正面")
    level: Annotated[int, Field(ge=0, le=5)] = Field(default=3, description="强度 0–5；中性时不看")
    component: Literal[COMPONENTS] | None = Field(default=None, description="主要成分，如 anger 愤怒")  # type: ignore[valid-type]


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
    energy_db: Annotated[float, Field(ge=-120, le=0)] | None = Field(default=None, description="音量 dBFS，如 -20")
    emotion: EmotionGivenSpec | None = Field(
        default=None, description="这一轮的情绪；不写则由文字推断，如 {label: negative, level: 4}"
    )

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
    valid: ValidSpec = Field(default=ValidSpec(), description="生效时间")
    scope: ScopeSpec = Field(default=ScopeSpec(), description="适用范围")
    given: Text | None = Field(default=None, description="前提：不成立则规则不适用")
    find: Annotated[dict[Slug, PieceSpec], Field(min_length=1)] = Field(description="各个片段，名字自取")
    when: Text = Field(description="由片段组成的句子：and、or、not、any of (…)、all of (…)、2 of (…)")
    message: Text = Field(description="给坐席的一句话，可用 {turn} {text} {start} {value} {count} {step}")
    advice: str = Field(default="", description="应当怎么做")
    exceptions: list[Text] = Field(default=[], description="已知的误判，供复核人参考")
    tests: list[TestSpec] = Field(default=[], description="测试：至少一个 hit 和一个 miss")
