"""Runs with nothing but what the service figures read: conversations, findings, topics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from qc.domain.run import Counts, Lineage, RunStatus
from qc.schema.tables import TABLES
from qc.storage.lineage import write_lineage
from qc.storage.read import StoredRun, open_run

DAY_0 = datetime(2026, 11, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One conversation; `hour` counts from the first day's midnight."""

    id: str
    customer: str | None = "K1"
    matter: str | None = "utility.outage"
    hour: float | None = 0.0
    project: str = "95598"
    channel: str = "voice_inbound"
    more: Mapping[str, Any] | None = None
    hits: Sequence[str] = ()
    trial: Sequence[str] = ()
    """Rules that hit while on trial."""


def store(path: Path, calls: Sequence[Call], *, night: int = 0, rules: Sequence[str] = ()) -> StoredRun:
    """A finished run of `calls` as the `night`-th of its folder."""
    rows = [_conversation(call) for call in calls]
    found = [
        {"conversation_id": c.id, "rule_id": r, "rule_title": r, "status": status, "verdict": "hit", "hit_count": 1}
        for c in calls
        for status, rules_hit in (("stable", c.hits), ("shadow", c.trial))
        for r in rules_hit
    ]
    tables: dict[str, list[dict[str, Any]]] = {"conversations": rows, "findings": found}
    for name, stored in tables.items():
        (path / name).mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(stored, TABLES[name]), path / name / "part-00000.parquet")
    lineage = Lineage(
        run_id=path.name,
        status=RunStatus.DONE,
        started_at=(DAY_0 + timedelta(days=night)).isoformat(),
        input_digest=f"night {night}",
        rules_digest="ab",
        rules=dict.fromkeys(rules, "1.0.0"),
        counts=Counts(input=len(rows), ok=len(rows)),
    )
    write_lineage(path, lineage)
    return open_run(path)


def _conversation(call: Call) -> dict[str, Any]:
    started = None if call.hour is None else DAY_0 + timedelta(hours=call.hour)
    return {
        "conversation_id": call.id,
        "project": call.project,
        "channel": call.channel,
        "customer_id": call.customer,
        "started_at": started,
        "primary_topic": call.matter or "unknown",
        "agent_turns": 2,
        "customer_turns": 2,
        "source_sha256": call.id,
        **(call.more or {}),
    }
