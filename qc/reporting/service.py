"""Service figures for the report: 一次解决率, 客户费力度, 主动服务占比, each with what it could not see."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.language import say
from qc.opinion.contacts import contacts
from qc.opinion.effort import HIGH, PARTS, Part, effort, missing_columns, share_of
from qc.opinion.proactive import Proactive, proactive
from qc.opinion.resolution import DAYS, Resolution, resolution
from qc.reporting import charts
from qc.reporting.batch import Batch, lookup
from qc.reporting.estimates import Mean, Rate
from qc.reporting.selection import Line, lines
from qc.storage.read import StoredRun

_MATTERS = 12
_LABORIOUS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class SolvedRow:
    """A matter of a project and how often its first contact settled it."""

    project: str
    title: str
    solved: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class EffortPart:
    """`value` in the part's unit, None where it is not known; `share` of its full weight, 0–1."""

    part: Part
    value: float | None
    share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Laborious:
    """A conversation that cost the customer much, part by part."""

    line: Line
    effort: float
    parts: tuple[EffortPart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EffortFigures:
    """`high`: conversations from `bar` on; `missing`: parts nothing is known of → what the manifest would have to
    hold."""

    mean: Mean
    high: Rate
    bar: float
    parts: tuple[Part, ...]
    missing: Mapping[str, str]
    rows: tuple[Laborious, ...]
    chart: charts.Columns | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The section. `nights`: runs looked at, this one among them."""

    nights: int
    resolution: Resolution
    solved: Rate
    unknown_customer: Rate
    matters: tuple[SolvedRow, ...]
    effort: EffortFigures
    proactive: Proactive
    proactive_rate: Rate


def service(batch: Batch, earlier: Sequence[StoredRun], came: pa.Table | None = None) -> Service:
    """Figures of the run and, for repeats, of the `earlier` runs, from which it has contacts of weeks: `came`, where
    somebody has read them already."""
    came = contacts([*earlier, batch.run]) if came is None else came
    found = resolution(came, DAYS)
    moved = proactive(batch.run)
    titles = _titles([*earlier, batch.run], {m.matter for m in found.matters[:_MATTERS]})
    return Service(
        nights=len(earlier) + 1,
        resolution=found,
        solved=Rate(count=found.solved, n=found.counted),
        unknown_customer=Rate(count=found.unknown_customer, n=found.contacts),
        matters=tuple(
            SolvedRow(project=m.project, title=titles.get(m.matter, m.matter), solved=Rate(count=m.solved, n=m.counted))
            for m in found.matters[:_MATTERS]
        ),
        effort=_effort(batch, effort(batch.run, came, DAYS)),
        proactive=moved,
        proactive_rate=Rate(count=moved.count, n=moved.served),
    )


def _effort(batch: Batch, table: pa.Table) -> EffortFigures:
    known = table.filter(pc.is_valid(table["effort"]))
    high = pc.sum(pc.greater_equal(known["effort"], HIGH)).as_py() or 0
    worst = known.filter(pc.greater_equal(known["effort"], HIGH / 2))
    worst = worst.sort_by([("effort", "descending"), ("conversation_id", "ascending")]).slice(0, _LABORIOUS)
    beside = lines(lookup(worst["conversation_id"], batch.conversations))
    return EffortFigures(
        mean=Mean(
            value=pc.mean(known["effort"]).as_py(),
            sd=pc.stddev(known["effort"], ddof=1).as_py(),
            n=known.num_rows,
        ),
        high=Rate(count=high, n=known.num_rows),
        bar=HIGH,
        parts=PARTS,
        missing=missing_columns(table),
        rows=tuple(
            Laborious(line=line, effort=row["effort"], parts=tuple(_part(p, row[p.key]) for p in PARTS))
            for line, row in zip(beside, worst.to_pylist(), strict=True)
        ),
        chart=_spread(known["effort"].to_pylist()),
    )


def _part(part: Part, value: float | None) -> EffortPart:
    return EffortPart(part=part, value=value, share=share_of(part, value))


def _spread(values: Sequence[float]) -> charts.Columns | None:
    if not values:
        return None
    counts = [0] * 10
    for value in values:
        counts[min(9, int(value // 10))] += 1
    top = max(range(10), key=lambda i: counts[i])
    return charts.columns(
        title=say("客户费力度分布"),
        summary=say(
            "{all} 个会话，最多的在 {low}–{high} 之间，有 {n} 个。",
            all=len(values),
            low=top * 10,
            high=top * 10 + 10,
            n=counts[top],
        ),
        data=[charts.Datum(label=f"{i * 10}–{i * 10 + 10}", values=(counts[i],)) for i in range(10)],
        series=[(say("会话"), "ink-main")],
        unit=say("个会话"),
        width=600.0,
    )


def _titles(runs: Sequence[StoredRun], wanted: Collection[str]) -> dict[str, str]:
    """Topic id → title, as the last run that has it calls it."""
    found: dict[str, str] = {}
    for run in reversed(runs):
        missing = pa.array(sorted(set(wanted) - set(found)), pa.string())
        if not len(missing):
            break
        for part in run.parts("topics", ["topic_id", "topic"]):
            mine = part.filter(pc.is_in(part["topic_id"], value_set=missing))
            grouped = mine.group_by("topic_id", use_threads=False).aggregate([("topic", "max")])
            found |= {r["topic_id"]: r["topic_max"] for r in grouped.to_pylist() if r["topic_max"]}
    return found
