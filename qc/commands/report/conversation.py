"""`qc report conversation`: the page of one conversation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from qc.commands.options import FOLDER
from qc.commands.report.settings import report_options, settings_of

if TYPE_CHECKING:
    from qc.storage.read import StoredRun


@click.command("conversation", short_help="一个会话的页面")
@click.argument("conversation", metavar="会话编号")
@click.option("--run", type=FOLDER, metavar="批次目录", help="哪个批次（默认：--runs 下有这个会话的最新一个）")
@click.option(
    "--runs",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("runs"),
    show_default=True,
    metavar="目录",
    help="批次所在目录",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="目录",
    help="写到哪里（默认：批次目录/pages）",
)
@report_options
def command(
    conversation: str,
    run: Path | None,
    runs: Path,
    out: Path | None,
    lang: str | None,
    audio: str | None,
    workspace: Path | None,
) -> None:
    """写一个会话的页面，也给在报表里没有页面的会话。编号可以只写开头。

    \b
    例：qc report conversation A003
        qc report conversation A003 --run runs/20261120-213000-1a2b3c --audio copy
    """
    from qc.commands.auditing import audited, roots_of
    from qc.commands.transcript import identify
    from qc.pipeline.report import write_conversation
    from qc.storage.read import open_run

    where, config = settings_of(workspace, lang, audio)
    stored = newest_holding(runs, conversation) if run is None else open_run(run)
    found = identify(stored, conversation)
    with audited(roots_of([stored]), "report conversation") as act:
        act.runs.append(stored.lineage.run_id)
        page = write_conversation(stored.path, found, out=out, templates=where.reports, config=config)
        act.wrote(page)
    click.echo(page)


def newest_holding(root: Path, identifier: str) -> StoredRun:
    """The newest judged run under `root` that holds the conversation with this id, or one whose id begins so.

    Raises UsageError.
    """
    import pyarrow.compute as pc

    from qc.commands.exporting import say_left_out
    from qc.errors import UsageError
    from qc.storage.read import list_runs

    say_left_out(root)
    judged = [run for run in list_runs(root) if run.lineage.rules_digest]
    if not judged:
        raise UsageError(f"{root} 下没有判定过的批次", "先运行 qc run，或用 --runs、--run 指定。")
    for run in reversed(judged):
        for part in run.parts("conversations", ["conversation_id"]):
            if pc.any(pc.starts_with(part["conversation_id"], identifier)).as_py():
                return run
    raise UsageError(
        f"{root} 下的 {len(judged)} 个批次里都没有会话 {identifier}", "编号见报表，或用 --run 指定批次目录。"
    )
