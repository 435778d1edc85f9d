"""`qc purge`: what the policy of retention no longer keeps."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from pathlib import Path

import click

from qc.commands.options import FOLDER, workspace_of
from qc.domain.printable import printable
from qc.errors import EXIT_OK, EXIT_PARTIAL, QcError, UsageError, refusal, remedy

_HOW_TO_WRITE = """在工作区的 qc.yaml 里写，例如（全部写法见 docs/archive.zh-CN.md）：
  retention:
    default: {audio: 180天, text: 1年, results: 3年, reports: 90天, transcripts: 30天}"""

_Row = tuple[str, Mapping[str, int]]


@click.command("purge", short_help="按保留期清除：录音路径、文字、结果、报表、转写缓存")
@click.argument("runs", type=FOLDER, metavar="批次所在目录")
@click.option("--lake", "where", metavar="数据集", help="qc compact 写的数据集，一起清除")
@click.option("--yes", is_flag=True, help="真的清除；不写只列出会清除什么")
@click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="日期",
    help="看看到这一天会清除什么（默认：今天；只看，不清除）",
)
@click.option("--workspace", "-w", type=FOLDER, metavar="目录", help="工作区（默认：当前目录往上找 qc.yaml）")
@click.pass_context
def command(
    ctx: click.Context, runs: Path, where: str | None, yes: bool, on: datetime | None, workspace: Path | None
) -> None:
    """按 qc.yaml 的 retention（保留期）清除到期的内容。不写 --yes 什么也不动，只列出来。

    到期的录音路径、文字清掉之后，得分与判定还在；结果到期，这些会话的行从各张表里删除。没有做完的批次、
    retention.keep 里的批次不动。每个批次的清除在审计日志里记一行（只有数目，没有内容）。中途被打断，再运行一次即可。
    坏了的、别的命令正在写的批次没有清除，会逐个说明，其余照常，退出码为 3。

    \b
    例：qc purge runs --on 2027-01-01
        qc purge runs --lake lake --yes
    """
    from contextlib import ExitStack

    from qc.archive.due import due_runs, unmatched
    from qc.archive.lake import Lake
    from qc.archive.purge import purge, remove_left
    from qc.archive.purge_lake import due_nights, purge_night
    from qc.commands.auditing import record_first
    from qc.commands.exporting import remind, say_left_out
    from qc.paths import cache_dir
    from qc.pipeline.run import TRANSCRIPTS
    from qc.pipeline.specs import configuration, folders
    from qc.privacy.vault_file import FOLDER as VAULT
    from qc.privacy.vault_file import forget_wordless
    from qc.storage.read import list_runs, run_folders

    retention = configuration(folders(workspace_of(workspace))).retention
    if retention.empty:
        raise UsageError("qc.yaml 里没有写 retention（保留期），什么都不会清除", _HOW_TO_WRITE)
    if yes and on is not None:
        raise UsageError("--on 只用来预先看一看，不能和 --yes 一起", "去掉其中一个。")
    today = on.date() if on is not None else date.today()
    say_left_out(runs)
    stored = list_runs(runs)
    found, refused = due_runs(stored, retention, today, cache_dir() / TRANSCRIPTS)
    if busy := _being_made(runs):
        click.echo(f"批次 {'、'.join(busy)} 正在写，可能要用转写缓存：这一次不清缓存", err=True)
        found = [one for one in (replace(one, cached=()) for one in found) if one.counts]
    lake = None if where is None else Lake(where)
    with ExitStack() as stack:
        nights = []
        names = {path.name for path in run_folders(runs)} | {run.lineage.run_id for run in stored}
        if lake is not None:
            if not lake.exists():
                raise UsageError(f"{lake.where} 不是 qc compact 写的数据集", "检查 --lake 后面的地址。")
            if yes:
                stack.enter_context(lake.alone())
                lake.prepare()
            nights = due_nights(lake, retention, today)
            names |= {entry.run_id for entry in lake.entries().values()}
        for told in unmatched(stored, retention, names):
            remind(told)
        rows = [(one.run.lineage.run_id, one.counts) for one in found]
        laid = [(f"{night.entry.run_id}（数据集）", night.counts) for night in nights]
        click.echo(_table(rows, laid) if rows or laid else "没有到期的内容。")
        if rows:
            counted = "录音路径、文字、结果数的是会话，报表数的是目录（工作簿算一个），转写缓存数的是录音。"
            click.echo(counted, err=True)
        held = [run.lineage.run_id for run in stored if run.lineage.run_id in retention.keep]
        if held:
            click.echo(f"保全不动的批次：{'、'.join(held)}", err=True)
        if not yes:
            _say(refused)
            if rows or laid:
                click.echo("以上什么都没有动；加上 --yes 就清除，清除之后找不回来。", err=True)
            return
        remove_left(runs)
        done = 0
        for one in found:
            run_id = one.run.lineage.run_id
            record = partial(record_first, runs, "purge", f"批次 {run_id}", runs=[run_id], counts=one.counts)
            try:
                purge(one, today, _held, record)
            except (UsageError, OSError) as error:
                refused.append(_stopped(run_id, error))
            else:
                done += 1
        for run in list_runs(runs):
            if run.lineage.purged and (run.path / VAULT).is_dir():  # also what a purge that was killed left sealed
                try:
                    with _held(run.path):
                        forget_wordless(run)
                except (UsageError, OSError) as error:
                    refused.append(_stopped(run.lineage.run_id, error))
        for night in nights:
            undone = f"数据集里批次 {night.entry.run_id} 没有清除"
            record_first(runs, "purge", undone, runs=[night.entry.run_id], counts=night.counts, note="数据集")
            purge_night(lake, night)  # type: ignore[arg-type]
        _say(refused)
        click.echo(f"清除了 {done} 个批次、数据集里 {len(nights)} 晚的到期内容。", err=True)
        ctx.exit(EXIT_PARTIAL if refused else EXIT_OK)


@contextmanager
def _held(run: Path) -> Iterator[None]:
    """Nobody else writes the run. Raises UsageError when somebody does."""
    from qc.pipeline.plan import exclusive
    from qc.storage.write import WORK

    with exclusive(run, lambda _: None):
        yield
        shutil.rmtree(run / WORK, ignore_errors=True)


def _stopped(run_id: str, error: UsageError | OSError) -> UsageError:
    """Why a run is not purged: a folder without permission must not keep what is due of all others."""
    if isinstance(error, UsageError):
        return error
    return UsageError(f"批次 {run_id} 没有清除完：{refusal(error)}：{error.filename}", f"{remedy(error)}再运行一次。")


def _being_made(runs: Path) -> list[str]:
    """Runs that another process is writing."""
    from qc.pipeline.plan import is_held
    from qc.storage.read import run_folders

    return [path.name for path in run_folders(runs) if is_held(path)]


def _say(refused: Sequence[QcError]) -> None:
    for error in refused:
        click.echo(printable(f"没有清除：{error.message}" + (f"（{error.hint}）" if error.hint else "")), err=True)


def _table(runs: Sequence[_Row], nights: Sequence[_Row]) -> str:
    """Runs and nights of the data set, each with their sums: most of what a night has stands in its run, too."""
    from qc.archive.due import told
    from qc.commands.console import table

    kinds = list(dict.fromkeys(kind for _, counts in (*runs, *nights) for kind in counts))
    lines = [["批次", *(told(kind) for kind in kinds)]]
    for rows, sums in ((runs, "合计"), (nights, "数据集合计")):
        for name, counts in rows:
            lines.append([name, *(f"{counts[kind]:,}" if kind in counts else "—" for kind in kinds)])
        if rows:
            lines.append([sums, *(f"{sum(counts.get(kind, 0) for _, counts in rows):,}" for kind in kinds)])
    return table(lines, frozenset(range(1, len(kinds) + 1)))
