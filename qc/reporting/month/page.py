"""The page of a month: all its sections, from the extracts of its nights and of those before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow.compute as pc

from qc.domain.language import say
from qc.domain.retention import Kept
from qc.domain.run import Lineage
from qc.opinion.wording import weekday
from qc.reporting import charts
from qc.reporting.control import Measure
from qc.reporting.month.agents import Agents, agents
from qc.reporting.month.daily import measures, volume
from qc.reporting.month.matters import (
    ComplaintRow,
    Group,
    RuleRow,
    Span,
    TopicRow,
    complaints,
    groups,
    rules,
    score_days,
    share_days,
    topics,
)
from qc.reporting.month.nights import Night, added_up
from qc.reporting.month.period import Period
from qc.reporting.month.shift import Days, Shift, shifts
from qc.reporting.month.sums import mean_of_lost, of_days, rate_of, whole
from qc.reporting.review import Reviewed, measured_of
from qc.reporting.summaries import Summary
from qc.reporting.trend import changes
from qc.reporting.verdicts import Overturned, Verdicts
from qc.review.ledger import behind
from qc.storage.summary import summarised

_OVERTURNED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day with conversations. `nights`: those most of whose conversations are of it."""

    day: date
    weekday: str
    summary: Summary
    nights: tuple[NightLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NightLine:
    """A run of the period. `inside`: its conversations of the period, `elsewhere`: those that count in a later run;
    `replaced`: earlier runs over the same input. `change`: what is not as on the night before; `purged`: what was
    taken, in words. `report`: address of its report, empty without one."""

    lineage: Lineage
    day: date
    inside: int
    elsewhere: int
    replaced: int
    change: str
    purged: tuple[str, ...]
    behind: bool
    report: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthPage:
    """`before` is None where there is nothing to compare with; `shifts` are those of score, passing, auto_fails,
    negative. `missing`: days without a conversation although days before and later have some."""

    period: Period
    total: Summary
    before: Summary | None
    shifts: Mapping[str, Shift]
    volume: charts.Columns
    measures: tuple[Measure, ...]
    days: tuple[Day, ...]
    weeks: tuple[tuple[Period, Summary], ...]
    missing: tuple[date, ...]
    by_project: tuple[Group, ...]
    by_channel: tuple[Group, ...]
    by_team: tuple[Group, ...]
    rules: tuple[RuleRow, ...]
    silent: int
    """Rules that were judged and hit nothing."""
    topics: tuple[TopicRow, ...]
    complaints: tuple[ComplaintRow, ...]
    agents: Agents
    verdicts: Verdicts | None
    reviewed: Reviewed | None
    nights: tuple[NightLine, ...]


def month_page(
    nights: Sequence[Night],
    earlier: Sequence[Night],
    period: Period,
    *,
    known_until: date,
    replaced: Mapping[str, int],
    reports: Mapping[str, str],
) -> MonthPage:
    """`nights` of the period and `earlier` ones of the period before, some of which may be the same. `known_until`: the
    last day of which there is anything; `replaced`: by input digest the runs that do not count; `reports`: by run id
    the address of its report."""
    now = Span(tables=added_up(nights, period), days=period.days)
    before = Span(tables=added_up(earlier, period.before), days=period.before.days) if earlier else None
    figures = now.tables["figures"]
    of_day = {day: whole(part, day.isoformat()) for day in period.days if (part := of_days(figures, day, day)).num_rows}
    first = min(day for night in (*earlier, *nights) for day in night.days)
    lines = _night_lines(nights, period, replaced, reports)
    notes = {line.day: line.change for line in lines if line.change}
    every = [night.run.lineage for night in (*earlier, *nights)]
    judged = {rule for night in nights for rule in night.run.lineage.rules}
    found = rules(now, before, _wordings(every), {r for n in earlier for r in n.run.lineage.rules})
    return MonthPage(
        period=period,
        total=whole(figures),
        before=whole(before.tables["figures"]) if before else None,
        shifts=shifts(_headline(now), _headline(before)) if before else {},
        volume=volume(of_day),
        measures=measures(of_day, notes),
        days=tuple(
            Day(day=day, weekday=weekday(day), summary=s, nights=tuple(n for n in lines if n.day == day))
            for day, s in of_day.items()
        ),
        weeks=tuple(
            (week, whole(part)) for week in period.weeks if (part := of_days(figures, week.first, week.last)).num_rows
        ),
        missing=tuple(day for day in period.days if day not in of_day and first < day <= known_until),
        by_project=groups(now, before, "project"),
        by_channel=groups(now, before, "channel"),
        by_team=groups(now, before, "team"),
        rules=found,
        silent=len(judged - {r.rule_id for r in found}),
        topics=topics(now, before),
        complaints=complaints(now, before),
        agents=agents(figures, before.tables["figures"] if before else figures.slice(0, 0), period),
        verdicts=_verdicts(now, every),
        reviewed=measured_of([summarised(n.run) for n in nights if n.run.part_files("reviews")]),
        nights=lines,
    )


def _headline(span: Span) -> Mapping[str, Days]:
    figures = span.tables["figures"]
    shares = {"passing": ("pass", "scored"), "auto_fails": ("auto_fail", "scored"), "negative": ("negative", "mood")}
    return {
        "score": score_days(figures, span.days),
        **{name: share_days(figures, span.days, *columns) for name, columns in shares.items()},
    }


def _wordings(lineages: Sequence[Lineage]) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = {}
    for lineage in lineages:
        for rule, digest in lineage.rule_digests.items():
            found.setdefault(rule, set()).add(digest)
    return found


def _verdicts(now: Span, lineages: Sequence[Lineage]) -> Verdicts | None:
    """Machine and final verdicts of what was reviewed; None where nothing was."""
    figures = now.tables["figures"]
    columns = ["one", "reviewed", "paired", "machine", "machine2", "final", "final2"]
    columns += ["machine_pass", "final_pass", "changed"]
    t = {name: pc.sum(figures[name]).as_py() or 0 for name in columns}
    if not t["reviewed"]:
        return None
    titles = {rule: title for lineage in lineages for rule, title in lineage.rule_titles.items()}
    for row in now.tables["rules"].select(["rule_id", "rule_title"]).to_pylist():
        titles.setdefault(row["rule_id"], row["rule_title"])
    sums = ["judged", "withdrawn", "added", "settled"]
    grouped = now.tables["overturned"].group_by("rule_id", use_threads=False).aggregate([(s, "sum") for s in sums])
    found = [
        Overturned(
            rule_id=row["rule_id"],
            title=titles.get(row["rule_id"], row["rule_id"]),
            **{name: int(row[f"{name}_sum"]) for name in sums},
        )
        for row in grouped.to_pylist()
    ]
    found.sort(key=lambda r: (-r.rate.count, -r.judged, r.rule_id))
    changed = [r for r in found if r.rate.count]
    return Verdicts(
        conversations=rate_of(t["reviewed"], t["one"]),
        overturned=rate_of(sum(r.rate.count for r in found), sum(r.judged for r in found)),
        machine=mean_of_lost(t["paired"], t["machine"], t["machine2"]),
        final=mean_of_lost(t["paired"], t["final"], t["final2"]),
        machine_passing=rate_of(t["machine_pass"], t["paired"]),
        final_passing=rate_of(t["final_pass"], t["paired"]),
        changed=int(t["changed"]),
        rules=tuple(changed[:_OVERTURNED]),
        more=max(0, len(changed) - _OVERTURNED),
    )


def _night_lines(
    nights: Sequence[Night], period: Period, replaced: Mapping[str, int], reports: Mapping[str, str]
) -> tuple[NightLine, ...]:
    ordered = sorted(nights, key=lambda n: (n.day, n.run.lineage.started_at, n.run.lineage.run_id))
    told = changes([n.run.lineage for n in ordered])
    return tuple(
        NightLine(
            lineage=night.run.lineage,
            day=night.day,
            inside=sum(n for day, n in night.days.items() if period.first <= day <= period.last),
            elsewhere=len(night.without),
            replaced=replaced.get(night.run.lineage.input_digest, 0),
            change=change,
            purged=_purged(night.run.lineage),
            behind=behind(night.run),
            report=reports.get(night.run.lineage.run_id, ""),
        )
        for night, change in zip(ordered, told, strict=True)
    )


def _purged(lineage: Lineage) -> tuple[str, ...]:
    kinds = {p.kind for p in lineage.purged}
    told = {
        Kept.AUDIO: say("录音路径已清除"),
        Kept.TEXT: say("文字已清除"),
        Kept.RESULTS: say("到期的会话已清除"),
    }
    return tuple(words for kind, words in told.items() if kind in kinds)
