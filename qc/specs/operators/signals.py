"""What other stages say: shapes and builders of the signal operators."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from qc.domain import operators as op
from qc.domain.emotion import COMPONENTS
from qc.specs.model import Spec
from qc.specs.operators.site import OperatorShape, Site, about, listed
from qc.specs.scalars import Ids, Scalar, Text
from qc.specs.wording import show
from qc.text.dates import read_date


class MetaSpec(Spec):
    """随录参数；至少写一个条件。"""

    field: Text = about(op.Meta, "name")
    type: op.MetaType | None = about(op.Meta, "type", default=None)
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
    trend: op.Trend | None = about(op.Emotion, "trend", default=None)
    min_change: Annotated[float, Field(gt=0, le=2)] | None = about(op.Emotion, "min_change", default=None)
    soothed: bool | None = about(op.Emotion, "soothed", default=None)


class TopicSpec(Spec):
    """话题。"""

    any: Ids = about(op.Topic, "any")
    min_share: Annotated[float, Field(ge=0, le=1)] | None = about(op.Topic, "min_share", default=None)
    reason: bool = about(op.Topic, "reason", default=False)


class IntentSpec(Spec):
    """意向。"""

    any: Ids = about(op.Intent, "any")
    level: Literal[1, 2, 3] = about(op.Intent, "level", default=1)


class EntitySpec(Spec):
    """信息实体。"""

    type: op.EntityType | Annotated[list[op.EntityType], Field(min_length=1)] = about(op.EntitySpan, "types")
    valid_only: bool = about(op.EntitySpan, "valid_only", default=False)


_FIELD_TYPES = {
    **dict.fromkeys(("duration_ms", "ring_count", "queue_wait_s", "hold_s", "after_call_s"), op.MetaType.NUMBER),
    **dict.fromkeys(("transfers", "satisfaction"), op.MetaType.NUMBER),
    **dict.fromkeys(("agent_id", "agent_name", "team", "customer_id", "region"), op.MetaType.STRING),
    "started_at": op.MetaType.DATE,
}
"""What our own fields hold; other columns are text and hold what people write."""
_TYPES_ZH = {
    op.MetaType.STRING: ("文字", '给它加上引号，如 "1001"。'),
    op.MetaType.NUMBER: ("数字", "写半角数字，不加引号。"),
    op.MetaType.DATE: ("日期", "写作 2026-11-20 或 2026-11-20 21:03。"),
    op.MetaType.FLAG: ("“是”或“否”", "写 true 或 false。"),
    op.MetaType.LIST: ("列表", "列表只能用 contains、not_contains、null、not_null。"),
}
_ORDERED = ("gt", "ge", "lt", "le", "between")


def _meta(at: Site, spec: MetaSpec) -> op.Meta:
    values = spec.model_dump(exclude={"field", "type"})
    if all(value is None for value in values.values()):
        at.wrong(("meta",), "R022", "没有写条件", "例如 {field: ring_count, gt: 4}。")
    kind = _meta_type(at, spec)
    if spec.between is not None and _upside_down(kind, *spec.between):
        at.wrong(("meta", "between"), "R023", "between 的第一个值大于第二个", "请把小的写在前面。")
    frozen: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    return op.Meta(name=spec.field, type=kind, **frozen)


def _meta_type(at: Site, spec: MetaSpec) -> op.MetaType:
    """As what the field is compared: as is written, else as our own fields are, else as the values look."""
    written = {
        key: value for key in ("eq", "ne", *_ORDERED, "in_", "not_in") if (value := getattr(spec, key)) is not None
    }
    values = {key: value if isinstance(value, list) else [value] for key, value in written.items()}
    words = [key for key in ("contains", "not_contains") if getattr(spec, key) is not None]
    looks = op.MetaType.STRING if words or not values else _looks_like(next(iter(values.values()))[0])
    kind = spec.type or _FIELD_TYPES.get(spec.field) or looks
    name, hint = _TYPES_ZH[kind]
    for key, compared in values.items():
        shown = key.rstrip("_")
        odd = next((value for value in compared if not _fits(kind, _looks_like(value))), None)
        if odd is not None:
            at.wrong(("meta", shown), "R029", f"{spec.field} 按{name}比较，{shown} 写成了 {_shown(odd)}", hint)
        elif kind is op.MetaType.STRING and spec.type is None and key in _ORDERED:
            how = "数字不加引号；真要按文字排序，写 type: string。"
            at.wrong(("meta", shown), "R029", f"{shown} 比较大小，要写数字或日期", how)
    if words and kind not in (op.MetaType.STRING, op.MetaType.LIST):
        at.wrong(("meta", words[0]), "R029", f"{spec.field} 是{name}，不能用 {words[0]}", "contains 只用于文字和列表。")
    return kind


def _shown(value: str | bool | float) -> str:
    return f"{value:g}" if isinstance(value, float) else show(value)


def _fits(kind: op.MetaType, looks: op.MetaType) -> bool:
    return looks is kind or (kind is op.MetaType.STRING and looks is op.MetaType.DATE)


def _looks_like(value: str | bool | float) -> op.MetaType:
    if isinstance(value, bool):
        return op.MetaType.FLAG
    if isinstance(value, str):
        return op.MetaType.STRING if read_date(value) is None else op.MetaType.DATE
    return op.MetaType.NUMBER


def _upside_down(kind: op.MetaType, low: str | bool | float, high: str | bool | float) -> bool:
    """Whether the first is the greater; of values of another type, which has been noted already, not."""
    if isinstance(low, float) and isinstance(high, float):
        return low > high
    if not (isinstance(low, str) and isinstance(high, str)):
        return False
    first, last = read_date(low), read_date(high)
    if kind is op.MetaType.DATE and first is not None and last is not None:
        return first.at > last.at
    return kind is op.MetaType.STRING and low > high


_CHANGES = (op.EmotionAt.TREND, op.EmotionAt.REACTION)
_MEANS = (op.EmotionAt.START, op.EmotionAt.END, op.EmotionAt.WHOLE, op.EmotionAt.REACTION)


def _emotion(at: Site, spec: EmotionSpec) -> op.Emotion:
    felt = {"label": spec.label is not None, "component": spec.component is not None, "min_level": spec.min_level > 0}
    if spec.soothed is not None:
        _soothed(at, spec)
    elif spec.at is op.EmotionAt.TREND:
        if spec.trend is None:
            at.wrong(("emotion",), "R022", "at: trend 没有写 trend", "写 trend: falling（变差）或 rising（变好）。")
        for key in (key for key, given in felt.items() if given):
            at.wrong(("emotion", key), "R022", f"at: trend 看的是变化，没有 {key}", "请写 trend、min_change。")
    elif spec.at is op.EmotionAt.REACTION and not felt["label"] and spec.trend is None:
        at.wrong(("emotion",), "R022", "at: reaction 没有写条件", "写 trend（变差、变好）或 label（此后怎样）。")
    elif not any(felt.values()) and spec.at is not op.EmotionAt.REACTION:
        at.wrong(("emotion",), "R022", "没有写条件", "label、component、min_level 至少写一个。")
    for key in ("trend", "min_change"):
        if getattr(spec, key) is not None and spec.at not in _CHANGES:
            at.wrong(("emotion", key), "R022", f"{key} 只能与 at: trend 或 at: reaction 合用")
    if spec.min_change is not None and spec.at is op.EmotionAt.REACTION and spec.trend is None:
        at.wrong(("emotion", "min_change"), "R022", "写了 min_change 没有写 trend", "写 trend: falling 或 rising。")
    if felt["component"] and spec.at in _MEANS:
        hint = "请只写 label、min_level。"
        at.wrong(("emotion", "component"), "R022", f"at: {spec.at} 是几轮的平均，没有 component", hint)
    given = spec.model_dump(exclude_none=True)
    return op.Emotion(**given)


def _soothed(at: Site, spec: EmotionSpec) -> None:
    if spec.at is not op.EmotionAt.TURN:
        at.wrong(("emotion", "at"), "R022", "soothed 看的是负面之后怎样了，没有 at", "请去掉 at。")
    if spec.label not in (None, op.EmotionLabel.NEGATIVE):
        at.wrong(("emotion", "label"), "R022", "soothed 看的是负面的话轮", "请去掉 label。")


def _topic(at: Site, spec: TopicSpec) -> op.Topic:
    if spec.reason and spec.min_share is not None:
        at.wrong(("topic", "min_share"), "R022", "reason: true 只看来电原因，没有占比", "请去掉 min_share。")
    share = {} if spec.min_share is None else {"min_share": spec.min_share}
    return op.Topic(any=listed(spec.any), reason=spec.reason, **share)


SIGNALS = (
    OperatorShape(op.Meta, MetaSpec, _meta),
    OperatorShape(op.Emotion, EmotionSpec, _emotion),
    OperatorShape(op.Topic, TopicSpec, _topic),
    OperatorShape(op.Intent, IntentSpec, lambda at, spec: op.Intent(any=listed(spec.any), level=spec.level)),
    OperatorShape(
        op.EntitySpan,
        EntitySpec,
        lambda at, spec: op.EntitySpan(types=listed(spec.type), valid_only=spec.valid_only),
    ),
)
