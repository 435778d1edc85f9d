"""Two tables for who reads many runs at once: what is known of each run, and what each column means."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa

from qc.domain.run import Lineage
from qc.schema.reviews import ALL_TABLES
from qc.schema.tables import schema_of

RUNS, COLUMNS = "runs", "columns"
RUN_FIELDS = (
    pa.field("run_id", pa.string(), metadata={"zh": "批次编号"}),
    pa.field("run_name", pa.string(), metadata={"zh": "批次名称"}),
)
"""They stand before the columns of every table."""

_RUNS = schema_of(
    RUNS,
    "批次：每个批次一行",
    [
        ("run_id", pa.string(), "批次编号"),
        ("run_name", pa.string(), "批次名称"),
        ("started_at", pa.timestamp("ms"), "开始运行（当地时间）"),
        ("finished_at", pa.timestamp("ms"), "运行结束（当地时间）"),
        ("input_path", pa.string(), "输入目录"),
        ("inputs", pa.int64(), "输入数：等于完成、失败、隔离之和"),
        ("ok", pa.int64(), "完成"),
        ("failed", pa.int64(), "失败"),
        ("quarantined", pa.int64(), "隔离"),
        ("audio_ms", pa.int64(), "完成的录音时长，毫秒"),
        ("asr_engine", pa.string(), "转写引擎"),
        ("asr_model", pa.string(), "转写模型（名称与摘要）"),
        ("rules", pa.int64(), "规则数"),
        ("rules_digest", pa.string(), "规则库摘要 SHA-256"),
        ("personal_data", pa.string(), "个人信息：masked 已脱敏、kept 未脱敏"),
        ("plan_digest", pa.string(), "计划摘要 SHA-256"),
        ("qc_version", pa.string(), "qc 版本"),
        ("schema_version", pa.string(), "表结构版本"),
    ],
)
_COLUMNS = schema_of(
    COLUMNS,
    "字段：每张表每一列一行",
    [
        ("table", pa.string(), "表"),
        ("position", pa.int32(), "第几列，从 1 起"),
        ("column", pa.string(), "列"),
        ("type", pa.string(), "类型"),
        ("meaning", pa.string(), "含义"),
    ],
)


def runs_table(runs: Sequence[Lineage]) -> pa.Table:
    """A row per run."""
    rows = [
        {
            "run_id": run.run_id,
            "run_name": run.name,
            "started_at": _time(run.started_at),
            "finished_at": _time(run.finished_at),
            "input_path": run.input_path,
            "inputs": run.counts.input,
            "ok": run.counts.ok,
            "failed": run.counts.failed,
            "quarantined": run.counts.quarantined,
            "audio_ms": run.counts.audio_ms,
            "asr_engine": run.asr_engine,
            "asr_model": run.asr_model,
            "rules": len(run.rules),
            "rules_digest": run.rules_digest,
            "personal_data": run.personal_data,
            "plan_digest": run.plan_digest,
            "qc_version": run.qc_version,
            "schema_version": run.schema_version,
        }
        for run in runs
    ]
    return pa.Table.from_pylist(rows, _RUNS)


def columns_table() -> pa.Table:
    """A row per column of every table, those of runs and of this one too."""
    tables = {name: pa.schema([*RUN_FIELDS, *schema]) for name, schema in ALL_TABLES.items()}
    rows = [
        {
            "table": name,
            "position": number,
            "column": field.name,
            "type": str(field.type),
            "meaning": meaning(field),
        }
        for name, schema in (tables | {RUNS: _RUNS, COLUMNS: _COLUMNS}).items()
        for number, field in enumerate(schema, 1)
    ]
    return pa.Table.from_pylist(rows, _COLUMNS)


def meaning(field: pa.Field) -> str:
    """The Chinese description of a column."""
    return str((field.metadata or {}).get(b"zh", b"").decode("utf-8"))


def _time(text: str | None) -> datetime | None:
    """A time of run.json; None where it is not readable."""
    try:
        return datetime.fromisoformat(text or "")
    except ValueError:
        return None
