"""Domain objects → Arrow tables. Text arrives already masked; nothing here looks at its content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import pyarrow as pa

from qc.domain.conversation import Conversation, Entity
from qc.domain.failure import Failure
from qc.domain.finding import Finding
from qc.domain.printable import whole_characters
from qc.domain.rule import Rule
from qc.domain.score import Score
from qc.schema.tables import TABLES


def build(name: str, columns: Mapping[str, Sequence[Any] | pa.Array]) -> pa.Table:
    """Table `name` from its columns, which must be exactly the schema's. Columns of None become nulls."""
    schema = TABLES[name]
    arrays = [_array(columns[field.name], field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def _array(values: Sequence[Any] | pa.Array, kind: pa.DataType) -> pa.Array:
    if isinstance(values, pa.Array):
        return values.cast(kind)
    return pa.array(values, type=kind)


def turns(conversations: Iterable[Conversation], entities: Sequence[Sequence[Entity]]) -> pa.Table:
    """The `turns` table. `entities` runs over all turns of all conversations, in order."""
    rows = [(c.id, number, turn) for c in conversations for number, turn in enumerate(c.turns, 1)]
    return build(
        "turns",
        {
            "conversation_id": [c for c, _, _ in rows],
            "turn": [n for _, n, _ in rows],
            "role": [t.role.value for _, _, t in rows],
            "start_ms": [t.start_ms for _, _, t in rows],
            "end_ms": [t.end_ms for _, _, t in rows],
            "text": [whole_characters(t.text) for _, _, t in rows],
            "confidence": [t.confidence for _, _, t in rows],
            "audio_channel": [t.audio_channel for _, _, t in rows],
            "energy_db": [t.energy_db for _, _, t in rows],
            "pitch_hz": [t.pitch_hz for _, _, t in rows],
            "pitch_range_st": [t.pitch_range_st for _, _, t in rows],
            "entities": [[asdict(e) for e in spans] for spans in entities],
            "phrases": [[asdict(p) for p in t.phrases] or None for _, _, t in rows],
            "words": [[asdict(w) for w in t.words] or None for _, _, t in rows],
            "marks": [[asdict(m) for m in t.marks] or None for _, _, t in rows],
        },
    )


def findings(found: Iterable[Finding], rules: Mapping[str, Rule]) -> pa.Table:
    """The `findings` table; `rules` by id."""
    rows = [(f, rules[f.rule_id]) for f in found]
    return build(
        "findings",
        {
            "conversation_id": [f.conversation_id for f, _ in rows],
            "rule_id": [f.rule_id for f, _ in rows],
            "rule_title": [r.title for _, r in rows],
            "rule_version": [r.version for _, r in rows],
            "rule_digest": [r.digest for _, r in rows],
            "kind": [r.kind.value for _, r in rows],
            "severity": [r.severity.value for _, r in rows],
            "error_class": [r.error_class.value for _, r in rows],
            "status": [r.status.value for _, r in rows],
            "verdict": [f.verdict.value for f, _ in rows],
            "reason": [f.reason or None for f, _ in rows],
            "message": [whole_characters(f.message) for f, _ in rows],
            "advice": [r.advice or None for _, r in rows],
            "pieces": [list(f.pieces) for f, _ in rows],
            "excused": [list(f.excused) for f, _ in rows],
            "hit_count": [len(f.hits) for f, _ in rows],
            "first_turn": [next((h.turn for h in f.hits if h.turn is not None), None) for f, _ in rows],
        },
    )


def hits(found: Iterable[Finding]) -> pa.Table:
    """The `hits` table: every hit of every finding, in order."""
    rows = [(f, number, h) for f in found for number, h in enumerate(f.hits, 1)]
    plain = [
        "piece",
        "operator",
        "turn",
        "role",
        "char_start",
        "char_end",
        "start_ms",
        "end_ms",
        "value",
        "unit",
        "category",
        "level",
    ]
    return build(
        "hits",
        {
            "conversation_id": [f.conversation_id for f, _, _ in rows],
            "rule_id": [f.rule_id for f, _, _ in rows],
            "hit": [n for _, n, _ in rows],
            "text": [whole_characters(h.text) for _, _, h in rows],
            "note": [whole_characters(h.note) or None for _, _, h in rows],
            **{name: [getattr(h, name) for _, _, h in rows] for name in plain},
        },
    )


def scores(given: Iterable[Score]) -> pa.Table:
    """The `scores` table."""
    rows = list(given)
    same = [name for name in TABLES["scores"].names if name != "auto_fail_items"]
    return build(
        "scores",
        {
            **{name: [getattr(s, name) for s in rows] for name in same},
            "auto_fail_items": [list(s.auto_fail_items) for s in rows],
        },
    )


def item_scores(given: Iterable[Score]) -> pa.Table:
    """The `item_scores` table."""
    rows = [(s, i) for s in given for i in s.items]
    same = [
        "section_id",
        "section_title",
        "section_points",
        "item_id",
        "item_title",
        "points",
        "max_points",
        "hits",
        "error_class",
        "auto_fail",
        "fatal",
        "effect",
    ]
    return build(
        "item_scores",
        {
            "conversation_id": [s.conversation_id for s, _ in rows],
            "scorecard_id": [s.scorecard_id for s, _ in rows],
            "rule_ids": [list(i.rule_ids) for _, i in rows],
            "status": [i.status.value for _, i in rows],
            **{name: [getattr(i, name) for _, i in rows] for name in same},
        },
    )


def failures(given: Iterable[Failure]) -> pa.Table:
    """The `failures` table."""
    rows = list(given)
    same = ["conversation_id", "kind", "retryable", "quarantined", "sha256"]
    return build(
        "failures",
        {
            "input": [whole_characters(f.input) for f in rows],
            "stage": [f.stage.value for f in rows],
            "message": [whole_characters(f.message) for f in rows],
            **{name: [getattr(f, name) for f in rows] for name in same},
        },
    )


def started(text: str | None) -> datetime | None:
    """`CallMeta.started_at` as a datetime, None when absent or not a time."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None
