"""Write the report of a month."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

from qc.domain.config import ReportConfig
from qc.domain.language import speaking
from qc.domain.run import Lineage, RunStatus
from qc.errors import UsageError
from qc.reporting.catalogue import read_catalogue
from qc.reporting.month.nights import last_day, nights_between
from qc.reporting.month.page import month_page
from qc.reporting.month.period import Period, month_of
from qc.reporting.render import Renderer, Site
from qc.storage.files import write_text
from qc.storage.read import StoredRun

MONTHS = "months"
_REPORT = "report/index.html"


def build_month(
    runs: Sequence[StoredRun],
    period: Period | None,
    *,
    root: Path,
    out: Path | None,
    template_dirs: Sequence[Path],
    version: str,
    settings: ReportConfig,
    organisation: str = "",
    told: Callable[[str], object] = lambda _: None,
) -> tuple[Path, tuple[str, ...]]:
    """Write the report of `period` (None: the month of the last day there is) over `runs` of the folder `root` into the
    folder `out` (by custom ROOT/months/PERIOD); the page, and the ids of the runs it is made from. `told` as in
    `nights_between`.

    Raises UsageError when there is no conversation in the period, or a template is broken.
    """
    newest = last_day(runs)
    if newest is None:
        raise UsageError(
            f"{root} 里没有判定过的会话", "请给出 qc run 写批次的总目录，如 runs；只转写、还没判定的批次不算。"
        )
    period = period or month_of(newest)
    both = nights_between(runs, period.before.first, period.last, told)
    nights = [night for night in both if night.within(period)]
    if not nights:
        raise UsageError(
            f"{period.first.isoformat()} 到 {period.last.isoformat()} 没有会话",
            f"有会话的最后一天是 {newest.isoformat()}；换一个月份，或用 --from、--to。",
        )
    folder = out or root / MONTHS / period.name
    page = folder / "index.html"
    with speaking(read_catalogue(template_dirs, settings.language)):
        lineage = Lineage(run_id=period.name, name=period.title, qc_version=version)
        site = Site(lineage=lineage, names={}, single=True, settings=settings, organisation=organisation)
        made = month_page(
            nights,
            [night for night in both if night.within(period.before)],
            period,
            known_until=newest,
            replaced=_replaced(runs),
            reports={n.run.lineage.run_id: _address(n.run, folder) for n in nights},
        )
        html = Renderer(template_dirs, site).render("month.html", page=made)
    write_text(page, html)
    return page, tuple(n.run.lineage.run_id for n in nights)


def _replaced(runs: Sequence[StoredRun]) -> dict[str, int]:
    """By input digest how many finished and judged runs stand behind the last one."""
    judged = [r.lineage for r in runs if r.lineage.status is RunStatus.DONE and r.lineage.rules_digest]
    return {digest: n - 1 for digest, n in Counter(x.input_digest for x in judged).items() if digest and n > 1}


def _address(run: StoredRun, folder: Path) -> str:
    """The report of a run as seen from `folder`; empty where there is none."""
    if not (run.path / _REPORT).is_file():
        return ""
    return quote(Path(os.path.relpath(run.path.absolute() / _REPORT, folder.absolute())).as_posix())
