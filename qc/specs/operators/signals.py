"""What other stages say: shapes and builders of the signal operators."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from qc.domain import operators as op
from qc.domain.emotion import COMPONENTS
from qc.specs.model import Spec
from qc.specs.operators.site import OperatorShape, Site, about, listed
from qc.specs.scalars import Ids, Scalar, Text


class MetaSpec(Spec):
    """随录参数；至少写一个条件。"""

    field: Text = about(op.Meta, "name")
    eq: Scalar | None = about(op.Meta, "eq", default=None)
    ne: Scalar | None = about(op.Meta, "ne", default=None)
    gt: Scalar | None = about(op.Meta, "gt", default=None)
    ge: Scalar | None = about(op.Meta, "ge", default=None)
    lt: Scalar | None = about(op.Meta, "lt", default=None)
    le: Scalar | None = about(op.Meta, "le", default=None)
    in_: Annotated[list[Scalar], Field(min_length=1)] | None = about(op.Meta, "in_", default=None, alias="in")
    not_in: Annotated[list[Scalar], Field(min_length=1)] | None = about(op.Meta, "not_in", default=None)
    between: Annotated[list[Scalar], Field(min_length=2, max_length=2)] | None = about(op.Meta, "between", default=None)
    null: bool | None = about(op.Meta, "null", default=None)
    not_null: bool | None = about(op.Meta, "not_null", default=None)
    contains: Text | None = about(op.Meta, "contains", default=None)
    not_contains: Text | None = about(op.Meta, "not_contains", default=None)


class EmotionSpec(Spec):
    """情绪；至少写一个条件。"""

    label: op.EmotionLabel | None = about(op.Emotion, "label", default=None)
    component: Literal[COMPONENTS] | None = about(op.Emotion, "component", default=None)  # type: ignore[valid-type]
    min_level: Annotated[int, Field(ge=0, le=5)] = about(op.Emotion, "min_level", default=0)
    at: op.EmotionAt = about(op.Emotion, "at", default=op.EmotionAt.TURN)


class TopicSpec(Spec):
    """话题。"""

    any: Ids = about(op.Topic, "any")
    min_share: Annotated[float, Field(ge=0, le=1)] = about(op.Topic, "min_share", default=0.2)


class EntitySpec(Spec):
    """信息实体。"""

    type: op.EntityType | Annotated[list[op.EntityType], Field(min_length=1)] = about(op.EntitySpan, "types")
    valid_only: bool = about(op.EntitySpan, "valid_only", default=False)


def _meta(at: Site, spec: MetaSpec) -> op.Meta:
    values = spec.model_dump()
    name = values.pop("field")
    if all(value is None for value in values.values()):
        at.wrong(("meta",), "R022", "没有写条件", "例如 {field: ring_count, gt: 4}。")
    between = values["between"]
    if between is not None and type(between[0]) is not type(between[1]):
        at.wrong(("meta", "between"), "R023", "between 的两个值要同是数字或同是文字")
    elif between is not None and between[0] > between[1]:
        at.wrong(("meta", "between"), "R023", "between 的第一个值大于第二个")
    frozen: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    return op.Meta(name=name, **frozen)


def _emotion(at: Site, spec: EmotionSpec) -> op.Emotion:
    if spec.label is None and spec.component is None and spec.min_level == 0:
        at.wrong(("emotion",), "R022", "没有写条件", "label、component、min_level 至少写一个。")
    if spec.component is not None and spec.at in (op.EmotionAt.START, op.EmotionAt.END):
        at.wrong(
            ("emotion", "component"),
            "R022",
            "start、end 是几轮的平均，没有 component",
            "请只写 label、min_level。",
        )
    return op.Emotion(**spec.model_dump())


SIGNALS = (
    OperatorShape(op.Meta, MetaSpec, _meta),
    OperatorShape(op.Emotion, EmotionSpec, _emotion),
    OperatorShape(op.Topic, TopicSpec, lambda at, spec: op.Topic(any=listed(spec.any), min_share=spec.min_share)),
    OperatorShape(
        op.EntitySpan,
        EntitySpec,
        lambda at, spec: op.EntitySpan(types=listed(spec.type), valid_only=spec.valid_only),
    ),
)
