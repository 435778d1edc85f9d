"""The batch against the batches before it: mean score, pass rate and auto-fails on control charts (休哈特控制图).

Rates are on a p chart, p̄ ± 3√(p̄(1−p̄)/nᵢ) (ISO 7870-2, GB/T 17989.2; Montgomery, Introduction to Statistical Quality
Control, §7.3). Where the batches differ by more than counting explains, which with thousands of conversations they
always do, the limits are widened by σz, the spread of the standardised rates from their moving range (Laney 2002,
Improved control charts for attributes, Quality Engineering 14). Means are on a chart of individuals,
x̄ ± 3·MR̄/1.128 (`qc.statistics.individuals`). The batch itself takes no part in its limits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.language import say
from qc.domain.run import Lineage
from qc.reporting.batch import Batch
from qc.reporting.courses import Course, Reading, course
from qc.reporting.days import day_of
from qc.reporting.estimates import Mean, Rate
from qc.reporting.finals import over
from qc.reporting.formatting import number, percent
from qc.reporting.summaries import mean_of, share_of
from qc.statistics.individuals import ENOUGH, sigma, usual
from qc.storage.read import StoredRun

ONE_SIDED = 9
"""So many batches in a row on one side of the centre are no chance (ISO 7870-2, test 2)."""
RARE = 0.1
"""Below this share of the scale the standard deviation of a rate follows its mean."""
_SCORE = ["conversation_id", "scorecard_id", "base", "score", "passed", "auto_fail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What is compared of one batch, over the conversations that a common scorecard was applied to."""

    lineage: Lineage
    day: str
    """Most of its first conversations began on it, 2026-11-20; where they do not say, the day it was started."""
    score: Mean
    passing: Rate
    auto_fails: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """`variation`: 波动系数, the standard deviation of the batches' values over their mean; None below two batches and
    for what is rare, where it says nothing. `findings`: what the chart says, in words; `alarm`: the batch itself is out
    of the ordinary."""

    chart: Course
    variation: float | None
    findings: tuple[str, ...]
    alarm: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """`batches`: earlier ones that could be compared; `others`: those without a scorecard in common."""

    batches: int
    others: int
    measures: tuple[Measure, ...]


def trend(batch: Batch, earlier: Sequence[StoredRun]) -> Trend | None:
    """None where the batch has no score or no earlier batch can be compared. Earlier runs are read score by score."""
    cards = set(pc.unique(batch.scores["scorecard_id"]).to_pylist())
    found = [figures(run, cards) for run in earlier if cards & {c.id for c in run.lineage.scorecards}]
    past = [f for f in found if f.passing.n]
    if not cards or not past:
        return None
    scored = batch.conversations.filter(pc.is_valid(batch.conversations["score"]))
    every = [*past, _figures(batch.run, scored)]
    if not every[-1].passing.n:
        return None
    return Trend(
        batches=len(past),
        others=len(earlier) - len(past),
        measures=(
            *_mean_chart(every),
            _rate_chart(every, say("合格率"), [f.passing for f in every]),
            _rate_chart(every, say("一票否决率"), [f.auto_fails for f in every]),
        ),
    )


def figures(run: StoredRun, cards: Collection[str]) -> Figures:
    """Of the scores by `cards` in a stored run, the final ones where there are."""
    table = over(run.table("scores", _SCORE), run.table("final_scores", _SCORE))
    table = table.filter(pc.is_in(table["scorecard_id"], value_set=pa.array(sorted(cards), pa.string())))
    base = pc.if_else(pc.greater(table["base"], 0), table["base"], None)
    score = pc.multiply(pc.divide(table["score"], base), 100.0)
    table = table.select(["conversation_id", "passed", "auto_fail"]).append_column("score", score)
    if pc.count_distinct(table["conversation_id"]).as_py() < table.num_rows:  # several cards to one conversation
        grouped = table.group_by("conversation_id", use_threads=False)
        table = grouped.aggregate([("passed", "all"), ("auto_fail", "any"), ("score", "mean")])
        table = table.rename_columns(["conversation_id", "passed", "auto_fail", "score"])
    return _figures(run, table)


def _figures(run: StoredRun, table: pa.Table) -> Figures:
    return Figures(
        lineage=run.lineage,
        day=day_of(run),
        score=mean_of(table["score"]),
        passing=share_of(table["passed"]),
        auto_fails=share_of(table["auto_fail"]),
    )


def _mean_chart(every: Sequence[Figures]) -> tuple[Measure, ...]:
    """Empty where this batch has no mean or none before it has: cards of nothing but bonus points have no full
    score."""
    known = [f for f in every if f.score.value is not None]
    if len(known) < 2 or known[-1] is not every[-1]:
        return ()
    values = [f.score.value or 0.0 for f in known]
    past = values[:-1]
    centre = sum(past) / len(past)
    drawn = usual(past)
    limits = (max(0.0, drawn[0]), min(100.0, drawn[1])) if drawn else (None, None)
    notes = changes([f.lineage for f in known])
    readings = [
        _reading(f, value, f.score.n, limits, note) for f, value, note in zip(known, values, notes, strict=True)
    ]
    return (_measure(say("平均分"), say("分"), readings, number, centre, 100.0),)


