"""`qc rules ci`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from qc.commands.gate_output import gate_options
from qc.commands.options import FOLDER, spec_options, workspace_of
from qc.errors import EXIT_CHECK, EXIT_OK

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("ci", short_help="合并前的全部检查：写法、测试、基线、影响、版本")
@click.option("--base", metavar="版本", help="与哪个 git 版本比较（默认：与主分支分开的地方，或 HEAD）")
@click.option("--run", "runs", type=FOLDER, multiple=True, metavar="批次目录", help="在哪个批次上比较影响，可写几次")
@click.option("--budget", type=_FILE, metavar="文件", help="影响的预算（默认：工作区的 budget.yml，有的话）")
@click.option(
    "--min-score", type=click.FloatRange(0, 100), default=85.0, show_default=True, metavar="分", help="变异测试至少几分"
)
@click.option("--markdown", type=_FILE, metavar="文件", help="写出合并请求的评论")
@gate_options
@click.option("--quiet", "-q", is_flag=True, help="不显示进度")
@spec_options
@click.pass_context
def command(
    ctx: click.Context,
    base: str | None,
    runs: tuple[Path, ...],
    budget: Path | None,
    min_score: float,
    markdown: Path | None,
    junit: Path | None,
    format_: str | None,
    quiet: bool,
    workspace: Path | None,
    rules: Path | None,
    scorecards: Path | None,
) -> None:
    """依次过五关：写法、测试（含变异得分）、基线、影响比较、内容版本。一关不过，接着做后面的；有不过的，退出码为 1。

    \b
    做不了的（没有 git、没有批次）说明原因后跳过。在 GitHub、GitLab 的 CI 里自动写行内注解；
    GitHub 上还写作业摘要。
    例：qc rules ci
        qc rules ci --run runs/20261120-213000-1a2b3c --markdown 评论.md --junit junit.xml
    """
    from qc.commands.console import Console
    from qc.commands.gate_output import annotate, detected, say, write
    from qc.commands.rulegates import BUDGET, Change, base_revision, lines, run_gates
    from qc.pipeline.specs import folders
    from qc.ruletest.gate import markdown as to_markdown

    home = workspace_of(workspace)
    format_ = format_ or detected(os.environ)
    if budget is None and home is not None and (home / BUDGET).is_file():
        budget = home / BUDGET
    where = folders(home, rules=rules, scorecards=scorecards)
    change = Change(
        where=where,
        workspace=home,
        base=base or base_revision(where.rules),
        runs=runs,
        budget=budget,
        min_score=min_score,
    )
    results = []
    for result in run_gates(change, Console(quiet)):
        results.append(result)
        say(lines(result), format_)
    annotate(results, format_, junit)
    if markdown is not None:
        write(markdown, to_markdown(results))
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as stream:
            stream.write(to_markdown(results))
    ctx.exit(EXIT_OK if all(result.passed for result in results) else EXIT_CHECK)
