"""The one-pager of public opinion (舆情简报): a day on one A4 page, fit for forwarding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qc.domain.alert import Alert, AlertSpecs, Dimension, LevelMeaning
from qc.domain.config import ReportConfig
from qc.domain.language import say, speaking
from qc.domain.run import Lineage
from qc.domain.topic import UNKNOWN_TOPIC
from qc.opinion.bursts import Burst, Bursts
from qc.opinion.day import DayReport, Figure
from qc.opinion.wording import dimension, weekday
from qc.reporting.catalogue import SOURCE, read_catalogue
from qc.reporting.render import Renderer, Site

_EVENTS, _MORE = 4, 3
_TOPICS, _PLACES, _WORDS, _NOTES = 7, 7, 8, 4
_DAYS = 28
_CLEAR = 0.001
"""A word is shown from here on; whether it is an alert is for the rules to say."""
_WIDTH, _HEIGHT, _GAP = 300.0, 64.0, 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An alert and those that are part of it."""

    alert: Alert
    meaning: LevelMeaning
    parts: tuple[Alert, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A day of the chart: its customers and the negative ones among them. `ink`: today, partial or past."""

    x: float
    width: float
    y: float
    height: float
    negative_y: float
    negative_height: float
    ink: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The largest values of one dimension."""

    title: str
    rows: tuple[Figure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnePage:
    """`more`: alerts that have no room, counted. `levels`: level and how many alerts it has, the gravest first."""

    day: str
    weekday: str
    total: Figure
    events: tuple[Event, ...]
    more: int
    levels: tuple[tuple[LevelMeaning, int], ...]
    bars: tuple[Bar, ...]
    width: float
    height: float
    tables: tuple[Table, ...]
    words: tuple[Burst, ...]
    tested: int
    notes: tuple[str, ...]
    runs: tuple[str, ...]
    masked: bool
    quiet: str


def one_page(report: DayReport, specs: AlertSpecs) -> OnePage:
    """What the page shows."""
    heads = [a for a in report.alerts if a.part_of is None]
    counts = [(m, sum(a.level is m.level for a in heads)) for m in reversed(specs.levels)]
    quiet = specs.quiet_hours
    tables = [
        Table(title=dimension(d), rows=tuple(f for f in report.figures[d] if f.value != UNKNOWN_TOPIC)[:most])
        for d, most in ((Dimension.TOPIC, _TOPICS), (Dimension.COMPLAINT, _PLACES), (Dimension.REGION, _PLACES))
    ]
    return OnePage(
        day=report.day.isoformat(),
        weekday=weekday(report.day),
        total=report.figures[Dimension.TOTAL][0],
        events=tuple(
            Event(
                alert=a,
                meaning=specs.meaning(a.level),
                parts=tuple(b for b in report.alerts if b.part_of == a.id)[:_MORE],
            )
            for a in heads[:_EVENTS]
        ),
        more=len(heads[_EVENTS:]),
        levels=tuple((m, n) for m, n in counts if n),
        bars=_bars(report),
        width=_WIDTH,
        height=_HEIGHT,
        tables=tuple(t for t in tables if t.rows)[:2],
        words=tuple(b for b in report.words.found[:_WORDS] if b.p < _CLEAR) if isinstance(report.words, Bursts) else (),
        tested=report.tested,
        notes=report.notes[:_NOTES],
        runs=report.runs,
        masked=report.masked,
        quiet=""
        if quiet is None
        else say(
            "{start}–{end} 只发“{level}”及更重的",
            start=f"{quiet.start:%H:%M}",
            end=f"{quiet.end:%H:%M}",
            level=specs.meaning(quiet.above).title,
        ),
    )


def render_one_page(
    report: DayReport, specs: AlertSpecs, templates: Sequence[Path], version: str, language: str = SOURCE
) -> str:
    """The HTML of the page: self-contained, without script. The sentences of `report` stay as they were made.
    Raises UsageError for a broken template."""
    lineage = Lineage(run_id=report.runs[-1], qc_version=version)
    site = Site(lineage=lineage, names={}, single=True, settings=ReportConfig(language=language))
    with speaking(read_catalogue(templates, language)):
        return Renderer(templates, site).render("onepager.html", page=one_page(report, specs))


def _bars(report: DayReport) -> tuple[Bar, ...]:
    days = list(zip(report.days, report.negative, strict=True))[-_DAYS:]
    most = max(f.customers for f, _ in days)
    step = _WIDTH / max(len(days), 14)
    out = []
    for i, (facts, negative) in enumerate(days):
        height, low = facts.customers / most * _HEIGHT, negative / most * _HEIGHT
        ink = "today" if facts.day == report.day else "partial" if facts.partial else "past"
        out.append(
            Bar(
                x=round(i * step, 1),
                width=round(step - _GAP, 1),
                y=round(_HEIGHT - height, 1),
                height=round(height, 1),
                negative_y=round(_HEIGHT - low, 1),
                negative_height=round(low, 1),
                ink=ink,
                label=say(
                    "{date} {customers} 位，负面 {negative}",
                    date=facts.day.isoformat(),
                    customers=f"{facts.customers:,}",
                    negative=f"{negative:,}",
                ),
            )
        )
    return tuple(out)
