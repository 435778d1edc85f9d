"""Runs for the statistics of alerts: only what the ledger reads, drawn from a seed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from qc.domain.run import Counts, Lineage, RunStatus
from qc.schema.tables import TABLES
from qc.storage.lineage import write_lineage
from qc.storage.read import StoredRun, open_run

FIRST = date(2026, 9, 7)  # a Monday
TOPICS = (
    *(("utility.outage", "停电与抢修"), ("utility.bill", "电费"), ("utility.move", "过户"), ("unknown", "未识别")),
    ("property.bill", "电费"),
)
TERMS = tuple(f"词{i:03d}" for i in range(150))


def talk(identifier: str, day: date, *, hour: int = 9, topic: int = 1, **fields: Any) -> dict[str, Any]:
    """A conversation; `topic` indexes TOPICS."""
    row = {
        "conversation_id": identifier,
        "project": "95598",
        "channel": "voice_inbound",
        "date": day,
        "started_at": datetime(day.year, day.month, day.day, hour),
        "region": "杭州市",
        "customer_emotion_level": 0,
        "source_sha256": "a",
    }
    return {**row, **fields, "topic": topic}


def write(
    folder: Path, run_id: str, talks: list[dict[str, Any]], *, terms: dict[str, int] | None = None, **lineage: Any
) -> StoredRun:
    """A finished run of these conversations."""
    rows: dict[str, list[dict[str, Any]]] = {
        "conversations": [
            {k: v for k, v in t.items() if k != "topic"} | {"primary_topic": TOPICS[t["topic"]][0]} for t in talks
        ],
        "topics": [
            {
                "conversation_id": t["conversation_id"],
                "topic_id": TOPICS[t["topic"]][0],
                "topic": TOPICS[t["topic"]][1],
                "parent": "供电",
                "share": 1.0,
                "rank": 1,
                "words": [],
                "first_turn": 1,
            }
            for t in talks
        ],
        "terms": [
            {"project": "95598", "term": w, "conversations": n, "occurrences": n, "negative_conversations": 0}
            for w, n in sorted((terms or {}).items())
        ],
    }
    path = folder / run_id
    for name, table in rows.items():
        (path / name).mkdir(parents=True)
        if table:
            pq.write_table(pa.Table.from_pylist(table, TABLES[name]), path / name / "part-00000.parquet")
    base: dict[str, Any] = {
        "run_id": run_id,
        "status": RunStatus.DONE,
        "started_at": f"{talks[0]['date'] + timedelta(days=1)}T01:00:00" if talks else "2026-09-01T00:00:00",
        "input_digest": run_id,
        "rules_digest": "r",
        "lexicons_digest": "l",
        "counts": Counts(input=len(talks), ok=len(talks)),
    }
    write_lineage(path, Lineage(**(base | lineage)))
    return open_run(path)


def month(folder: Path, days: int = 22, size: int = 120, surge: int = 0) -> list[StoredRun]:
    """A run a day; on the last one `surge` more conversations about an outage in 嘉兴市, half of them angry."""
    rng = np.random.default_rng(11)
    runs = []
    for i in range(days):
        day = FIRST + timedelta(days=i)
        n = int(rng.poisson(size * (1.1 if day.weekday() < 5 else 0.75)))
        talks = [
            talk(
                f"C{i:02d}-{j:04d}",
                day,
                hour=int(rng.integers(8, 20)),
                topic=int(rng.choice(4, p=[0.2, 0.4, 0.2, 0.2])),
                customer_id=f"K{i}-{j}" if rng.random() < 0.9 else None,
                region=str(rng.choice(["杭州市", "宁波市", "嘉兴市"], p=[0.5, 0.4, 0.1]))
                if rng.random() < 0.95
                else None,
                customer_emotion_level=3 if rng.random() < 0.1 else 0,
            )
            for j in range(n)
        ]
        terms = {w: int(rng.binomial(n, 0.05)) + 1 for w in TERMS}
        if i == days - 1:
            talks += [
                talk(f"S-{j}", day, topic=0, region="嘉兴市", customer_emotion_level=3 * (j % 2), customer_id=f"S{j}")
                for j in range(surge)
            ]
            terms["充电桩"] = surge
        runs.append(write(folder, f"r{i:02d}", talks, terms=terms))
    return runs
