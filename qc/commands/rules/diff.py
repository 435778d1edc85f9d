"""`qc rules diff`."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.options import FOLDER, spec_options, workspace_of
from qc.errors import EXIT_CHECK, EXIT_OK

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("diff", short_help="改了规则，哪些会话、坐席、分数会变")
@click.argument("old", default="HEAD", metavar="[OLD]")
@click.argument("new", required=False, metavar="[NEW]")
@click.option(
    "--run", "runs", type=FOLDER, multiple=True, required=True, metavar="批次目录", help="在哪个批次上比较，可写几次"
)
@click.option("--budget", type=_FILE, metavar="文件", help="预算文件（YAML）；超出时退出码为 1")
@click.option("--markdown", type=_FILE, metavar="文件", help="写出合并请求的评论")
@click.option("--html", type=_FILE, metavar="文件", help="写出给班组长看的网页")
@click.option("--json", "json_", type=_FILE, metavar="文件", help="写出给程序读的 JSON")
@click.option("--workers", type=click.IntRange(1, 256), metavar="N", help="进程数（默认：每核一个）")
@click.option("--quiet", "-q", is_flag=True, help="不显示进度")
@spec_options
@click.pass_context
def command(
    ctx: click.Context,
    old: str,
    new: str | None,
    runs: tuple[Path, ...],
    budget: Path | None,
    markdown: Path | None,
    html: Path | None,
    json_: Path | None,
    workers: int | None,
    quiet: bool,
    workspace: Path | None,
    rules: Path | None,
    scorecards: Path | None,
) -> None:
    """用已存的批次比较两套规则：命中的增减、坐席和班组的得分、一票否决的变化。不用模型，也不读录音。

    \b
    OLD、NEW 可以是 git 版本（HEAD、main、v1.2）、目录（工作区或规则目录）或 packaged（内置规则）。
    不写 NEW 就是现在的文件，不写 OLD 就是 HEAD。只评估有改动的规则，其余取批次里存的判定。
    例：qc rules diff --run runs/20261120-213000-1a2b3c
        qc rules diff main --run 批次1 --run 批次2 --markdown 评论.md --budget budget.yml
    """
    from qc.commands.console import Console
    from qc.commands.gate_output import write
    from qc.commands.rulediff import summary
    from qc.pipeline.backtest import backtest
    from qc.pipeline.diff_page import diff_page
    from qc.pipeline.revisions import read_state
    from qc.pipeline.specs import configuration, folders
    from qc.ruletest.budget import check_budget
    from qc.ruletest.diff_json import to_json
    from qc.ruletest.diff_markdown import markdown as to_markdown
    from qc.specs.budget import load_budget

    home = workspace_of(workspace)
    where = folders(home, rules=rules, scorecards=scorecards)
    bounds = load_budget(budget) if budget is not None else None
    before, after = read_state(old, home, where), read_state(new, home, where)
    diff = backtest(
        before,
        after,
        runs,
        floor=configuration(where).asr.confidence_floor,
        labels=() if bounds is None or bounds.labelled is None else bounds.labelled.labels,
        workers=workers or 0,
        progress=Console(quiet),
    )
    checks = () if bounds is None else check_budget(diff, bounds)
    for part in summary(diff, checks):
        click.echo(part + "\n")
    if markdown is not None:
        write(markdown, "## 规则改动的影响\n\n" + to_markdown(diff, checks))
    if html is not None:
        write(html, diff_page(diff, checks, where.reports))
    if json_ is not None:
        write(json_, to_json(diff, checks))
    ctx.exit(EXIT_OK if all(check.passed for check in checks) else EXIT_CHECK)
