"""Domain objects → Arrow tables. Text arrives already masked; nothing here looks at its content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import pyarrow as pa

from qc.domain.conversation import Conversation, Entity, Mark, Phrase, Word
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
            "role": [t.role for _, _, t in rows],
            "start_ms": [t.start_ms for _, _, t in rows],
            "end_ms": [t.end_ms for _, _, t in rows],
            "text": [whole_characters(t.text) for _, _, t in rows],
            "confidence": [t.confidence for _, _, t in rows],
            "audio_channel": [t.audio_channel for _, _, t in rows],
            "energy_db": [t.energy_db for _, _, t in rows],
            "pitch_hz": [t.pitch_hz for _, _, t in rows],
            "pitch_range_st": [t.pitch_range_st for _, _, t in rows],
            "entities": [_structs(spans) if spans else [] for spans in entities],
            "phrases": [_structs(t.phrases) if t.phrases else None for _, _, t in rows],
            "words": [_structs(t.words) if t.words else None for _, _, t in rows],
            "marks": [_structs(t.marks) if t.marks else None for _, _, t in rows],
        },
    )


def _structs(parts: Sequence[Entity | Phrase | Word | Mark]) -> list[dict[str, Any]]:
    """Parts of one kind as Arrow takes them; `asdict` looks for dataclasses inside of them and costs ten times that."""
    names = [f.name for f in fields(parts[0])]
    return [{name: getattr(part, name) for name in names} for part in parts]


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
            "kind": [r.kind for _, r in rows],
            "severity": [r.severity for _, r in rows],
            "error_class": [r.error_class for _, r in rows],
            "status": [r.status for _, r in rows],
            "verdict": [f.verdict for f, _ in rows],
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
    """The `item_scores` table. Nearly all of its rows are the few ready-made outcomes of a scorecard's items: their
    columns are made once and taken as often as they occur."""
    scores = list(given)
    items = [item for score in scores for item in score.items]
    distinct = {id(item): item for item in items}
    place = {key: at for at, key in enumerate(distinct)}
    at = pa.array([place[id(item)] for item in items], pa.int32())
    owner = pa.array([n for n, score in enumerate(scores) for _ in score.items], pa.int32())
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
    columns: dict[str, list[Any]] = {
        "rule_ids": [list(i.rule_ids) for i in distinct.values()],
        "status": [i.status for i in distinct.values()],
        **{name: [getattr(i, name) for i in distinct.values()] for name in same},
    }
    schema = TABLES["item_scores"]
    return build(
        "item_scores",
        {
            "conversation_id": pa.array([s.conversation_id for s in scores], pa.string()).take(owner),
            "scorecard_id": pa.array([s.scorecard_id for s in scores], pa.string()).take(owner),
            **{name: _array(values, schema.field(name).type).take(at) for name, values in columns.items()},
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
