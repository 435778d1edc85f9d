"""Everything stored about a chosen few conversations: what was said, what the rules found, what people said of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from qc.storage.read import StoredRun


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseRow:
    start: int
    end: int
    start_ms: int
    end_ms: int
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkRow:
    start: int
    end: int
    kind: str
    original: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRow:
    turn: int
    role: str
    start_ms: int | None
    end_ms: int | None
    text: str
    confidence: float | None
    energy_db: float | None = None
    """As the pitch, None where no audio was measured."""
    pitch_hz: float | None = None
    pitch_range_st: float | None = None
    phrases: tuple[PhraseRow, ...] = ()
    marks: tuple[MarkRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HitRow:
    rule_id: str
    hit: int
    piece: str
    operator: str
    turn: int | None
    role: str | None
    char_start: int | None
    char_end: int | None
    start_ms: int | None
    end_ms: int | None
    text: str
    value: float | None
    unit: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    rule_id: str
    rule_title: str
    rule_version: str
    kind: str
    severity: str
    error_class: str
    status: str
    verdict: str
    reason: str | None
    message: str
    advice: str | None
    first_turn: int | None
    rule_digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    scorecard_id: str
    scorecard_title: str
    scorecard_version: str
    base: float
    raw_score: float
    score: float
    grade: str
    passed: bool
    auto_fail: bool
    auto_fail_items: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    scorecard_id: str
    section_id: str
    section_title: str
    section_points: float | None
    """As `effect` and `auto_fail`, None in runs of earlier versions."""
    item_id: str
    item_title: str
    rule_ids: list[str]
    effect: str | None
    status: str
    points: float
    max_points: float
    auto_fail: str | None
    fatal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EmotionRow:
    turn: int
    role: str
    polarity: float
    label: str
    level: int
    component: str | None
    arousal: float | None = None
    """As the four measures below, None where it is not known and in runs of earlier versions."""
    loudness_change_db: float | None = None
    pitch_change_st: float | None = None
    speech_rate: float | None = None
    pause_ms: int | None = None
    phrases: list[str] | None = None
    features: list[str] | None = None
    """As what follows, None in runs of earlier versions."""
    negative_probability: float | None = None
    positive_probability: float | None = None
    smoothed: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicRow:
    topic_id: str
    topic: str
    share: float
    rank: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaRow:
    conversation_id: str
    project: str
    channel: str
    started_at: datetime | None
    duration_ms: int | None
    agent_id: str | None
    agent_name: str | None
    team: str | None
    customer_id: str | None
    region: str | None
    ring_count: int | None
    queue_wait_s: float | None
    satisfaction: int | None
    extra: list[tuple[str, str]] | None
    source_path: str
    source_format: str
    source_sha256: str
    in_manifest: bool
    audio_channels: int | None
    sample_rate: int | None
    codec: str | None
    asr_engine: str | None
    asr_model: str | None
    asr_confidence: float | None
    role_source: str | None
    longest_silence_ms: int | None
    silence_ms: int | None
    agent_chars_per_min: float | None
    customer_emotion_level: int | None
    customer_emotion_start: float | None = None
    customer_emotion_end: float | None = None
    customer_emotion_worst_turn: int | None = None
    customer_emotion_trend: float | None = None
    inflamed_turn: int | None = None
    calmed_turn: int | None = None
    soothed: bool | None = None
    not_applicable: list[str] | None = None
    """Rules that did not apply; None in runs of earlier versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRow:
    """What a person said of one verdict, or of the whole conversation (`rule_id` None)."""

    rule_id: str | None
    machine_verdict: str | None
    human_verdict: str | None
    comment: str | None
    reviewer: str
    reviewed_at: datetime
    origin: str
    session: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealRow:
    """One step of an appeal."""

    appeal_id: str
    step: int
    rule_id: str
    status: str
    human_verdict: str | None
    actor: str
    at: datetime
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalRow:
    """What a verdict came to after people had looked at it."""

    rule_id: str
    machine_verdict: str
    final_verdict: str
    reviewer: str | None
    reviewed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All rows of one conversation, in stored order; what an exception excused is a miss and left out."""

    meta: MetaRow
    turns: tuple[TurnRow, ...]
    hits: tuple[HitRow, ...]
    findings: tuple[FindingRow, ...]
    scores: tuple[ScoreRow, ...]
    items: tuple[ItemRow, ...]
    emotions: tuple[EmotionRow, ...]
    topics: tuple[TopicRow, ...]
    reviews: tuple[ReviewRow, ...] = ()
    appeals: tuple[AppealRow, ...] = ()
    finals: tuple[FinalRow, ...] = ()
    final_scores: tuple[ScoreRow, ...] = ()


Row = TypeVar(
    "Row", TurnRow, HitRow, FindingRow, ScoreRow, ItemRow, EmotionRow, TopicRow, MetaRow, ReviewRow, AppealRow, FinalRow
)


def read_records(run: StoredRun, ids: Iterable[str]) -> Mapping[str, Record]:
    """Read the conversations `ids` of `run`, part by part, so that a big run stays small. Unknown ids are left out."""
    wanted = pa.array(sorted(set(ids)), pa.string())
    metas = _rows(run, "conversations", MetaRow, wanted)
    turns = _rows(run, "turns", TurnRow, wanted, turn_row)
    hits = _rows(run, "hits", HitRow, wanted)
    findings = _rows(run, "findings", FindingRow, wanted)
    scores = _rows(run, "scores", ScoreRow, wanted)
    items = _rows(run, "item_scores", ItemRow, wanted)
    emotions = _rows(run, "emotions", EmotionRow, wanted)
    topics = _rows(run, "topics", TopicRow, wanted)
    reviews = _rows(run, "reviews", ReviewRow, wanted)
    appeals = _rows(run, "appeals", AppealRow, wanted)
    finals = _rows(run, "final_findings", FinalRow, wanted)
    final_scores = _rows(run, "final_scores", ScoreRow, wanted)
    excused = {i: {f.rule_id for f in found if f.verdict == "miss"} for i, found in findings.items()}
    return {
        i: Record(
            meta=metas[i][0],
            turns=tuple(turns[i]),
            hits=tuple(h for h in hits[i] if h.rule_id not in excused.get(i, ())),
            findings=tuple(f for f in findings[i] if f.verdict != "miss"),
            scores=tuple(scores[i]),
            items=tuple(items[i]),
            emotions=tuple(emotions[i]),
            topics=tuple(topics[i]),
            reviews=tuple(reviews[i]),
            appeals=tuple(appeals[i]),
            finals=tuple(finals[i]),
            final_scores=tuple(final_scores[i]),
        )
        for i in wanted.to_pylist()
        if i in metas
    }


def _rows(
    run: StoredRun, table: str, row: type[Row], wanted: pa.Array, make: Callable[[Mapping[str, Any]], Row] | None = None
) -> defaultdict[str, list[Row]]:
    names: list[str] = [f.name for f in fields(row)]
    found: defaultdict[str, list[Row]] = defaultdict(list)
    if not len(wanted):
        return found
    for part in run.parts(table, list(dict.fromkeys(["conversation_id", *names]))):
        kept = part.filter(pc.is_in(part["conversation_id"], value_set=wanted))
        for key, values in zip(kept["conversation_id"].to_pylist(), _values(kept.select(names)), strict=True):
            found[key].append(make(values) if make else row(**values))
    return found


def turn_row(values: Mapping[str, Any]) -> TurnRow:
    """A row of `turns`; what an earlier version did not store is empty."""
    phrases = tuple(PhraseRow(**p) for p in values["phrases"] or ())
    marks = tuple(MarkRow(**m) for m in values["marks"] or ())
    return TurnRow(**{**values, "phrases": phrases, "marks": marks})


def _values(table: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows
