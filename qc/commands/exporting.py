"""What the commands that hand data out share: which runs, and that personal data leaves only on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from qc.domain.printable import printable
from qc.errors import UsageError
from qc.storage.read import StoredRun, left_out, list_runs, open_run, require_finished

ROOT = Path("runs")


def finished(paths: Sequence[Path], root: Path | None = None) -> list[StoredRun]:
    """The runs at `paths` and all finished ones under `root` (neither given: under `runs`), each once, oldest first.

    Raises UsageError when there is none, one is no run, or one is not finished.
    """
    runs = [open_run(path) for path in paths]
    if root is not None or not paths:
        say_left_out(root or ROOT)
        under = list_runs(root or ROOT)
        if not under:
            raise UsageError(f"{root or ROOT} 下没有完成的批次", "先运行 qc run，或写出批次目录。")
        runs += under
    once = {run.path.resolve(): require_finished(run) for run in runs}
    return sorted(once.values(), key=lambda run: (run.lineage.started_at, run.lineage.run_id))


def say_left_out(root: Path) -> None:
    """Say on stderr which runs under `root` do not count, and why."""
    for told in left_out(root):
        remind(f"没有算进来：{told}")


def remind(told: str) -> None:
    """Say on stderr what the reader should know of the runs."""
    click.echo(printable(f"提醒：{told}"), err=True)


def refuse_personal_data(runs: Sequence[StoredRun], meant: bool) -> None:
    """Raises UsageError when a run was not masked and nobody said that its data is `meant` to go out."""
    refuse_kept([run.lineage.run_id for run in runs if run.lineage.personal_data != "masked"], meant)


def refuse_kept(kept: Sequence[str], meant: bool) -> None:
    """The same, of the runs that were not masked."""
    if kept and not meant:
        raise UsageError(
            f"批次 {'、'.join(kept)} 没有脱敏，导出的文件会含个人信息",
            "确实要导出，加上 --keep-personal-data；文件里会注明。否则去掉 --keep-personal-data 重新 qc run。",
        )
