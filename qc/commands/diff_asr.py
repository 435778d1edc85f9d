"""`qc diff-asr`."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.options import FOLDER, spec_options, workspace_of
from qc.errors import EXIT_CHECK, EXIT_OK

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("diff-asr", short_help="换了转写，哪些判定跟着变，为什么")
@click.argument("run_a", type=FOLDER, metavar="批次A")
@click.argument("run_b", type=FOLDER, metavar="批次B")
@click.option("--by-id", is_flag=True, help="按会话编号配对（默认按录音内容；转写由别的系统导入时用）")
@click.option("--html", type=_FILE, metavar="文件", help="写出网页")
@click.option("--json", "json_", type=_FILE, metavar="文件", help="写出给程序读的 JSON")
@click.option("--gate", is_flag=True, help="有判定改变时退出码为 1")
@click.option("--quiet", "-q", is_flag=True, help="不显示进度")
@spec_options
@click.pass_context
def command(
    ctx: click.Context,
    run_a: Path,
    run_b: Path,
    by_id: bool,
    html: Path | None,
    json_: Path | None,
    gate: bool,
    quiet: bool,
    workspace: Path | None,
    rules: Path | None,
    scorecards: Path | None,
) -> None:
    """同一批录音用两种办法转写（换了引擎、模型、选项或热词）：哪些判定变了，是因为哪里听得不同，坐席的得分差多少。
    录音没有变，坐席说的话也没有变：变的都是转写。两个批次用的规则不同时，都用现在的规则重新判定，因规则而变的另外计数。

    \b
    例：qc diff-asr runs/20261120-213000-1a2b3c runs/20261121-213000-4d5e6f --html 转写差异.html
    """
    from qc.commands.asr_diff_tables import summary
    from qc.commands.console import Console
    from qc.commands.gate_output import write
    from qc.pipeline.asr_diff.compare import compare_runs
    from qc.pipeline.asr_diff.view import document, page
    from qc.pipeline.specs import configuration, folders, load

    where = folders(workspace_of(workspace), rules=rules, scorecards=scorecards)
    diff = compare_runs(
        run_a,
        run_b,
        by_id=by_id,
        specs=lambda: load(where),
        floor=configuration(where).asr.confidence_floor,
        progress=Console(quiet),
    )
    for part in summary(diff):
        click.echo(part + "\n")
    if html is not None:
        write(html, page(diff, where.reports))
    if json_ is not None:
        write(json_, document(diff))
    ctx.exit(EXIT_CHECK if gate and diff.changes else EXIT_OK)
