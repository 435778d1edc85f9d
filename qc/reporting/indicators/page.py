"""The page of indicators (绩效指标)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from qc.opinion.contacts import contacts
from qc.opinion.dedupe import counted_runs
from qc.reporting.edition import Edition
from qc.reporting.indicators.course import Course, course
from qc.reporting.indicators.drivers import Drivers, drivers
from qc.reporting.indicators.facts import Facts, facts, weeks
from qc.reporting.indicators.indicator import Figure, Indicator
from qc.reporting.indicators.registry import FAMILIES
from qc.reporting.indicators.variation import Variation, variations
from qc.storage.read import StoredRun

_RUNS, _CONVERSATIONS = 12, 300_000
"""Runs before this one whose figures are worked out, and how many conversations they may have together."""
_GROUPS = 8
_TEAMS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An indicator of this run. `course` over the runs before it, None without them. `target`: what was set for it in
    qc.yaml."""

    indicator: Indicator
    figure: Figure
    target: float | None
    course: Course | None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one."""
        value = self.figure.value
        if self.target is None or value is None or not self.indicator.better:
            return None
        return value >= self.target if self.indicator.better == "higher" else value <= self.target

    @property
    def close(self) -> bool:
        """The target lies inside the interval: the difference may be chance."""
        low, high = self.figure.low, self.figure.high
        return self.target is not None and low is not None and high is not None and low <= self.target <= high

    @property
    def turn(self) -> str:
        """Beyond the usual range: `better` or `worse` where the indicator has a good side, else `other`; else empty."""
        beyond = "" if self.course is None else self.course.beyond
        if not beyond or not self.indicator.better:
            return "other" if beyond else ""
        return "better" if (beyond == "above") == (self.indicator.better == "higher") else "worse"


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyRows:
    """The indicators of one subject that have figures, and those that have none."""

    id: str
    title: str
    rows: tuple[Row, ...]
    lacking: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    indicator: Indicator
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Figures by the largest of the projects, channels or teams (`key`); `more`: how many are not shown."""

    key: str
    names: tuple[str, ...]
    sizes: tuple[int, ...]
    rows: tuple[GroupRow, ...]
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorsPage:
    """`runs`: the names of the runs compared, oldest first, this one last."""

    size: int
    families: tuple[FamilyRows, ...]
    runs: tuple[str, ...]
    groups: tuple[Groups, ...]
    drivers: Drivers
    variations: tuple[Variation, ...]

    @property
    def measured(self) -> tuple[Row, ...]:
        return tuple(row for family in self.families for row in family.rows)

    @property
    def lacking(self) -> tuple[Row, ...]:
        return tuple(row for family in self.families for row in family.lacking)


def indicators_page(edition: Edition) -> IndicatorsPage:
    """Compute the page. Repeats are looked for in the recent runs; figures are compared with those of earlier ones."""
    run = edition.batch.run
    came = weeks(edition.contacts if edition.recent else contacts([*edition.earlier, run]))
    now = facts(run, came)
    before = _compared(edition.earlier)
    past = [_Past(facts=facts(other, came), days=_days_before(edition.recent, other)) for other in before]
    families = tuple(
        _family(family.id, family.title, [_row(i, now, past, edition) for i in family.indicators])
        for family in FAMILIES
    )
    rows = [row for family in families for row in family.rows]
    teams = [part for _, part in now.by("team")][:_TEAMS]
    return IndicatorsPage(
        size=now.size,
        families=families,
        runs=tuple(other.lineage.name or other.lineage.run_id for other in (*before, run)),
        groups=tuple(g for key in ("project", "channel", "team") if (g := _groups(key, now, rows)) is not None),
        drivers=drivers(edition.batch, now),
        variations=variations([row.indicator for row in rows], teams, [row.course for row in rows]),
    )


def _family(family: str, title: str, rows: Sequence[Row]) -> FamilyRows:
    return FamilyRows(
        id=family,
        title=title,
        rows=tuple(row for row in rows if row.figure.n),
        lacking=tuple(row for row in rows if not row.figure.n),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """A run before this one; `days`: how long before it the first run began in which repeats are looked for."""

    facts: Facts
    days: int


def _row(indicator: Indicator, now: Facts, past: Sequence[_Past], edition: Edition) -> Row:
    figure = Figure() if indicator.measure is None else indicator.measure(now)
    values: list[float | None] = []
    if indicator.measure is not None and indicator.compared:
        look = indicator.looks_back
        values = [indicator.measure(other.facts).value if other.days >= look else None for other in past]
    return Row(
        indicator=indicator,
        figure=figure,
        target=edition.settings.targets.get(indicator.id),
        course=course([*values, figure.value]),
    )


def _groups(key: str, now: Facts, rows: Sequence[Row]) -> Groups | None:
    """None where there is only one."""
    parts = list(now.by(key))
    if len(parts) < 2:
        return None
    shown = parts[:_GROUPS]
    table = [
        GroupRow(indicator=row.indicator, figures=tuple(_measured(row.indicator, p) for _, p in shown)) for row in rows
    ]
    return Groups(
        key=key,
        names=tuple(name for name, _ in shown),
        sizes=tuple(part.size for _, part in shown),
        rows=tuple(row for row in table if sum(f.n > 0 for f in row.figures) > 1),
        more=len(parts) - len(shown),
    )


def _measured(indicator: Indicator, part: Facts) -> Figure:
    return Figure() if indicator.measure is None else indicator.measure(part)


def _days_before(recent: Sequence[StoredRun], run: StoredRun) -> int:
    try:
        first = min(datetime.fromisoformat(other.lineage.started_at) for other in (*recent, run))
        return (datetime.fromisoformat(run.lineage.started_at) - first).days
    except ValueError:
        return 0


def _compared(earlier: Sequence[StoredRun]) -> list[StoredRun]:
    """The last runs before this one, as many as are quickly read; a night that was run twice once."""
    kept: list[StoredRun] = []
    total = 0
    for run in reversed(counted_runs(earlier)):
        total += run.lineage.counts.ok
        if len(kept) == _RUNS or total > _CONVERSATIONS:
            break
        kept.insert(0, run)
    return kept
