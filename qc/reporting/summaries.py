"""The same figures for any group of conversations: the whole batch, a project, a team, an agent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.language import say
from qc.reporting.estimates import Mean, Rate
from qc.reporting.labels import BLANK

FEW = 10
"""Below this many scored conversations an agent is not called above or below the others: scores are skewed, and one
zeroed call decides a mean of so few. Among agents who were all alike (3 % of their calls zeroed) 3.5 % of those with 2
calls, and under 1 % of those with 10 or more, were called different."""
SMALL_SAMPLE = 30
"""Below this many scored conversations a mean is shown with a caution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Figures of one group. `score` is in percent of the base; `passing` counts conversations whose every card
    passed; `silence` is the share 0..1 of spoken time in which nobody speaks; `pace` is characters a minute;
    `undecided` counts conversations with an undecided rule, `unsettled` those with an undecided item on their card."""

    key: str
    conversations: int
    score: Mean
    passing: Rate
    auto_fails: int
    violations: int
    merits: int
    risks: int
    undecided: int
    unsettled: int
    negative: Rate
    soothed: Rate
    """Of the conversations in which there was a customer to soothe."""
    duration_ms: int
    voice_ms: int
    silence: float | None
    pace: float | None

    @property
    def small(self) -> bool:
        """Too few to tell groups apart by their means."""
        return self.score.n < SMALL_SAMPLE


def mean_of(values: pa.ChunkedArray) -> Mean:
    """The mean of what is given; nulls do not count."""
    n = pc.count(values).as_py()
    return Mean(
        value=pc.mean(values).as_py() if n else None, sd=pc.stddev(values, ddof=1).as_py() if n > 1 else None, n=n
    )


def share_of(flags: pa.ChunkedArray) -> Rate:
    """How many are true; null is not."""
    return Rate(count=int(pc.sum(pc.cast(flags, pa.int64())).as_py() or 0), n=len(flags))


def summarise(conversations: pa.Table, key: str) -> tuple[Summary, ...]:
    """Group the rows of `Batch.conversations` by column `key`, largest first. Nulls become 未填写."""
    column = pc.fill_null(pc.cast(conversations[key], pa.string()), say(BLANK))
    grouped = _aggregate(figures(conversations).append_column("key", column), ["key"])
    return tuple(sorted((summary(row) for row in grouped.to_pylist()), key=lambda s: (-s.conversations, s.key)))


def summarise_all(conversations: pa.Table) -> Summary:
    """One summary of all rows; every figure is empty when there are none."""
    grouped = _aggregate(figures(conversations), [])
    return summary(grouped.to_pylist()[0] | {"key": say("全部")})


SUMS = (
    *("one", "pass", "scored", "auto_fail", "violations", "merits", "risk", "unsure", "unsettled", "negative", "mood"),
    *("soothed", "upset"),
    *("duration_ms", "voice_ms", "silence_ms", "timed_ms"),
)
"""What is added up of a group."""


def figures(c: pa.Table) -> pa.Table:
    """Of rows of `Batch.conversations` what a summary adds up: the columns SUMS, whole numbers, and `score` and `pace`,
    whose means it holds."""

    def count(mask: pa.ChunkedArray) -> pa.ChunkedArray:
        return pc.cast(pc.fill_null(mask, False), pa.int64())

    duration = pc.fill_null(c["duration_ms"], 0)
    return pa.table(
        {
            "one": count(pc.is_valid(c["conversation_id"])),
            "pass": count(c["passed"]),
            "scored": count(pc.is_valid(c["score"])),
            "auto_fail": count(c["auto_fail"]),
            "violations": c["violations"],
            "merits": c["merits"],
            "risk": count(pc.greater(c["risks"], 0)),
            "unsure": count(pc.greater(c["undecided"], 0)),
            "unsettled": count(pc.greater(c["undecided_items"], 0)),
            "negative": count(pc.equal(c["sentiment"], "negative")),
            "mood": count(pc.not_equal(c["sentiment"], "none")),
            "soothed": count(c["soothed"]),
            "upset": count(pc.is_valid(c["soothed"])),
            "duration_ms": duration,
            "voice_ms": pc.if_else(pc.fill_null(c["voice"], False), duration, 0),
            "silence_ms": pc.fill_null(c["silence_ms"], 0),
            "timed_ms": pc.if_else(pc.is_valid(c["silence_ms"]), duration, 0),
            "score": c["score"],
            "pace": c["agent_chars_per_min"],
        }
    )


def _aggregate(table: pa.Table, keys: list[str]) -> pa.Table:
    return table.group_by(keys, use_threads=False).aggregate(
        [(name, "sum") for name in SUMS]
        + [("score", "mean"), ("score", "stddev", pc.VarianceOptions(ddof=1)), ("pace", "mean")]
    )


def summary(row: Mapping[str, Any]) -> Summary:
    """The summary of a group: its `key`, NAME_sum of every one of SUMS, `score_mean`, `score_stddev`, `pace_mean`."""

    def total(name: str) -> int:
        return int(row[f"{name}_sum"] or 0)

    return Summary(
        key=row["key"],
        conversations=total("one"),
        score=Mean(value=row["score_mean"], sd=row["score_stddev"], n=total("scored")),
        passing=Rate(count=total("pass"), n=total("scored")),
        auto_fails=total("auto_fail"),
        violations=total("violations"),
        merits=total("merits"),
        risks=total("risk"),
        undecided=total("unsure"),
        unsettled=total("unsettled"),
        negative=Rate(count=total("negative"), n=total("mood")),
        soothed=Rate(count=total("soothed"), n=total("upset")),
        duration_ms=total("duration_ms"),
        voice_ms=total("voice_ms"),
        silence=total("silence_ms") / total("timed_ms") if total("timed_ms") else None,
        pace=row["pace_mean"],
    )
