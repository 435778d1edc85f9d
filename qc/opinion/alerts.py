"""The day a run is of, against the days before it: what the report shows of public opinion getting out of hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qc.domain.alert import AlertSpecs
from qc.opinion.bursts import words_by_day
from qc.opinion.daily import Daily
from qc.opinion.day import DayReport, report_of
from qc.opinion.judge import judge
from qc.opinion.ledger import read_ledger
from qc.storage.read import StoredRun


def day_of(run: StoredRun, earlier: Sequence[StoredRun], specs: AlertSpecs) -> DayReport | None:
    """The report of the day most conversations of `run` are of, compared with the days before it in `run` and the
    `earlier` runs; None for a run without conversations."""
    daily = Daily(read_ledger([*earlier, run]))
    ledger = daily.ledger
    mine = [i for i, r in enumerate(ledger.runs) if r.lineage.run_id == run.lineage.run_id]
    days = ledger.day[np.isin(ledger.run, mine)]
    if not len(days):
        return None
    day = ledger.days[int(np.bincount(days).argmax())]
    return report_of(daily, judge(daily, words_by_day(daily), day, specs), specs)
