"""The clock: shapes and builders of the timing operators."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from qc.domain import operators as op
from qc.specs.model import Spec
from qc.specs.operators.site import OperatorShape, Site, about, bounds, some
from qc.specs.scalars import Count, Percent, Seconds

_SIDES = ("agent", "customer", "bot")
_BETWEEN = ("any", "same_speaker", *(f"{a}_{b}" for a in _SIDES for b in _SIDES if a != b))


class SilenceSpec(Spec):
    """静音；min_s、total_s、percent 写其中一个。"""

    min_s: Annotated[Seconds, Field(gt=0)] | None = about(op.Silence, "min_s", default=None)
    total_s: Annotated[Seconds, Field(gt=0)] | None = about(op.Silence, "total_s", default=None)
    percent: Percent | None = about(op.Silence, "percent", default=None)
    between: Literal[_BETWEEN] = about(op.Silence, "between", default="any")  # type: ignore[valid-type]


class SpeedSpec(Spec):
    """语速；max、min 至少写一个。"""

    max: Annotated[float, Field(gt=0)] | None = about(op.Speed, "max", default=None)
    min: Annotated[float, Field(gt=0)] | None = about(op.Speed, "min", default=None)
    min_chars: Count = about(op.Speed, "min_chars", default=20)
    over: op.SpeedOver = about(op.Speed, "over", default=op.SpeedOver.TURN)


class InterruptSpec(Spec):
    """抢话。"""

    min_overlap_s: Annotated[Seconds, Field(gt=0)] = about(op.Interrupt, "min_overlap_s", default=0.5)
    min_chars: Count = about(op.Interrupt, "min_chars", default=4)


class CallDurationSpec(Spec):
    """通话时长；至少写一个。"""

    min_s: Seconds | None = about(op.CallDuration, "min_s", default=None)
    max_s: Seconds | None = about(op.CallDuration, "max_s", default=None)


def _silence(at: Site, spec: SilenceSpec) -> op.Silence:
    if sum(value is not None for value in (spec.min_s, spec.total_s, spec.percent)) != 1:
        at.wrong(("silence",), "R022", "min_s、total_s、percent 要写一个，也只能写一个")
    return op.Silence(**spec.model_dump())


def _speed(at: Site, spec: SpeedSpec) -> op.Speed:
    some(at, "speed", spec.max, spec.min, "max、min")
    if spec.max is not None and spec.min is not None and spec.min > spec.max:
        at.wrong(("speed", "min"), "R023", f"下限 {spec.min:g} 大于上限 {spec.max:g}")
    return op.Speed(**spec.model_dump())


def _call_duration(at: Site, spec: CallDurationSpec) -> op.CallDuration:
    bounds(at, "call_duration", spec.min_s, spec.max_s, "min_s、max_s")
    return op.CallDuration(**spec.model_dump())


TIMING = (
    OperatorShape(op.Silence, SilenceSpec, _silence),
    OperatorShape(op.Speed, SpeedSpec, _speed),
    OperatorShape(op.Interrupt, InterruptSpec, lambda at, spec: op.Interrupt(**spec.model_dump())),
    OperatorShape(op.CallDuration, CallDurationSpec, _call_duration),
)
