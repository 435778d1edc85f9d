"""`qc report month`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qc.commands.options import FOLDER
from qc.commands.report.settings import settings_of
from qc.domain.config import LANGUAGES
from qc.errors import UsageError

if TYPE_CHECKING:
    from qc.reporting.month.period import Period

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command("month", short_help="一个月（或任意几天）的月报")
@click.argument("runs", type=FOLDER, metavar="批次总目录")
@click.option(
    "--month", type=click.DateTime(["%Y-%m"]), metavar="年-月", help="哪个月（默认：有会话的最后一天所在的月）"
)
@click.option("--from", "first", type=_DAY, metavar="日期", help="从哪一天；与 --to 一起，取代 --month")
@click.option("--to", "last", type=_DAY, metavar="日期", help="到哪一天（含）")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="目录",
    help="写到哪里（默认：批次总目录/months/年-月）",
)
@click.option("--lang", type=click.Choice(LANGUAGES), help="语言（默认：qc.yaml 的 report.language，中文）")
@click.option("--workspace", "-w", type=FOLDER, metavar="目录", help="工作区（默认：当前目录往上找 qc.yaml）")
def command(
    runs: Path,
    month: datetime | None,
    first: datetime | None,
    last: datetime | None,
    out: Path | None,
    lang: str | None,
    workspace: Path | None,
) -> None:
    """把一个月的各晚合成一页月报，并与上个月比；只读已存的批次。

    每晚的数字只算一次，存在批次里；新的一晚或新的复核来了，只重算那一晚。同一晚跑了几次的只算最后一次，会话按各自的日期归到那一天。

    \b
    例：qc report month runs
        qc report month runs --month 2026-10
        qc report month runs --from 2026-10-05 --to 2026-11-03 --lang en
    """
    from qc import __version__
    from qc.commands.auditing import audited
    from qc.commands.exporting import remind, say_left_out
    from qc.reporting.month.build import build_month
    from qc.storage.read import list_runs

    period = _period(month, first, last)
    where, config = settings_of(workspace, lang, None)
    say_left_out(runs)
    with audited(runs.absolute(), "report month") as act:
        page, used = build_month(
            list_runs(runs),
            period,
            root=runs,
            out=out,
            template_dirs=where.reports,
            version=__version__,
            settings=config.report,
            organisation=config.name,
            told=remind,
        )
        act.runs += used
        act.wrote(page)
    click.echo(page)


def _period(month: datetime | None, first: datetime | None, last: datetime | None) -> Period | None:
    from qc.reporting.month.period import Period, month_of

    if (first is None) != (last is None) or (month is not None and first is not None):
        raise UsageError("--from 和 --to 要一起写，并且不与 --month 同时用", "例：--from 2026-10-05 --to 2026-11-03")
    if first is not None and last is not None:
        if last < first:
            raise UsageError("--to 比 --from 早", "把两个日期对调。")
        return Period(first=first.date(), last=last.date())
    return None if month is None else month_of(month.date())
