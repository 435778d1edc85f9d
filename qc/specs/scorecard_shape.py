"""The shape of a scorecard file: what stands where, before points and references are looked at together."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from qc.domain.conversation import Channel
from qc.domain.rule import ErrorClass
from qc.domain.scorecard import AutoFail, Effect, Per
from qc.specs.model import Spec

_Text = Annotated[str, Field(min_length=1)]
_Id = Annotated[str, Field(pattern=r"^[^\W\d]\w*$", max_length=60, description="编号：文字、数字、下划线，定下后不改")]
_Points = Annotated[float, Field(ge=0, le=10_000)]


class ScopeSpec(Spec):
    """适用范围；不写的一项不限，写了的都要符合。"""

    projects: tuple[_Text, ...] = Field(default=(), description="业务项目")
    channels: tuple[Channel, ...] = Field(default=(), description="渠道")
    meta: dict[_Text, Annotated[tuple[_Text | int, ...], Field(min_length=1)]] = Field(
        default={}, description="随录参数，字段: [允许的值, …]，例如 region: [北京, 天津]；没有这个值的会话不适用"
    )


class GradeSpec(Spec):
    """一个等级。"""

    name: _Text = Field(description="等级名称")
    min: _Points = Field(description="从多少分起")


class ItemSpec(Spec):
    """一个评分项：引用规则，规则命中就扣分（或加分）。"""

    id: _Id
    title: _Text = Field(description="名称，写给坐席看")
    rules: tuple[_Text, ...] = Field(min_length=1, description="引用的规则编号，任一条命中就算")
    conditions: _Text | Annotated[tuple[_Text, ...], Field(min_length=1)] | None = Field(
        default=None, alias="if", description="条件：这些规则有一条命中时才评这一项，否则不适用；一个编号或一串编号"
    )
    points: _Points = Field(description="扣（加）多少分；只作一票否决时可写 0")
    effect: Effect = Field(default=Effect.DEDUCT, description="deduct 扣分，award 加分")
    per: Per = Field(default=Per.ONCE, description="once 只扣一次，hit 每处扣一次（要写 cap）")
    cap: _Points | None = Field(default=None, description="每处扣一次时，这一项最多扣多少分，也是这一项的分值")
    auto_fail: AutoFail = Field(default=AutoFail.NONE, description="一票否决：card 整张表 0 分，section 本部分 0 分")
    error_class: ErrorClass = Field(default=ErrorClass.NONE, description="差错类别（COPC）：客户、业务、合规")

    @property
    def needed(self) -> tuple[str, ...]:
        """The rules of the condition; empty when there is none."""
        given = self.conditions
        return () if given is None else (given,) if isinstance(given, str) else given

    @property
    def worth(self) -> float:
        """What the item can lose at most."""
        if self.effect is Effect.AWARD:
            return 0.0
        return self.points if self.cap is None else self.cap


class SectionSpec(Spec):
    """评分表的一个部分；扣完为止。"""

    id: _Id
    title: _Text = Field(description="名称")
    points: _Points | None = Field(default=None, description="本部分的分值；不写就是各项分值之和")
    items: tuple[ItemSpec, ...] = Field(min_length=1, description="评分项")

    @property
    def worth(self) -> float:
        return self.points if self.points is not None else sum(i.worth for i in self.items)


class ScorecardSpec(Spec):
    """评分表：规则的判定怎样变成分数。"""

    id: _Id
    title: _Text = Field(description="名称")
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$", description="版本，如 1.0.0")
    base: float = Field(default=100, gt=0, le=10_000, description="满分")
    pass_mark: _Points = Field(description="合格线")
    scope: ScopeSpec = Field(default=ScopeSpec(), description="适用的业务项目与渠道")
    fallback: bool = Field(default=False, description="只用于没有别的评分表适用的会话")
    grades: tuple[GradeSpec, ...] = Field(min_length=1, description="等级，从高到低，最后一级从 0 分起")
    bonus_cap: _Points = Field(default=0, description="所有加分合计最多多少分")
    over_base: bool = Field(default=False, description="加分可以超过满分")
    sections: tuple[SectionSpec, ...] = Field(min_length=1, description="各部分，分值合计等于满分")