def _rate_chart(every: Sequence[Figures], title: str, rates: Sequence[Rate]) -> Measure:
    past = rates[:-1]
    centre = sum(p.count for p in past) / sum(p.n for p in past)
    readings = []
    drawn = len(past) >= ENOUGH and 0 < centre < 1  # a rate of 0 or 1 leaves no room for chance
    wide = 3 * overdispersion(past, centre) if drawn else 0.0
    for f, rate, note in zip(every, rates, changes([f.lineage for f in every]), strict=True):
        half = wide * math.sqrt(centre * (1 - centre) / rate.n) if rate.n else 0.0
        limits = (max(0.0, centre - half), min(1.0, centre + half)) if drawn else (None, None)
        readings.append(_reading(f, rate.value or 0.0, rate.n, limits, note))
    return _measure(title, "%", readings, percent, centre, 1.0)


def _reading(f: Figures, value: float, n: int, limits: tuple[float | None, float | None], note: str) -> Reading:
    lineage = f.lineage
    return Reading(
        label=f"{f.day} {lineage.name or lineage.run_id}",
        short=f.day[5:],
        value=value,
        n=n,
        low=limits[0],
        high=limits[1],
        note=note,
    )


def changes(every: Sequence[Lineage]) -> list[str]:
    """What changed before each batch, in one sentence; empty where nothing is known to have."""
    told = [""] * bool(every)
    for before, after in pairwise(every):
        rules = before.rules_digest != after.rules_digest
        cards = {(c.id, c.digest) for c in before.scorecards} != {(c.id, c.digest) for c in after.scorecards}
        if rules and cards:
            told.append(say("规则和评分表有改动"))
        else:
            told.append(say("规则有改动") if rules else say("评分表有改动") if cards else "")
    return told


def overdispersion(rates: Sequence[Rate], centre: float) -> float:
    """Laney's σz, at least 1: how much wider the rates spread than counting alone explains."""
    if not 0 < centre < 1:
        return 1.0
    z = [((p.value or 0.0) - centre) / math.sqrt(centre * (1 - centre) / p.n) for p in rates if p.n]
    return max(1.0, sigma(z)) if len(z) > 1 else 1.0


def variation(values: Sequence[float], ceiling: float) -> float | None:
    """The coefficient of variation (波动系数): standard deviation by mean; None of a single value, or where the mean is
    so small a share of `ceiling`, the most there can be, that the quotient says nothing."""
    if len(values) < 2:
        return None
    mean = sum(values) / len(values)
    spread = math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1))
    return spread / mean if mean > RARE * ceiling else None


def _measure(
    title: str, unit: str, readings: Sequence[Reading], form: Callable[[float], str], centre: float, ceiling: float
) -> Measure:
    values = [g.value for g in readings]
    last = readings[-1]
    told = tuple(_words(title, readings, form, centre))
    chart = course(
        title=title,
        summary=told[0],
        unit=unit,
        readings=readings,
        form=form,
        centre=centre if last.low is not None else None,
        floor=0.0,
        ceiling=ceiling,
    )
    alarm = bool(last.side) or (last.low is not None and _one_sided(values, centre))
    return Measure(
        chart=chart,
        variation=variation(values, ceiling),
        findings=told,
        alarm=alarm,
    )


def _words(title: str, readings: Sequence[Reading], form: Callable[[float], str], centre: float) -> list[str]:
    """What the chart says of this batch, then of those before it."""
    last, past = readings[-1], readings[:-1]
    value = form(last.value)
    if last.low is None or last.high is None:
        return [
            say("本批 {value}，之前 {n} 批都是 {mean}，画不出控制限。", value=value, n=len(past), mean=form(centre))
            if len(past) >= ENOUGH
            else say(
                "本批 {value}，之前 {n} 批平均 {mean}。满 {least} 批才画控制限，现在只看走势。",
                value=value,
                n=len(past),
                mean=form(centre),
                least=ENOUGH,
            )
        ]
    told = []
    low, high = form(last.low), form(last.high)
    if last.side == "above":
        told.append(say("本批 {value}，高于上控制限 {limit}：平常到不了这里，应当找出原因。", value=value, limit=high))
    elif last.side == "below":
        told.append(say("本批 {value}，低于下控制限 {limit}：平常到不了这里，应当找出原因。", value=value, limit=low))
    else:
        told.append(say("本批 {value}，在控制限 {low}–{high} 之内，是平常的波动。", value=value, low=low, high=high))
    if _one_sided([g.value for g in readings], centre):
        told.append(
            say("已连续 {n} 批在平均 {mean} 的同一侧：水平多半变了，不是偶然。", n=ONE_SIDED, mean=form(centre))
        )
    outside = [g for g in past if g.side]
    if outside:
        days = say("、").join(g.short for g in outside[-5:])
        told.append(say("之前 {n} 批里有 {count} 批在控制限外：{days}。", n=len(past), count=len(outside), days=days))
    if last.note:
        told.append(say("本批之前{change}，高低可能由此而来。", change=last.note))
    return told


def _one_sided(values: Sequence[float], centre: float) -> bool:
    """Whether the batch ends a row of so many on one side."""
    row = values[-ONE_SIDED:]
    return len(row) == ONE_SIDED and (all(v > centre for v in row) or all(v < centre for v in row))
