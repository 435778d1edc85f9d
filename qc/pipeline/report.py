"""The report stage: a stored run and the runs before it → HTML."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from qc.domain.alert import AlertSpecs
from qc.domain.config import Config
from qc.domain.language import speaking
from qc.domain.run import RunStatus
from qc.errors import UsageError
from qc.storage.read import StoredRun, list_runs, open_run

REPORT = "report"
HISTORY_DAYS = 62
"""Runs begun so many days before are looked at for repeated contacts and for what is usual."""
SINGLE = "pages"
"""Pages of single conversations stand apart: the report folder is replaced as a whole."""


def write_report(
    run: Path, *, out: Path | None, templates: Sequence[Path], config: Config, alerts: AlertSpecs | None = None
) -> Path:
    """Write the reports of `run`; returns the first page. `alerts`: what to warn of, None: nothing.

    Raises UsageError when the run holds no verdicts.
    """
    from qc.opinion.alerts import day_of
    from qc.reporting.build import build_report
    from qc.reporting.catalogue import read_catalogue

    stored = open_run(run)
    _judged(stored)
    before = earlier_runs(stored)
    recent = [other for other in before if other.lineage.started_at >= _days_before(stored, HISTORY_DAYS)]
    compared = config.run.hot_word_runs
    with speaking(read_catalogue(templates, config.report.language)):
        day = None if alerts is None else day_of(stored, recent, alerts)
    return build_report(
        stored,
        out=out or run / REPORT,
        template_dirs=templates,
        earlier=before[-compared:] if compared else [],
        recent=recent,
        day=day,
        settings=config.report,
        organisation=config.name,
    )


def write_conversation(
    run: Path, identifier: str, *, out: Path | None, templates: Sequence[Path], config: Config
) -> Path:
    """Write the page of one conversation, for a large run that gave it none; returns it."""
    from qc.reporting.build import build_conversation

    stored = open_run(run)
    _judged(stored)
    return build_conversation(
        stored,
        identifier,
        out=out or run / SINGLE,
        template_dirs=templates,
        settings=config.report,
        organisation=config.name,
    )


def _judged(run: StoredRun) -> None:
    if run.lineage.status is not RunStatus.DONE:
        raise UsageError(f"批次 {run.lineage.run_id} 还没有完成", "再运行一次当初的 qc run 命令，把它做完。")
    if not run.lineage.rules_digest:
        raise UsageError(f"{run.path} 只有转写，还没有判定", f"先运行 qc inspect {run.path}")


def earlier_runs(run: StoredRun) -> list[StoredRun]:
    """The finished and judged runs beside this one that started before it, oldest first."""
    return [
        other
        for other in list_runs(run.path.parent)
        if other.lineage.rules_digest
        and (other.lineage.started_at, other.lineage.run_id) < (run.lineage.started_at, run.lineage.run_id)
        and other.lineage.input_digest != run.lineage.input_digest  # the same night again says nothing of change
    ]


def _days_before(run: StoredRun, days: int) -> str:
    """`days` before the run started, as lineage writes times; all time where that is not readable."""
    try:
        return (datetime.fromisoformat(run.lineage.started_at) - timedelta(days=days)).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        return ""
