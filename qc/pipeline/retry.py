"""`--retry-failed`: a finished run opened again in place, for the inputs that failed and may come good now."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa

from qc.domain.failure import Failure, Stage
from qc.domain.recording import Recording
from qc.domain.run import Lineage, RunStatus
from qc.errors import UsageError
from qc.pipeline.plan import Plan, known_lineage, moved, opened_again
from qc.pipeline.privacy import masked_failure
from qc.pipeline.restore import stored_failure, stored_failures
from qc.schema.tables import TABLES
from qc.storage.files import write_text
from qc.storage.lineage import read_lineage
from qc.storage.read import open_run, run_folders
from qc.storage.write import WORK, is_complete

_FILE = "retry.json"


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
        still = {_key(failure) for failure in _failures(run)}
        good = sum(_key(failure) not in still for failure in self.tried)
        return f"{day} 重试：试了 {len(self.tried)} 个失败或隔离的输入，成功 {good} 个"


def reopened(out: Path, lineage: Lineage, *, run_id: str | None) -> Plan:
    """The run of this plan under `out`, the latest of several: an unfinished one is continued, a finished one is opened
    again (`begun`). Raises UsageError when there is none, or its retention has begun."""
    paths = [out / run_id] if run_id is not None else run_folders(out)[::-1]
    runs = [(path, known) for path in paths if (known := known_lineage(path)) is not None]
    same = [(path, known) for path, known in runs if known.plan_digest == lineage.plan_digest]
    if not same:
        hint = "去掉 --retry-failed，会另开一个批次；转写过的录音不会重来。"
        for path, known in runs:
            if known.input_path == lineage.input_path:
                raise UsageError(f"批次 {path.name} 不能接着重试：{moved(known, lineage)}", hint)
        raise UsageError(f"{out} 里没有这个输入的批次可以重试", hint)
    path, known = next((one for one in same if one[1].status is RunStatus.RUNNING), same[0])
    if known.purged:
        raise UsageError(f"批次 {path.name} 已按保留期限清理过，不能再打开", "去掉 --retry-failed，会另开一个批次。")
    closing = known.status is RunStatus.DONE and is_complete(path)  # killed after its tables were there
    return Plan(run=path, lineage=known, resumed=True, finished=closing)


def begun(run: Path, *, wanted: bool) -> Retry | None:
    """The retry of a run that this process holds: the one under way, killed or not, or with `wanted` a new one; None
    when the run is just being made, or nobody can read any more what was being tried: then all that failed is.

    From a new one with something to try, the run is no longer finished; its failures are kept aside until it is.
    """
    kept = run / WORK / _FILE
    if kept.exists():
        retry = _sorted(_remembered(kept))
        if not retry.tried:
            kept.unlink()
            return None
    elif wanted and read_lineage(run).status is RunStatus.DONE:
        failures = _failures(run)
        retry = _sorted(failures)
        if retry.tried:
            write_text(kept, json.dumps([asdict(f) for f in failures], ensure_ascii=False))
    else:
        return None
    if retry.tried:
        opened_again(run, read_lineage(run))
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
