"""The clock: shapes and builders of the timing operators."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from qc.domain import operators as op
from qc.specs.model import Spec
from qc.specs.operators.site import OperatorShape, Site, about, bounds, listed, some
from qc.specs.scalars import Count, Percent, Seconds, WordList, WordText

Level = Annotated[float, Field(ge=-120, le=0)]
Decibels = Annotated[float, Field(gt=0, le=120)]
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
    delay_s: Seconds = about(op.Interrupt, "delay_s", default=0.0)


class CallDurationSpec(Spec):
    """通话时长；至少写一个。"""

    min_s: Seconds | None = about(op.CallDuration, "min_s", default=None)
    max_s: Seconds | None = about(op.CallDuration, "max_s", default=None)


class TalkRatioSpec(Spec):
    """话占比；至少写一个。"""

    min: Percent | None = about(op.TalkRatio, "min", default=None)
    max: Annotated[float, Field(ge=0, lt=100)] | None = about(op.TalkRatio, "max", default=None)


class HoldSpec(Spec):
    """等待；min_s、total_s 写其中一个。"""

    min_s: Annotated[Seconds, Field(gt=0)] | None = about(op.Hold, "min_s", default=None)
    total_s: Annotated[Seconds, Field(gt=0)] | None = about(op.Hold, "total_s", default=None)
    announce: WordText | WordList | None = about(op.Hold, "announce", default=None)


class ResponseTimeSpec(Spec):
    """响应时长。"""

    max_s: Seconds = about(op.ResponseTime, "max_s")
    of: op.ResponseOf = about(op.ResponseTime, "of", default=op.ResponseOf.EACH)


class HangupGapSpec(Spec):
    """挂机间隔；至少写一个。"""

    min_s: Seconds | None = about(op.HangupGap, "min_s", default=None)
    max_s: Seconds | None = about(op.HangupGap, "max_s", default=None)


class AnswerGapSpec(Spec):
    """接听间隔；至少写一个。"""

    min_s: Seconds | None = about(op.AnswerGap, "min_s", default=None)
    max_s: Seconds | None = about(op.AnswerGap, "max_s", default=None)


class EnergySpec(Spec):
    """能量；min_db 与 max_db、rise_db、span_db 写一种。"""

    min_db: Level | None = about(op.Energy, "min_db", default=None)
    max_db: Level | None = about(op.Energy, "max_db", default=None)
    rise_db: Decibels | None = about(op.Energy, "rise_db", default=None)
    span_db: Decibels | None = about(op.Energy, "span_db", default=None)
    min_chars: Count = about(op.Energy, "min_chars", default=4)


def _silence(at: Site, spec: SilenceSpec) -> op.Silence:
    if sum(value is not None for value in (spec.min_s, spec.total_s, spec.percent)) != 1:
        at.wrong(("silence",), "R022", "min_s、total_s、percent 要写一个，也只能写一个", "请只留一个。")
    return op.Silence(**spec.model_dump())


def _speed(at: Site, spec: SpeedSpec) -> op.Speed:
    some(at, "speed", spec.max, spec.min, "max、min")
    if spec.max is not None and spec.min is not None and spec.min > spec.max:
        text = f"下限 {spec.min:g} 大于上限 {spec.max:g}"
        at.wrong(("speed", "min"), "R023", text, "请把小的写在 min，大的写在 max。")
    return op.Speed(**spec.model_dump())


def _call_duration(at: Site, spec: CallDurationSpec) -> op.CallDuration:
    bounds(at, "call_duration", spec.min_s, spec.max_s, "min_s、max_s")
    return op.CallDuration(**spec.model_dump())


def _talk_ratio(at: Site, spec: TalkRatioSpec) -> op.TalkRatio:
    bounds(at, "talk_ratio", spec.min, spec.max, "min、max")
    return op.TalkRatio(**spec.model_dump())


def _hold(at: Site, spec: HoldSpec) -> op.Hold:
    if (spec.min_s is None) == (spec.total_s is None):
        at.wrong(("hold",), "R022", "min_s、total_s 要写一个，也只能写一个", "几次以上写 count: {min: 2}。")
    if spec.announce is None:
        return op.Hold(min_s=spec.min_s, total_s=spec.total_s)
    return op.Hold(min_s=spec.min_s, total_s=spec.total_s, announce=op.Words(words=listed(spec.announce)))


def _hangup_gap(at: Site, spec: HangupGapSpec) -> op.HangupGap:
    bounds(at, "hangup_gap", spec.min_s, spec.max_s, "min_s、max_s")
    return op.HangupGap(**spec.model_dump())


def _answer_gap(at: Site, spec: AnswerGapSpec) -> op.AnswerGap:
    bounds(at, "answer_gap", spec.min_s, spec.max_s, "min_s、max_s")
    return op.AnswerGap(**spec.model_dump())


def _energy(at: Site, spec: EnergySpec) -> op.Energy:
    ranged = spec.min_db is not None or spec.max_db is not None
    if ranged + (spec.rise_db is not None) + (spec.span_db is not None) != 1:
        hint = "min_db 与 max_db 可以一起写，rise_db、span_db 单写。"
        at.wrong(("energy",), "R022", "min_db 与 max_db、rise_db、span_db 要写一种，也只能写一种", hint)
    elif ranged:
        bounds(at, "energy", spec.min_db, spec.max_db, "min_db、max_db")
    return op.Energy(**spec.model_dump())


TIMING = (
    OperatorShape(op.Silence, SilenceSpec, _silence),
    OperatorShape(op.Speed, SpeedSpec, _speed),
    OperatorShape(op.Interrupt, InterruptSpec, lambda at, spec: op.Interrupt(**spec.model_dump())),
    OperatorShape(op.CallDuration, CallDurationSpec, _call_duration),
    OperatorShape(op.TalkRatio, TalkRatioSpec, _talk_ratio),
    OperatorShape(op.Hold, HoldSpec, _hold),
    OperatorShape(op.ResponseTime, ResponseTimeSpec, lambda at, spec: op.ResponseTime(**spec.model_dump())),
    OperatorShape(op.HangupGap, HangupGapSpec, _hangup_gap),
    OperatorShape(op.AnswerGap, AnswerGapSpec, _answer_gap),
    OperatorShape(op.Energy, EnergySpec, _energy),
)
