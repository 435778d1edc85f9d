"""The section `retention` of `qc.yaml`."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from qc.domain.retention import Kept, Period, Retention
from qc.specs.model import Spec

FOREVER = "永久"
_UNITS = {"天": 0, "日": 0, "个月": 1, "月": 1, "年": 12}
_PERIOD = re.compile(r"\s*([0-9]{1,5})\s*(天|日|个月|月|年)\s*")


def _readable(value: str | int) -> str | int:
    if isinstance(value, int):
        if not 0 <= value <= 36_500:
            raise ValueError("天数应在 0 到 36500 之间")
        return value
    found = _PERIOD.fullmatch(value)
    if value.strip() != FOREVER and found is None:
        raise ValueError(f"看不懂期限 {value}\n写 90天、6个月、3年，或永久；只写数字是天数。")
    if found is not None and int(found[1]) * max(_UNITS[found[2]], 1) > 36_500:
        raise ValueError(f"期限 {value} 太长\n永远保留写：永久。")
    return value


_Kept = Annotated[str | int, AfterValidator(_readable)] | None
_Name = Annotated[str, Field(min_length=1)]


class KeptSpec(Spec):
    """各保留多久：90天、6个月、3年、永久；不写为永久（项目里不写则按 default）。"""

    audio: _Kept = Field(default=None, description="录音路径；到期后只忘记录音在哪里，结果和文字都在")
    text: _Kept = Field(default=None, description="文字：话轮、命中的原话、文字整理的原字、意见；到期后得分和判定都在")
    results: _Kept = Field(default=None, description="结果：到期后这些会话的所有行都删除")
    reports: _Kept = Field(default=None, description="报表：批次里的网页、工作簿、消音副本；可由结果重新生成")
    transcripts: _Kept = Field(default=None, description="转写缓存里这些录音的转写")

    def periods(self) -> dict[Kept, Period | None]:
        """What is written; None: for ever."""
        return {kind: _period(value) for kind in Kept if (value := getattr(self, kind.value)) is not None}


class RetentionSpec(Spec):
    """保留期：qc purge 按它清除。"""

    default: KeptSpec | None = Field(default=None, description="各项目都按它，除非下面单独写")
    projects: dict[_Name, KeptSpec] | None = Field(default=None, description="个别业务项目，项目: {…}")
    keep: tuple[_Name, ...] = Field(default=(), description="不许清除的批次编号（诉讼、监管保全）")

    def retention(self) -> Retention:
        return Retention(
            default=(self.default or KeptSpec()).periods(),
            projects={name: spec.periods() for name, spec in (self.projects or {}).items()},
            keep=self.keep,
        )


def _period(value: str | int) -> Period | None:
    if isinstance(value, int):
        return Period(days=value)
    found = _PERIOD.fullmatch(value)
    if found is None:
        return None
    number, months = int(found[1]), _UNITS[found[2]]
    return Period(months=number * months) if months else Period(days=number)
