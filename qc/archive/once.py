"""A conversation that stands in several nights of a data set (recordings that came late make a run of their own, with
all that was there before) counts as it was judged last, as in reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qc.archive.lake import WRITING, Entry, Lake, LakeFile, night_of
from qc.errors import UsageError
from qc.opinion.dedupe import last_of_each
from qc.storage.read import StoredRun

_KEYS = ["conversation_id", "started_at", "source_sha256"]


def judged_again(lake: Lake, run: StoredRun, known: Iterable[Entry]) -> Mapping[str, pa.Array]:
    """Night → ids of its conversations that stand in a later run, too; of the night of `run` and those `known` ones
    that share a day with it. Conversations without a day are not compared: they may be of any night. Raises UsageError
    where what the data set has of such a night is damaged."""
    talks = run.table("conversations", [*_KEYS, "date"])
    days = {str(day) for day in pc.unique(pc.cast(talks["date"], pa.date32())).to_pylist() if day is not None}
    mine = night_of(run)
    found = {mine: talks.select(_KEYS)}
    age = {mine: (run.lineage.started_at, run.lineage.run_id)}
    for entry in known:
        if entry.night == mine or entry.run_id == run.lineage.run_id or entry.state == WRITING:
            continue
        shared = (file for file in entry.files if file.table == "conversations" and file.day in days)
        files = [file for file in shared if lake.has(file.path)]
        if files:
            found[entry.night] = pa.concat_tables([_read(lake, file) for file in files])
            age[entry.night] = (entry.started_at, entry.run_id)
    if len(found) == 1:
        return {}
    order = sorted(found, key=lambda night: age[night])
    kept = last_of_each([found[night].replace_schema_metadata(None) for night in order])
    ends = np.cumsum([found[night].num_rows for night in order])
    again = {}
    for night, mask in zip(order, np.split(kept, ends[:-1]), strict=True):
        if not mask.all():
            again[night] = found[night]["conversation_id"].combine_chunks().filter(pa.array(~mask))
    return again


def _read(lake: Lake, file: LakeFile) -> pa.Table:
    try:
        with lake.files.open_input_file(lake.path(file.path)) as source:
            return pq.ParquetFile(source).read(_KEYS, use_threads=False).select(_KEYS)
    except (OSError, pa.ArrowException) as error:
        raise UsageError(
            f"读不了数据集里的 {file.path}（{type(error).__name__}）",
            "从备份恢复；批次还在的，删掉 _manifest 里这一晚的 JSON 再运行一次 qc compact，会重新写入。",
        ) from None
