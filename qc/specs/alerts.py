"""The warning levels and rules of public opinion: `_opinion/alerts.yml` → AlertSpecs.

Codes beside those of `qc.specs.document`: A001 a level missing or twice, A002 a rule id twice, A003 dimensions that do
not go with the metric, A004 steps not from mild to grave, A005 a test of an unknown rule, A006 counts of a test that do
not go together, A007 more false alerts to be expected than one a week.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date, time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from qc.domain.alert import (
    AlertLevel,
    AlertRule,
    AlertSpecs,
    AlertTest,
    Dimension,
    LevelMeaning,
    Metric,
    QuietHours,
    Step,
)
from qc.specs.document import Document, Problems, read, suggest
from qc.specs.model import Spec

FILE = "_opinion/alerts.yml"
_SLUG = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
_Text = Annotated[str, Field(min_length=1, max_length=60)]
_Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
_Count = Annotated[int, Field(ge=0, le=1_000_000)]
_FALSE_PER_WEEK = 1.0
_DAYS_OF_WEEK = 7
_CROSSED = 2


class LevelSpec(Spec):
    """一个级别。"""

    level: AlertLevel = Field(description="级别：notice 提示、watch 关注、warning 预警、critical 严重")
    title: _Text = Field(description="名称")
    colour: Literal["blue", "yellow", "orange", "red"] = Field(description="blue 蓝、yellow 黄、orange 橙、red 红")
    who: _Text = Field(description="谁来处理")
    within_minutes: int = Field(ge=1, le=60 * 24 * 30, description="多少分钟之内")


class QuietHoursSpec(Spec):
    """免打扰时段：这段时间里，低于某级别的预警不叫人，等时段结束再发。"""

    start: _Clock = Field(description='开始，如 "22:00"')
    end: _Clock = Field(description='结束，如 "08:00"；比开始早就是第二天')
    above: AlertLevel = Field(description="这个级别及更重的照常发")


class StepSpec(Spec):
    """到这个级别的条件，要同时满足。"""

    level: AlertLevel = Field(description="级别")
    min_count: int = Field(ge=1, le=1_000_000, description="当天至少多少位客户（词：多少个会话）")
    min_increase: float = Field(ge=0, le=1000, description="比预计至少多多少：0.5 是多一半，1 是多一倍")
    significance: float = Field(gt=0, le=0.2, description="校正后的显著性（q 值）至多多少")


class AlertRuleSpec(Spec):
    """一条预警规则。"""

    id: _SLUG = Field(description="编号：小写字母、数字、下划线，定下后不改")
    title: _Text = Field(description="名称")
    metric: Metric = Field(description="看什么：volume 来访量、negative 负面率、risk 风险信号、word 词的突增")
    dimension: Dimension | Annotated[tuple[Dimension, ...], Field(min_length=1, max_length=_CROSSED)] | None = Field(
        default=None,
        description="分开看：total 全部、project 业务项目、channel 渠道、region 地区、hour 时段、topic 话题、"
        "intent 意向、complaint 投诉类型；写两个是交叉看，如 [topic, region]；word 不写",
    )
    steps: tuple[StepSpec, ...] = Field(min_length=1, max_length=4, description="级别和条件，从轻到重")


class AlertTestSpec(Spec):
    """一个测试：一串每天的数，最后一天应得的级别。"""

    name: _Text = Field(description="测试的是什么")
    rule: _SLUG = Field(description="规则编号")
    days: tuple[_Count, ...] = Field(min_length=2, max_length=400, description="每天的数，最后一个是要判的那天")
    of: _Count | tuple[_Count, ...] | None = Field(
        default=None, description="占多少里的：每天一个，或者天天一样的一个数；dimension 是 total 的 volume 不写"
    )
    among: int = Field(default=1, ge=1, le=1_000_000, description="当天一起检验多少项（词：有多少个词）")
    start: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")] = Field(
        default="2026-01-05", description="第一天的日期，决定星期几；不写是一个星期一"
    )
    expect: AlertLevel | Literal["none"] = Field(description="应得的级别，或 none 不预警")


class AlertsSpec(Spec):
    """舆情预警：级别、规则和测试。"""

    levels: tuple[LevelSpec, ...] = Field(description="四个级别，各写一次")
    quiet_hours: QuietHoursSpec | None = Field(default=None, description="免打扰时段；不写就没有")
    window_days: int = Field(default=42, ge=7, le=400, description="与之前多少天比")
    min_days: int = Field(default=7, ge=5, le=100, description="历史至少多少天，不足就不预警")
    rules: tuple[AlertRuleSpec, ...] = Field(min_length=1, description="规则")
    tests: tuple[AlertTestSpec, ...] = Field(default=(), description="测试，用 qc opinion test 运行")


def load_alerts(path: Path, shown_as: str | None = None) -> AlertSpecs:
    """Read the file. Raises SpecError with every problem."""
    problems = Problems()
    document = read(path, shown_as)
    spec = problems.check(document, AlertsSpec)
    problems.raise_if_errors()
    assert spec is not None  # noqa: S101 - raise_if_errors has raised otherwise
    _check_levels(spec, document, problems)
    for i, rule in enumerate(spec.rules):
        _check_rule(rule, i, spec, document, problems)
    _check_budget(spec, document, problems)
    rules = {r.id: r for r in spec.rules}
    tests = [_test(test, i, rules, document, problems) for i, test in enumerate(spec.tests)]
    problems.raise_if_errors()
    quiet = spec.quiet_hours
    return AlertSpecs(
        levels=tuple(
            LevelMeaning(level=v.level, title=v.title, colour=v.colour, who=v.who, within_minutes=v.within_minutes)
            for v in sorted(spec.levels, key=lambda v: v.level.rank)
        ),
        quiet_hours=None
        if quiet is None
        else QuietHours(start=time.fromisoformat(quiet.start), end=time.fromisoformat(quiet.end), above=quiet.above),
        window_days=spec.window_days,
        min_days=spec.min_days,
        rules=tuple(_rule(rule, document.where(("rules", i)).line) for i, rule in enumerate(spec.rules)),
        tests=tuple(t for t in tests if t is not None),
        digest=_digest(spec),
        path=document.path,
    )


def _check_levels(spec: AlertsSpec, document: Document, problems: Problems) -> None:
    seen = [v.level for v in spec.levels]
    for i, level in enumerate(seen):
        if level in seen[:i]:
            problems.add(document, ("levels", i, "level"), "A001", f"级别 {level.value} 写了两次", "每个级别写一次。")
    if missing := [v.value for v in AlertLevel if v not in seen]:
        problems.add(document, ("levels",), "A001", f"缺少级别 {'、'.join(missing)}", "四个级别都要写。")


def _check_rule(rule: AlertRuleSpec, i: int, spec: AlertsSpec, document: Document, problems: Problems) -> None:
    where = ("rules", i)
    if rule.id in [r.id for r in spec.rules[:i]]:
        problems.add(document, (*where, "id"), "A002", f"规则编号 {rule.id} 已经用过", "换一个编号。")
    dimensions = _dimensions(rule)
    if rule.metric is Metric.WORD and dimensions:
        problems.add(document, (*where, "dimension"), "A003", "词的突增不分维度", "删掉 dimension。")
    if rule.metric is not Metric.WORD and not dimensions:
        problems.add(document, where, "A003", "没有写 dimension", "写 total、topic、region 等，见字段说明。")
    if len(dimensions) == _CROSSED and (dimensions[0] is dimensions[1] or Dimension.TOTAL in dimensions):
        hint = "写两个不同的维度，total 不能与别的交叉。"
        problems.add(document, (*where, "dimension"), "A003", "这两个维度不能交叉", hint)
    ranks = [s.level.rank for s in rule.steps]
    if ranks != sorted(set(ranks)):
        problems.add(
            document, (*where, "steps"), "A004", "级别要从轻到重，各写一次", "按 notice、watch、warning、critical 排。"
        )


def _check_budget(spec: AlertsSpec, document: Document, problems: Problems) -> None:
    """On a quiet day the chance of a false alert is at most the loosest significance, for words and the rest each."""
    loosest = [0.0, 0.0]
    for rule in spec.rules:
        word = int(rule.metric is Metric.WORD)
        loosest[word] = max(loosest[word], *(s.significance for s in rule.steps))
    weekly = sum(loosest) * _DAYS_OF_WEEK
    if weekly > _FALSE_PER_WEEK + 1e-9:
        problems.add(
            document,
            ("rules",),
            "A007",
            f"照这样平静的日子里每周约有 {weekly:.1f} 次误报（词 {loosest[1]:g}、其余 {loosest[0]:g}，各乘 7 天）",
            "调小最大的 significance，使两者之和不超过 1/7（约 0.14）。",
        )


def _test(
    test: AlertTestSpec, i: int, rules: dict[str, AlertRuleSpec], document: Document, problems: Problems
) -> AlertTest | None:
    where = ("tests", i)
    rule = rules.get(test.rule)
    if rule is None:
        hint = suggest(test.rule, rules, "请写本文件里某条规则的 id。")
        problems.add(document, (*where, "rule"), "A005", f"没有规则 {test.rule}", hint)
        return None
    whole = rule.metric is Metric.VOLUME and _dimensions(rule) == (Dimension.TOTAL,)
    of: tuple[int, ...] = ()
    if test.of is not None:
        of = (test.of,) * len(test.days) if isinstance(test.of, int) else test.of
    if whole != (test.of is None):
        message = "总量没有“占多少里的”" if whole else "没有写 of：这些数占多少里的"
        problems.add(document, (*where, "of") if whole else where, "A006", message, "总量不写 of，其余都要写。")
        return None
    if of and len(of) != len(test.days):
        problems.add(document, (*where, "of"), "A006", f"of 有 {len(of)} 个，days 有 {len(test.days)} 个", "要一样多。")
        return None
    if any(k > n for k, n in zip(test.days, of, strict=bool(of)) if of):
        problems.add(document, (*where, "days"), "A006", "有一天的数比 of 还大", "改正这一天。")
    try:
        start = date.fromisoformat(test.start)
    except ValueError:
        problems.add(document, (*where, "start"), "A006", f"没有 {test.start} 这一天", "写成 2026-01-05 这样。")
        return None
    return AlertTest(
        name=test.name,
        rule=test.rule,
        days=test.days,
        of=of,
        among=test.among,
        start=start,
        expect=None if test.expect == "none" else AlertLevel(test.expect),
        line=document.where(where).line,
    )


def _dimensions(rule: AlertRuleSpec) -> tuple[Dimension, ...]:
    if rule.dimension is None:
        return ()
    return (rule.dimension,) if isinstance(rule.dimension, Dimension) else rule.dimension


def _rule(rule: AlertRuleSpec, line: int) -> AlertRule:
    return AlertRule(
        id=rule.id,
        title=rule.title,
        metric=rule.metric,
        dimensions=_dimensions(rule),
        steps=_steps(rule.steps),
        line=line,
    )


def _steps(steps: Sequence[StepSpec]) -> tuple[Step, ...]:
    return tuple(
        Step(level=s.level, min_count=s.min_count, min_increase=s.min_increase, significance=s.significance)
        for s in steps
    )


def _digest(spec: AlertsSpec) -> str:
    content = spec.model_dump(mode="json", exclude={"tests"})
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
