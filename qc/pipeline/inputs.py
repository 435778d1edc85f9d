"""The inputs of a run: what is there, the stream that is judged, and what is said when their folder is gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from qc.domain.config import Config
from qc.domain.failure import Failure
from qc.domain.run import RunStatus
from qc.errors import UsageError
from qc.ingest.batch import Batch, ChangedInputError, Earlier, discover, read_conversations
from qc.pipeline.judging import Input
from qc.pipeline.progress import Progress
from qc.storage.read import StoredRun, open_run
from qc.text.masking import mask_value

_OUT_OF_REACH = frozenset({"unreadable", "changed"})
"""What a file that cannot be opened any more is called."""


def apart(source: Path, out: Path) -> None:
    """Raises UsageError when runs would lie among the inputs: the next command would take them for some."""
    if out.resolve().is_relative_to(source.resolve()):
        what = f"批次要写到 {out}，它在输入目录 {source} 里面，下一次会被当成输入"
        raise UsageError(what, "用 --out 写到输入目录之外。")


def found(source: Path, manifest: Path | None, config: Config, progress: Progress, *, mask: bool) -> Batch:
    """What lies in the folder, told with its notes. Raises UsageError when that is nothing, or goes away meanwhile."""
    progress.note(f"读入 {source}")
    batch = discover(source, manifest, config)
    _require_within_reach(batch.failures, source)
    anything = batch.recordings or batch.documents
    if not anything and (not batch.failures or not _is_there(source)):
        raise UsageError(
            f"{source} 里没有可以质检的文件",
            "应有录音、会话、工单或转写文件，见 docs/inputs.zh-CN.md；在网络盘上的，先看它挂上没有。",
        )
    if mask:
        batch = replace(batch, notes=tuple(mask_value(note) for note in batch.notes))
    for note in batch.notes:
        progress.note(f"提醒：{note}")
    return batch


def found_before(
    source: Path, manifest: Path | None, config: Config, now: Batch, failed: Mapping[str, Failure], *, mask: bool
) -> Batch:
    """The batch as it was when `failed` (by their input, as stored) were what they were, and all else what it is `now`.
    Nothing is read twice for it."""
    known = {r.source.path: r.source.sha256 for r in now.recordings}
    known |= {r.given.path: r.given.sha256 for r in now.recordings if r.given is not None}
    known |= {d.path: d.sha256 for d in now.documents}

    def then(path: str) -> Earlier | None:
        before = failed.get(mask_value(path) if mask else path)
        if before is not None:
            return Earlier(sha256=before.sha256, failed=before.kind)
        return Earlier(sha256=known[path]) if path in known else None

    return discover(source, manifest, config, then)


def found_stored(source: Path) -> StoredRun:
    """A run to be judged again. Raises UsageError when it is not done, or its text is gone."""
    stored = open_run(source)
    lineage = stored.lineage
    if lineage.status is not RunStatus.DONE:
        raise UsageError(f"批次 {lineage.run_id} 还没有完成", "先把它跑完：重复当初的 qc run 或 qc transcribe 命令。")
    if any(p.kind in ("text", "results") for p in lineage.purged):
        raise UsageError(
            f"批次 {lineage.run_id} 的文字已按保留期清除（{lineage.purged[-1].on}），不能重新判定",
            "得分与判定还在，报表照常能看。",
        )
    return stored


def unchanged(stored: StoredRun) -> None:
    """Raises UsageError when another command wrote the run since it was opened: what was read may be half of each."""
    if open_run(stored.path).lineage != stored.lineage:
        raise UsageError(
            f"批次 {stored.lineage.run_id} 在重新判定时被别的 qc 命令改动（重试、清除）",
            "等它做完，再运行一次同样的命令，会另开一个批次；这一次没有做完的可以删掉。",
        )


def inputs_of(batch: Batch, unheard: Mapping[str, Failure], source: Path) -> Iterator[Input]:
    """Every input once, always in the same order: what could not be read, recordings, then documents. `unheard`:
    conversation id → why that recording has no transcript.

    Raises UsageError when all of them are out of reach: that is no fault of theirs.
    """
    yield from batch.failures
    _require_within_reach(unheard.values(), source)
    for recording in batch.recordings:
        yield unheard.get(recording.conversation_id, recording)
    try:
        for item in read_conversations(batch):
            if isinstance(item, Failure):
                _require_within_reach([item], source)
            yield item
    except ChangedInputError:
        _require(source)
        raise


def _require_within_reach(failures: Iterable[Failure], source: Path) -> None:
    if any(failure.kind in _OUT_OF_REACH for failure in failures):
        _require(source)


def _is_there(source: Path) -> bool:
    """Whether the input folder is there, and not empty as a mount point is without its share."""
    try:
        return source.is_file() or any(source.iterdir())
    except OSError:
        return False


def _require(source: Path) -> None:
    if not _is_there(source):
        raise UsageError(
            f"输入 {source} 在运行中不见了（网络盘断开、移动盘拔出，或被移走）",
            "恢复之后再运行同一条命令会接着做：已转写、已判定的不会重做。",
        )
