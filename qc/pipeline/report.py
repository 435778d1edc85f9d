"""The report stage: a stored run and the runs before it → HTML."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from qc.domain.alert import AlertSpecs
from qc.domain.config import Config
from qc.domain.language import speaking
from qc.errors import UsageError
from qc.opinion.dedupe import counted_runs
from qc.storage.read import StoredRun, list_runs, not_counted, open_run, require_judged
from qc.storage.summary import summarised

if TYPE_CHECKING:
    from qc.opinion.day import DayReport

REPORT = "report"
Told = Callable[[str], object]
"""Hears a sentence (Chinese)."""
HISTORY_DAYS = 62
"""Runs begun so many days before are looked at for repeated contacts and for what is usual."""
SINGLE = "pages"
"""Pages of single conversations stand apart: the report folder is replaced as a whole."""


def write_report(
    run: Path,
    *,
    out: Path | None,
    templates: Sequence[Path],
    config: Config,
    alerts: AlertSpecs | None = None,
    told: Told = lambda _: None,
) -> Path:
    """Write the reports of `run`; returns the first page. `alerts`: what to warn of, None: nothing. `told`: hears of
    earlier runs that cannot be read, with which nothing is compared.

    Raises UsageError when the run holds no verdicts.
    """
    from qc.reporting.build import build_report
    from qc.reporting.catalogue import read_catalogue

    stored = require_judged(open_run(run))
    with speaking(read_catalogue(templates, config.report.language)):
        past = _past(stored, config, alerts, told)
    return build_report(
        stored,
        out=out or run / REPORT,
        template_dirs=templates,
        earlier=past.earlier,
        recent=past.recent,
        again=past.again,
        day=past.day,
        settings=config.report,
        organisation=config.name,
    )


def write_workbook(
    runs: Sequence[StoredRun],
    out: Path,
    *,
    templates: Sequence[Path],
    config: Config,
    alerts: AlertSpecs | None = None,
    told: Told = lambda _: None,
) -> None:
    """Write the workbook of `runs`, finished and judged, to `out`, with the figures of their reports. `told` as in
    `write_report`."""
    from qc.export.workbook import export_workbook
    from qc.reporting.batch import Batch
    from qc.reporting.catalogue import read_catalogue
    from qc.reporting.edition import Edition

    with speaking(read_catalogue(templates, config.report.language)):
        pasts = [_past(run, config, alerts, told) for run in runs]
        editions = [
            Edition(batch=Batch(run), earlier=p.earlier, recent=p.recent, day=p.day, settings=config.report)
            for run, p in zip(runs, pasts, strict=True)
        ]
        export_workbook(editions, out, created=max(run.moment for run in runs))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """What a run is compared with; as in `Edition`."""

    earlier: Sequence[StoredRun]
    recent: Sequence[StoredRun]
    again: StoredRun | None
    day: DayReport | None


def _past(run: StoredRun, config: Config, alerts: AlertSpecs | None, told: Told) -> _Past:
    """Called while the language of the report is spoken: alerts say what they found."""
    from qc.opinion.alerts import day_of
    from qc.opinion.wording import spoken

    every, compared, since = earlier_runs(run), config.report.compared_runs, _days_before(run, HISTORY_DAYS)
    used = len(every) - compared  # of those before, only what is recent
    wanted = [other for i, other in enumerate(every) if i >= used or other.lineage.started_at >= since]
    before = readable(wanted, told)
    recent = [other for other in before if other.lineage.started_at >= since]
    day = None if alerts is None else day_of(run, recent, spoken(alerts))
    again = readable([last], told)[:1] if compared and (last := judged_before(run)) else []
    earlier = before[-compared:] if compared else []
    return _Past(earlier=earlier, recent=recent, again=again[0] if again else None, day=day)


def readable(runs: Sequence[StoredRun], told: Told) -> list[StoredRun]:
    """Those of `runs` that can be compared, by their summaries; `told` hears what is wrong with the others."""
    found = []
    for run in runs:
        try:
            found.append(summarised(run))
        except UsageError as error:
            told(not_counted(run, error))
    return found


def write_conversation(
    run: Path, identifier: str, *, out: Path | None, templates: Sequence[Path], config: Config
) -> Path:
    """Write the page of one conversation, for a large run that gave it none; returns it."""
    from qc.reporting.build import build_conversation

    stored = require_judged(open_run(run))
    return build_conversation(
        stored,
        identifier,
        out=out or run / SINGLE,
        template_dirs=templates,
        settings=config.report,
        organisation=config.name,
    )


def earlier_runs(run: StoredRun) -> list[StoredRun]:
    """The finished and judged runs beside this one that started before it, oldest first; of a night that was judged
    several times the last."""
    # the same night again says nothing of change
    return list(counted_runs(other for other in _runs_before(run) if not _same_inputs(run, other)))


def judged_before(run: StoredRun) -> StoredRun | None:
    """The run right before this one, where it judged the same inputs: then nothing differs but how they were judged."""
    last = max(_runs_before(run), key=lambda other: (other.lineage.started_at, other.lineage.run_id), default=None)
    return last if last and _same_inputs(run, last) else None


def _same_inputs(run: StoredRun, other: StoredRun) -> bool:
    """Runs of earlier versions may not say what they judged."""
    return run.lineage.input_digest == other.lineage.input_digest != ""


def _runs_before(run: StoredRun) -> list[StoredRun]:
    own = run.lineage
    return [
        other
        for other in list_runs(run.path.parent)
        if (other.lineage.started_at, other.lineage.run_id) < (own.started_at, own.run_id)
    ]


def _days_before(run: StoredRun, days: int) -> str:
    """`days` before the run started, as lineage writes times; all time where that is not readable."""
    try:
        return (datetime.fromisoformat(run.lineage.started_at) - timedelta(days=days)).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        return ""
