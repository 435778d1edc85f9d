"""`qc explain`: why a stored conversation was judged as it was."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.options import runs_option, spec_options, workspace_of


@click.command("explain", short_help="为什么这样判：一个会话上的每条规则，或一条规则的细节")
@click.argument("run", metavar="批次")
@click.argument("conversation", metavar="会话编号")
@click.argument("rule", required=False, metavar="[规则编号]")
@spec_options
@runs_option("批次所在目录")
def command(
    run: str,
    conversation: str,
    rule: str | None,
    workspace: Path | None,
    rules: Path | None,
    scorecards: Path | None,
    out: Path,
) -> None:
    """用现在的规则重新判定一个已存的会话，说明为什么命中或没有命中。

    批次写目录或编号（可以只写开头），latest 是最新的。不写规则编号时列出每条规则的判定和一句原因；写了规则编号，
    命中时列出全部证据，没有命中时指出第一个不成立的片段，以及最接近的一处差在哪里。

    \b
    例：qc explain latest A003
        qc explain runs/20261120-213000-1a2b3c A003 compliance.no_guarantee
    """
    from qc.commands.explaining import explain_stored, find_run
    from qc.pipeline.specs import folders

    where = folders(workspace_of(workspace), rules=rules, scorecards=scorecards)
    click.echo(explain_stored(find_run(run, out), conversation, rule, where))
