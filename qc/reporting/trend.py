"""The batch against the batches before it: mean score, pass rate and auto-fails on control charts.

The batch itself takes no part in its limits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.language import say
from qc.domain.run import Lineage
from qc.reporting.batch import Batch
from qc.reporting.control import (
    ONE_SIDED,
    Limits,
    Measure,
    Scale,
    measure,
    of_rates,
    of_scores,
    pooled,
    rate_limits,
    score_limits,
)
from qc.reporting.courses import Reading
from qc.reporting.days import day_of
from qc.reporting.estimates import Mean, Rate
from qc.reporting.finals import scores_of
from qc.reporting.summaries import mean_of, share_of
from qc.statistics.individuals import ENOUGH
from qc.storage.read import StoredRun
from qc.storage.summary import kept

_SCORE = ["conversation_id", "scorecard_id", "base", "score", "passed", "auto_fail"]
_KEPT = "trend"
_SUMMED = pa.schema(
    {"day": pa.string(), "mean": pa.float64(), "sd": pa.float64()}
    | dict.fromkeys(("n", "passed", "fails", "size"), pa.int64())
)


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
    every = [*past, _told(batch.run, _summed(batch.run, scored))]
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
    """Of the scores by `cards` in a stored run, the final ones where there are: worked out once and kept in the run's
    summary."""
    key = "1 " + "\0".join(sorted(cards))
    return _told(run, kept(run, [_KEPT], key, lambda: {_KEPT: _stored(run, cards)})[_KEPT])


def _stored(run: StoredRun, cards: Collection[str]) -> pa.Table:
    table = scores_of(run, _SCORE)
    table = table.filter(pc.is_in(table["scorecard_id"], value_set=pa.array(sorted(cards), pa.string())))
    table = table.select(["conversation_id", "passed", "auto_fail"]).append_column("score", table["percent"])
    if pc.count_distinct(table["conversation_id"]).as_py() < table.num_rows:  # several cards to one conversation
        grouped = table.group_by("conversation_id", use_threads=False)
        table = grouped.aggregate([("passed", "all"), ("auto_fail", "any"), ("score", "mean")])
        table = table.rename_columns(["conversation_id", "passed", "auto_fail", "score"])
    return _summed(run, table)


def _summed(run: StoredRun, table: pa.Table) -> pa.Table:
    """One row: what `Figures` are made of."""
    score, passing, fails = mean_of(table["score"]), share_of(table["passed"]), share_of(table["auto_fail"])
    row = {"day": day_of(run), "mean": score.value, "sd": score.sd, "n": score.n}
    return pa.Table.from_pylist([row | {"passed": passing.count, "fails": fails.count, "size": passing.n}], _SUMMED)


def _told(run: StoredRun, summed: pa.Table) -> Figures:
    (row,) = summed.to_pylist()
    return Figures(
        lineage=run.lineage,
        day=row["day"],
        score=Mean(value=row["mean"], sd=row["sd"], n=row["n"]),
        passing=Rate(count=row["passed"], n=row["size"]),
        auto_fails=Rate(count=row["fails"], n=row["size"]),
    )


def _mean_chart(every: Sequence[Figures]) -> tuple[Measure, ...]:
    """Empty where this batch has no mean or none before it has: cards of nothing but bonus points have no full
    score."""
    known = [f for f in every if f.score.value is not None]
    if len(known) < 2 or known[-1] is not every[-1]:
        return ()
    values = [f.score.value or 0.0 for f in known]
    past = values[:-1]
    limits = [score_limits(past)] * len(known)
    readings = _readings(known, values, [f.score.n for f in known], limits)
    return (_measured(of_scores(), readings, sum(past) / len(past)),)


def _rate_chart(every: Sequence[Figures], title: str, rates: Sequence[Rate]) -> Measure:
    past, sizes = rates[:-1], [rate.n for rate in rates]
    readings = _readings(every, [rate.value or 0.0 for rate in rates], sizes, rate_limits(past, sizes))
    return _measured(of_rates(title), readings, pooled(past))


def _readings(
    every: Sequence[Figures], values: Sequence[float], sizes: Sequence[int], limits: Sequence[Limits]
) -> list[Reading]:
    notes = changes([f.lineage for f in every])
    return [
        Reading(
            label=f"{f.day} {f.lineage.name or f.lineage.run_id}",
            short=f.day[5:],
            value=value,
            n=n,
            low=low,
            high=high,
            note=note,
        )
        for f, value, n, (low, high), note in zip(every, values, sizes, limits, notes, strict=True)
    ]


def _measured(scale: Scale, readings: Sequence[Reading], centre: float) -> Measure:
    last = readings[-1]
    alarm = bool(last.side) or (last.low is not None and _one_sided(readings, centre))
    return measure(scale, readings, centre, _words(readings, scale.form, centre), alarm=alarm)


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


def _words(readings: Sequence[Reading], form: Callable[[float], str], centre: float) -> list[str]:
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
    if _one_sided(readings, centre):
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


def _one_sided(readings: Sequence[Reading], centre: float) -> bool:
    """Whether the batch ends a row of so many on one side."""
    row = [g.value for g in readings[-ONE_SIDED:]]
    return len(row) == ONE_SIDED and (all(v > centre for v in row) or all(v < centre for v in row))
