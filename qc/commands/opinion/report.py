"""`qc opinion report`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qc.commands.options import FOLDER, workspace_of
from qc.domain.config import LANGUAGES
from qc.errors import EXIT_CHECK, EXIT_OK, UsageError

if TYPE_CHECKING:
    from qc.domain.alert import AlertSpecs
    from qc.opinion.day import DayReport

LEVELS = ("notice", "watch", "warning", "critical")
ALERT_FILE, PAGE = "alerts.json", "onepager.html"


@click.command("report", short_help="一天的舆情：预警文件（JSON）和一页简报（HTML）")
@click.argument("runs", type=FOLDER, metavar="批次总目录")
@click.option(
    "--date", "day", type=click.DateTime(["%Y-%m-%d"]), metavar="日期", help="哪一天（默认：有会话的最后一天）"
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="目录",
    help="写到哪里（默认：批次总目录/opinion/日期）",
)
@click.option("--fail-on", type=click.Choice(LEVELS), metavar="级别", help="有这个级别或更重的预警时退出码为 1")
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    help="简报、预警文件、屏幕的语言（默认：qc.yaml 的 report.language，中文）",
)
@click.option("--workspace", "-w", type=FOLDER, metavar="目录", help="工作区（默认：当前目录往上找 qc.yaml）")
@click.pass_context
def command(
    ctx: click.Context,
    runs: Path,
    day: datetime | None,
    out: Path | None,
    fail_on: str | None,
    lang: str | None,
    workspace: Path | None,
) -> None:
    """把一天的会话与之前的日子比，写出 alerts.json 和 onepager.html；只读已存的批次。

    同一晚跑了两次的只算一次；同一客户当天同一项只算一次；会话按各自的日期归到那一天。

    \b
    级别：notice 提示、watch 关注、warning 预警、critical 严重
    例：qc opinion report runs
        qc opinion report runs --date 2026-11-20 --fail-on warning
    """
    from qc import __version__
    from qc.commands.auditing import audited
    from qc.commands.exporting import remind, say_left_out
    from qc.domain.alert import AlertLevel
    from qc.domain.language import speaking
    from qc.opinion.alert_file import document
    from qc.opinion.day import report_day
    from qc.opinion.wording import spoken
    from qc.pipeline.report import readable
    from qc.pipeline.specs import alerts, configuration, folders
    from qc.reporting.catalogue import read_catalogue
    from qc.reporting.onepager import render_one_page
    from qc.storage.files import write_text
    from qc.storage.read import list_runs

    where = folders(workspace_of(workspace))
    say_left_out(runs)
    stored = readable(list_runs(runs), remind)
    if not stored:
        raise UsageError(f"{runs} 里没有完成的批次", "请给出 qc run 写批次的总目录，如 runs。")
    language = lang or configuration(where).report.language
    catalogue = read_catalogue(where.reports, language)
    with speaking(catalogue):
        specs = spoken(alerts(where))
        report = report_day(stored, None if day is None else day.date(), specs)
    if report is None:
        raise UsageError(
            "批次里没有会话" if day is None else f"没有 {day.date().isoformat()} 的会话",
            "不写 --date 就取有会话的最后一天；只转写、还没判定的批次不算。",
        )
    folder = out or runs / "opinion" / report.day.isoformat()
    with audited(runs, "opinion report") as act:
        act.runs += report.runs
        act.note = report.day.isoformat()
        act.counts["alerts"] = len(report.alerts)
        page = render_one_page(report, specs, where.reports, __version__, language)
        with speaking(catalogue):
            write_text(folder / ALERT_FILE, document(report, specs, __version__))
            lines = _lines(report, specs)
        act.wrote(folder / ALERT_FILE)
        write_text(folder / PAGE, page)
        act.wrote(folder / PAGE)
    for line in lines:
        click.echo(line)
    click.echo(folder / ALERT_FILE)
    click.echo(folder / PAGE)
    called = fail_on is not None and any(a.level.rank >= AlertLevel(fail_on).rank for a in report.alerts)
    ctx.exit(EXIT_CHECK if called else EXIT_OK)


def _lines(report: DayReport, specs: AlertSpecs) -> list[str]:
    from qc.domain.language import say
    from qc.opinion.wording import told, weekday

    heads = [a for a in report.alerts if a.part_of is None]
    others = len(report.alerts) - len(heads)
    lines = [
        say(
            "{date}（{weekday}）：检验 {tested} 项，预警 {n} 个",
            date=report.day.isoformat(),
            weekday=weekday(report.day),
            tested=f"{report.tested:,}",
            n=len(heads),
        )
        + (say("，另有 {n} 个是同一件事的别的表现", n=others) if others else "")
    ]
    lines += [say("  {level}　{what}", level=specs.meaning(a.level).title, what=told(a)) for a in heads]
    return lines + [say("  注：{note}", note=note) for note in report.notes]
