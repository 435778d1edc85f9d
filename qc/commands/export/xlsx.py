"""`qc export xlsx`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from qc.commands.options import FOLDER, workspace_of
from qc.domain.config import LANGUAGES
from qc.errors import UsageError

NAME = "workbook.xlsx"


@click.command("xlsx", short_help="一本 Excel 工作簿")
@click.argument("runs", type=FOLDER, nargs=-1, required=True, metavar="批次目录...")
@click.option(
    "--out",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="文件",
    help=f"写到哪里（默认：批次目录/{NAME}；几个批次时必须写）",
)
@click.option("--lang", type=click.Choice(LANGUAGES), help="语言（默认：qc.yaml 的 report.language，中文）")
@click.option("--keep-personal-data", is_flag=True, help="批次没有脱敏，仍要导出（文件会含个人信息，慎用）")
@click.option("--workspace", "-w", type=FOLDER, metavar="目录", help="工作区")
def command(
    runs: tuple[Path, ...], out: Path | None, lang: str | None, keep_personal_data: bool, workspace: Path | None
) -> None:
    """一本工作簿：概览、会话、评分项、判定与证据、坐席、班组、扣分排列、舆情话题、投诉与升级、指标、负面清单、典型案例、复核、失败。

    数与网页报表相同；表头的批注说明每一列。几个批次写进一本，每行前面是批次。超过 Excel 行数的接着写下一张表。
    客户说的话一律是文字，不会成为公式或链接。
    """
    from qc.commands.auditing import audited, roots_of
    from qc.commands.exporting import finished, refuse_personal_data, remind
    from qc.pipeline.report import write_workbook
    from qc.pipeline.specs import alerts, configuration, folders
    from qc.storage.read import require_judged

    if out is None and len(runs) > 1:
        raise UsageError("几个批次写进一本，要用 --out 写明文件", "例：qc export xlsx runs/* --out 十一月.xlsx")
    stored = [require_judged(run) for run in finished(runs)]
    refuse_personal_data(stored, keep_personal_data)
    where = folders(workspace_of(workspace))
    config = configuration(where)
    config = replace(config, report=replace(config.report, language=lang or config.report.language))
    target = out or runs[0] / NAME
    with audited(roots_of(stored), "export xlsx") as act:
        act.runs = [run.lineage.run_id for run in stored]
        write_workbook(stored, target, templates=where.reports, config=config, alerts=alerts(where), told=remind)
        act.wrote(target)
    click.echo(target)
