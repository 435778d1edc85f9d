"""`qc rules coverage`."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.options import FOLDER, spec_options, workspace_of

_FILE = click.Path(path_type=Path, dir_okay=False)
_MOST = 15


@click.command("coverage", short_help="哪些规则从不命中、总是命中、总是一起命中，各要多少时间")
@click.option(
    "--run", "runs", type=FOLDER, multiple=True, required=True, metavar="批次目录", help="看哪个批次，可写几次"
)
@click.option("--json", "json_", type=_FILE, metavar="文件", help="写出给程序读的 JSON")
@click.option("--markdown", type=_FILE, metavar="文件", help="写出 Markdown")
@click.option(
    "--sample",
    type=click.IntRange(0, 1_000_000),
    default=2000,
    show_default=True,
    metavar="N",
    help="在前 N 个会话上测每条规则的耗时；0 不测",
)
@click.option("--quiet", "-q", is_flag=True, help="不显示进度")
@spec_options
def command(
    runs: tuple[Path, ...],
    json_: Path | None,
    markdown: Path | None,
    sample: int,
    quiet: bool,
    workspace: Path | None,
    rules: Path | None,
    scorecards: Path | None,
) -> None:
    """由已存的批次看规则的覆盖：从未命中的、适用就命中的、总是一起命中的、没有规则适用的会话、每条规则的耗时。

    \b
    例：qc rules coverage --run runs/20261120-213000-1a2b3c --markdown 覆盖.md
    """
    from qc.commands.console import Console, table
    from qc.commands.gate_output import write
    from qc.commands.transcript import visible
    from qc.pipeline.coverage import coverage
    from qc.pipeline.specs import configuration, folders, load
    from qc.ruletest import coverage as report

    where = folders(workspace_of(workspace), rules=rules, scorecards=scorecards)
    floor = configuration(where).asr.confidence_floor
    found = coverage(load(where), runs, floor=floor, sample=sample, progress=Console(quiet))
    click.echo(visible(report.summary(found)))
    for note in found.notes:
        click.echo(f"提醒：{note}")
    for title, rows in report.sections(found):
        shown = [[visible(value) for value in row] for row in rows[: _MOST + 1]]
        more = f"\n……另有 {len(rows) - 1 - _MOST} 行，见 --json。" if len(rows) - 1 > _MOST else ""
        click.echo(f"\n{title}\n{table(shown)}{more}")
    if json_ is not None:
        write(json_, report.to_json(found))
    if markdown is not None:
        write(markdown, report.markdown(found))
