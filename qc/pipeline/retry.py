"""`--retry-failed`: a finished run opened again in place, for the inputs that failed and may come good now."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pyarrow as pa

from qc.domain.failure import Failure, Stage
from qc.domain.recording import Recording
from qc.domain.run import Lineage, RunStatus
from qc.errors import UsageError
from qc.pipeline.plan import Plan, continued, is_whole, moved, opened_again
from qc.pipeline.privacy import masked_failure
from qc.pipeline.progress import Progress
from qc.pipeline.restore import stored_failure, stored_failures
from qc.schema.tables import TABLES
from qc.storage.files import write_text
from qc.storage.lineage import read_lineage
from qc.storage.read import open_run, run_folders
from qc.storage.write import WORK, is_complete

Before = Callable[[Mapping[str, Failure]], Lineage]
_FILE = "retry.json"
_PLANNED = ("plan_digest", "input_digest", "speech_digest", "asr_engine", "asr_model", "asr_options")
"""What of a plan follows from its inputs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """The failures of a finished run, as stored: `tried` again are those that said so and whatever was quarantined;
    `kept` are the others, whose fault is in the input."""

    tried: tuple[Failure, ...]
    kept: tuple[Failure, ...]

    def settled(self, recordings: Sequence[Recording], *, mask: bool) -> dict[str, Failure]:
        """Conversation id → failure of the recordings that are not heard another time."""
        kept = {_key(f): f for f in self.kept if f.stage is Stage.ASR}
        found = {}
        for recording in recordings:
            blank = recording.unheard("", "")
            before = kept.get(_key(masked_failure(blank) if mask else blank))
            if before is not None:
                found[recording.conversation_id] = recording.unheard(before.kind, before.message)
        return found

    def told(self, run: Path, day: str) -> str:
        """One sentence: how many were tried and how many of them came good."""
        still = {(failure.input, failure.conversation_id) for failure in _failures(run)}
        good = sum((failure.input, failure.conversation_id) not in still for failure in self.tried)
        return f"{day} 重试：试了 {len(self.tried)} 个失败或隔离的输入，成功 {good} 个"


def reopened(out: Path, lineage: Lineage, before: Before, *, run_id: str | None) -> Plan:
    """The run of this plan under `out`, the latest of several: an unfinished one is continued, a finished one is opened
    again (`begun`). Inputs that are tried again may have changed since: that is what people mend. `before`: what the
    plan was when these inputs (by their name, as stored) failed. Raises UsageError when there is none, or its retention
    has begun."""
    paths = [out / run_id] if run_id is not None else run_folders(out)[::-1]
    runs = [(path, known) for path in paths if (known := _lineage(path)) is not None]
    same = [(path, known) for path, known in runs if known.plan_digest == lineage.plan_digest]
    of_input = [(path, known) for path, known in runs if known.input_path == lineage.input_path]
    if not same:
        same = [(path, _renewed(known, lineage)) for path, known in of_input if _was(path, known, before)][:1]
    if not same:
        hint = "去掉 --retry-failed，会另开一个批次；转写过的录音不会重来。"
        for path, known in of_input:
            raise UsageError(f"批次 {path.name} 不能接着重试：{moved(known, lineage)}", hint)
        raise UsageError(f"{out} 里没有这个输入的批次可以重试", hint)
    path, known = next((one for one in same if one[1].status is RunStatus.RUNNING), same[0])
    _refuse_purged(path, known)
    if known.status is RunStatus.DONE and is_complete(path) and (path / WORK / _FILE).exists():
        return continued(path, known)  # a retry that was killed after its tables were there
    return Plan(run=path, lineage=known, resumed=True)


def _lineage(path: Path) -> Lineage | None:
    """The lineage of a run; None for a folder that is none, or whose lineage cannot be read."""
    try:
        return read_lineage(path)
    except UsageError:
        return None


def _was(run: Path, known: Lineage, before: Before) -> bool:
    """Whether the plan was that of the finished run `known` but for what failed there and is tried again."""
    if known.status is not RunStatus.DONE:
        return False
    try:
        stored = open_run(run)
        # of a document of many conversations some of which did not fail, nothing may have changed
        judged = {path for part in stored.parts("conversations", ["source_path"]) for path in part[0].to_pylist()}
        failed = {f.input: f for f in _sorted(stored_failures(stored)).tried if f.input not in judged}
    except UsageError:
        return False
    return bool(failed) and before(failed).plan_digest == known.plan_digest


def _renewed(known: Lineage, now: Lineage) -> Lineage:
    """`known` as the run that is planned `now`."""
    return replace(known, **{name: getattr(now, name) for name in _PLANNED})


def _refuse_purged(run: Path, lineage: Lineage) -> None:
    if lineage.purged:
        raise UsageError(f"批次 {run.name} 已按保留期限清理过，不能再打开", "去掉 --retry-failed，会另开一个批次。")


def begun(plan: Plan, progress: Progress, *, wanted: bool) -> Retry | None:
    """The retry of a run that this process holds: the one under way, killed or not, or with `wanted` a new one; None
    when the run is just being made, or nobody can read any more what was being tried: then all that failed is. A
    finished run whose files are no longer those it wrote is made again as a whole, too.

    From a new one with something to try, the run is no longer finished; its failures are kept aside until it is. Raises
    UsageError when its retention has begun meanwhile.
    """
    run, now = plan.run, read_lineage(plan.run)
    kept = run / WORK / _FILE
    if kept.exists():
        retry = _sorted(_remembered(kept))
        if not retry.tried:
            kept.unlink()
            return None
    elif wanted and now.status is RunStatus.DONE:
        _refuse_purged(run, now)
        if not is_whole(run, now):
            progress.note("提醒：批次的结果文件缺了、坏了或被改过：坏的重做，失败的输入也再试")
            opened_again(run, _renewed(now, plan.lineage))
            return None
        failures = _failures(run)
        retry = _sorted(failures)
        if retry.tried:
            shutil.rmtree(run / WORK / "shards", ignore_errors=True)  # of a command that was killed in its report
            write_text(kept, json.dumps([asdict(f) for f in failures], ensure_ascii=False))
    else:
        return None
    if retry.tried:
        opened_again(run, _renewed(now, plan.lineage))
    return retry


def _sorted(failures: Sequence[Failure]) -> Retry:
    return Retry(
        tried=tuple(f for f in failures if f.retryable or f.quarantined),
        kept=tuple(f for f in failures if not (f.retryable or f.quarantined)),
    )


def _remembered(kept: Path) -> list[Failure]:
    """The failures in the file; none when it is damaged."""
    try:
        rows = pa.Table.from_pylist(json.loads(kept.read_bytes()), TABLES["failures"]).to_pylist()
        return list(map(stored_failure, rows))
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError):
        return []


def _failures(run: Path) -> list[Failure]:
    return stored_failures(open_run(run))


def _key(failure: Failure) -> tuple[str, str | None, str | None]:
    return failure.input, failure.conversation_id, failure.sha256
