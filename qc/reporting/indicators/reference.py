"""The reference of all indicators in Markdown, from the registry itself."""

from __future__ import annotations

from qc.domain.config import TARGETS
from qc.reporting.indicators.indicator import Family, Indicator
from qc.reporting.indicators.registry import FAMILIES

_SIDES = {"higher": "越高越好", "lower": "越低越好", "": "不分好坏"}


def indicator_reference() -> str:
    """Every indicator: what it says, formula, unit, sources, what it needs and how to supply it."""
    return "\n".join(["# 绩效指标参考\n", *(_family(family) for family in FAMILIES)])


def _family(family: Family) -> str:
    return "\n".join([f"## {family.title}\n", *(_indicator(i) for i in family.indicators)])


def _indicator(i: Indicator) -> str:
    lines = [f"### {i.title}\n", f"{i.says}\n", f"- 公式：{i.formula}"]
    if i.measure is None:
        return "\n".join([*lines, f"- qc 算不出：{i.supply}\n"])
    lines.append(f"- 单位：{i.unit}，{_SIDES[i.better]}")
    lines.append(f"- 来源：{'、'.join(f'`{source}`' for source in i.sources)}")
    if i.needs:
        lines.append(f"- 缺不了：{i.needs}")
    lines.append(f"- 怎样给出：{i.supply}")
    if i.id in TARGETS:
        lines.append(f"- 目标：`report.targets` 里写 `{i.id}`")
    return "\n".join([*lines, ""])
