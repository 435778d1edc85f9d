"""How a conversation felt: the customer's mood from beginning to end, what moved it, and why each turn is called so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qc.reporting.records import EmotionRow, MetaRow, Record

NOTABLE = 0.3
"""A change of mood by less reads as none: as much as the emotion stage asks of a turn that calms or inflames."""
_MOST_REASONS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeling:
    """What one turn's emotion rests on. `reasons`: phrases of the lexicon; `features`: what a trained model went by;
    `probability`: that the label is right, where one is known: it is calibrated on what customers say."""

    turn: int
    label: str
    level: int
    component: str
    reasons: tuple[str, ...]
    features: tuple[str, ...]
    probability: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The customer's mood over the conversation (−1..1). `direction`: better, worse or steady; empty below two turns.
    `peak`: the most negative turn, None where none is; `inflamed`, `calmed`: the agent's turns after which it fell, and
    rose, most; `soothed`: None where there was nothing to soothe."""

    start: float | None
    end: float | None
    trend: float | None
    direction: str
    peak: Feeling | None
    inflamed: int | None
    calmed: int | None
    soothed: bool | None

    @property
    def marks(self) -> tuple[tuple[int, str], ...]:
        """(turn, kind) of what stands out: peak, inflamed, calmed."""
        peak = None if self.peak is None else self.peak.turn
        found = ((peak, "peak"), (self.inflamed, "inflamed"), (self.calmed, "calmed"))
        return tuple((turn, kind) for turn, kind in found if turn is not None)


def course(record: Record) -> Course | None:
    """None where the customer said nothing, or emotions were not asked for."""
    meta = record.meta
    if meta.customer_emotion_start is None:
        return None
    felt = feelings(record.emotions)
    peak = None if meta.customer_emotion_worst_turn is None else felt.get(meta.customer_emotion_worst_turn)
    return Course(
        start=meta.customer_emotion_start,
        end=meta.customer_emotion_end,
        trend=meta.customer_emotion_trend,
        direction=_direction(meta),
        peak=peak if peak is not None and peak.label == "negative" else None,
        inflamed=meta.inflamed_turn,
        calmed=meta.calmed_turn,
        soothed=meta.soothed,
    )


def feelings(emotions: Sequence[EmotionRow]) -> Mapping[int, Feeling]:
    """What every turn that is not neutral rests on, by turn."""
    return {e.turn: _feeling(e) for e in emotions if e.label != "neutral"}


def _feeling(row: EmotionRow) -> Feeling:
    negative = row.label == "negative"
    return Feeling(
        turn=row.turn,
        label=row.label,
        level=row.level,
        component=row.component or "",
        reasons=tuple(dict.fromkeys(row.phrases or ()))[:_MOST_REASONS],
        features=tuple(dict.fromkeys(row.features or ()))[:_MOST_REASONS],
        probability=None if row.role == "agent" else row.negative_probability if negative else row.positive_probability,
    )


def _direction(meta: MetaRow) -> str:
    trend = meta.customer_emotion_trend
    if trend is None:
        return ""
    return "better" if trend >= NOTABLE else "worse" if trend <= -NOTABLE else "steady"
