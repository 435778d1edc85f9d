"""What the commands that hand data out share: which runs, and that personal data leaves only on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from qc.domain.run import RunStatus
from qc.errors import UsageError
from qc.storage.read import StoredRun, list_runs, open_run

ROOT = Path("runs")


def finished(paths: Sequence[Path], root: Path | None = None) -> list[StoredRun]:
    """The runs at `paths` and all finished ones under `root` (neither given: under `runs`), each once, oldest first.

    Raises UsageError when there is none, one is no run, or one is not finished.
    """
    runs = [open_run(path) for path in paths]
    if root is not None or not paths:
        under = list_runs(root or ROOT)
        if not under:
            raise UsageError(f"{root or ROOT} 下没有完成的批次", "先运行 qc run，或写出批次目录。")
        runs += under
    unfinished = next((run for run in runs if run.lineage.status is not RunStatus.DONE), None)
    if unfinished is not None:
        raise UsageError(f"批次 {unfinished.lineage.run_id} 还没有完成", "再运行一次当初的 qc run 命令，把它做完。")
    once = {run.path.resolve(): run for run in runs}
    return sorted(once.values(), key=lambda run: (run.lineage.started_at, run.lineage.run_id))


def judged(runs: Sequence[StoredRun]) -> list[StoredRun]:
    """`runs`; raises UsageError when one holds transcripts only."""
    bare = next((run for run in runs if not run.lineage.rules_digest), None)
    if bare is not None:
        raise UsageError(f"{bare.path} 只有转写，还没有判定", f"先运行 qc inspect {bare.path}")
    return list(runs)


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


def moment_of(run: StoredRun) -> datetime:
    """When the run ended: all that files made from it say of time, so that the same run gives the same bytes."""
    for text in (run.lineage.finished_at, run.lineage.started_at):
        try:
            return datetime.fromisoformat(text or "").replace(tzinfo=None)
        except ValueError:
            continue
    return datetime(1980, 1, 1)
