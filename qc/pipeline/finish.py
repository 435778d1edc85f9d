"""The end of a run: its shards are summed up, checked against its tables, and it is marked as done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from qc.domain.run import Counts, Lineage, RunStatus
from qc.domain.specs import Specs
from qc.errors import InternalError
from qc.pipeline.complaints import write_complaints
from qc.pipeline.plan import Plan
from qc.pipeline.retry import Retry
from qc.schema.tables import TABLES
from qc.storage.digests import write_parts
from qc.storage.lineage import write_lineage
from qc.storage.read import open_run
from qc.storage.terms import merge_terms
from qc.storage.write import WORK, ShardCounts, mark_complete, remove_unlisted


def finish(plan: Plan, shards: Sequence[ShardCounts], specs: Specs | None, retry: Retry | None = None) -> Lineage:
    """Write what is known only when all shards are there, and the lineage that says that the run is done.

    Raises InternalError when counts do not balance.
    """
    parts = [part for shard in shards for part in shard.parts if not part.path.startswith(f"{WORK}/")]
    remove_unlisted(plan.run, parts)
    numbers = [shard.shard for shard in shards]
    stored = open_run(plan.run)
    parts += [merge_terms(plan.run, numbers), write_complaints(stored, numbers, specs)]
    counts, tables = _summed(shards), {name: stored.rows(name) for name in TABLES}
    _check_balance(counts, tables)
    lineage = replace(
        plan.lineage,
        status=RunStatus.DONE,
        # A clock that was set back meanwhile must not have a run end before it began.
        finished_at=max(datetime.now().isoformat(timespec="seconds"), plan.lineage.started_at),
        counts=counts,
        tables=tables,
        parts_digest=write_parts(plan.run, parts),
    )
    if retry is not None:
        lineage = replace(lineage, notes=(*lineage.notes, retry.told(plan.run, str(lineage.finished_at)[:10])))
    mark_complete(plan.run)
    write_lineage(plan.run, lineage)
    return lineage


def _summed(shards: Sequence[ShardCounts]) -> Counts:
    return Counts(
        input=sum(shard.inputs for shard in shards),
        ok=sum(shard.ok for shard in shards),
        failed=sum(shard.failed for shard in shards),
        quarantined=sum(shard.quarantined for shard in shards),
        audio_ms=sum(shard.audio_ms for shard in shards),
    )


def _check_balance(counts: Counts, tables: dict[str, int]) -> None:
    lost = counts.failed + counts.quarantined
    if not counts.balanced() or tables["conversations"] != counts.ok or tables["failures"] != lost:
        raise InternalError(
            f"计数不平：输入 {counts.input}，完成 {counts.ok}（表中 {tables['conversations']}），"
            f"失败与隔离 {lost}（表中 {tables['failures']}）",
            "结果不可信，请保留批次目录并报告给维护者。",
        )
