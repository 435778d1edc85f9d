"""Objects for what hit: findings with their evidence, sentence and reason."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from qc.domain.finding import Finding, Hit, Verdict
from qc.domain.operators import (
    AnswerGap,
    CallDuration,
    Emotion,
    EmotionAt,
    Energy,
    HangupGap,
    Hold,
    Interrupt,
    Meta,
    Operator,
    Repeat,
    ResponseTime,
    Silence,
    Similar,
    Speed,
    TalkRatio,
    Topic,
    TurnCount,
    word_lists,
)
from qc.domain.rule import Piece, Truth, Word
from qc.matching.compile import CompiledRule
from qc.matching.context import Context
from qc.matching.evidence import NONE, Hits, PieceResult
from qc.matching.times import hit_times
from qc.text.shard import NO_TIME

MAX_HITS = 200
"""Evidence kept per piece and conversation; the count in {count} is not limited by it."""
PLACEHOLDERS = ("turn", "text", "start", "value", "count", "step")
MEASURES = (
    Similar,
    Silence,
    Speed,
    Interrupt,
    CallDuration,
    TalkRatio,
    Hold,
    ResponseTime,
    HangupGap,
    AnswerGap,
    Energy,
    TurnCount,
    Repeat,
    Meta,
    Emotion,
    Topic,
)
"""Operators that can fill {value}."""
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def finding(
    context: Context, rule: CompiledRule, results: Mapping[str, PieceResult], conversation: int, verdict: Verdict
) -> Finding:
    """The finding of a rule on one conversation, with verdict HIT or UNDECIDED.

    Its hits are those of the `when` pieces that speak for the verdict; where they have none (something is absent),
    those of the `given` pieces.
    """
    evidence: list[list[Hit]] = []
    counts: list[int] = []
    true: dict[str, None] = {}
    reasons: dict[str, None] = {}
    shown: set[str] = set()
    for pieces in (rule.when_names, rule.given_names):
        found: list[Hit] = []
        count = 0
        for name, positive in pieces:
            result = results[name]
            truth = int(result.truth[conversation])
            if truth == Truth.TRUE:
                true[name] = None
            if conversation in result.reasons:
                reasons[result.reasons[conversation]] = None
            lo, hi = int(result.first_hit[conversation]), int(result.first_hit[conversation + 1])
            if lo < hi and name not in shown and _speaks(truth, positive, verdict):
                shown.add(name)
                rows = _rows(result.hits, lo, hi, certain=truth != Truth.UNKNOWN)
                count += len(np.unique(rows.group))
                found += _objects(context, rule.pieces[name], rows)
        evidence.append(sorted(found, key=_place))
        counts.append(count)
    hits = evidence[0] or evidence[1]
    return Finding(
        conversation_id=context.shard.columns.id[conversation],
        rule_id=rule.rule.id,
        verdict=verdict,
        message=fill(rule.rule.message, hits, counts[0] or counts[1]),
        reason="；".join(reasons) if verdict is Verdict.UNDECIDED else "",
        pieces=tuple(true),
        hits=tuple(hits),
    )


def _speaks(truth: int, positive: bool, verdict: Verdict) -> bool:
    """Whether a piece of this truth, standing positive or under `not`, supports the verdict."""
    if truth == Truth.UNKNOWN:
        return verdict is Verdict.UNDECIDED
    return (truth == Truth.TRUE) == positive


def _rows(hits: Hits, lo: int, hi: int, *, certain: bool) -> Hits:
    """The hits of one conversation, with `certain` only those that are."""
    rows = np.arange(lo, hi)
    return hits.take(rows[hits.cause[lo:hi] == 0] if certain else rows)


def _place(hit: Hit) -> tuple[int, int, int]:
    return (hit.turn or 0, -1 if hit.char_start is None else hit.char_start, hit.char_end or 0)


def _objects(context: Context, piece: Piece, rows: Hits) -> list[Hit]:
    rows = rows.take(np.arange(min(len(rows), MAX_HITS)))
    shard = context.shard
    timed = hit_times(shard, rows) if len(shard.turns) else (rows.start_ms, rows.end_ms)
    found = []
    for i, (start_ms, end_ms) in enumerate(zip(timed[0].tolist(), timed[1].tolist(), strict=True)):
        measured = None if np.isnan(rows.value[i]) else float(rows.value[i])
        note = context.said(int(rows.note[i]))
        if rows.turn[i] == NONE:
            unit = unit_of(piece.operator)
            found.append(Hit(piece=piece.name, operator=piece.operator.key, value=measured, unit=unit, note=note))
            continue
        number = int(rows.turn[i])
        turn = shard.turns[number]
        start, end = (None, None) if rows.start[i] == NONE else (int(rows.start[i]), int(rows.end[i]))
        if end is not None and rows.last_turn[i] != number:
            end = len(turn.text)
        word = _entry(context, piece.operator, int(rows.word[i]))
        found.append(
            Hit(
                piece=piece.name,
                operator=piece.operator.key,
                turn=number - int(shard.first_turn[rows.conversation[i]]) + 1,
                role=turn.role.value,
                char_start=start,
                char_end=end,
                start_ms=None if start_ms == NO_TIME else start_ms,
                end_ms=None if end_ms == NO_TIME else end_ms,
                text="" if start is None else turn.text[start:end],
                value=measured,
                unit=None if measured is None else unit_of(piece.operator),
                category=None if word is None else word.category,
                level=None if word is None else word.level,
                note=note,
                step=context.step(int(rows.note[i])),
            )
        )
    return found


def _entry(context: Context, operator: Operator, number: int) -> Word | None:
    if number == NONE:
        return None
    entries = (context.vocabulary.entry(words, number) for words in word_lists(operator))
    return next((entry for entry in entries if entry is not None), None)


def unit_of(operator: Operator) -> str | None:
    """The unit of what the operator measures."""
    match operator:
        case Silence(percent=None) | Interrupt() | CallDuration() | Hold() | ResponseTime() | HangupGap() | AnswerGap():
            return "s"
        case Silence() | TalkRatio():
            return "%"
        case Energy(rise_db=None, span_db=None):
            return "dBFS"
        case Energy():
            return "dB"
        case Speed():
            return "字/分钟"
        case TurnCount():
            return "轮"
        case Emotion(at=EmotionAt.TURN | EmotionAt.WORST):
            return "级"
    return None


def fill(message: str, hits: Sequence[Hit], count: int) -> str:
    """The message with its placeholders replaced from the first hit that can tell ({step}: all steps there are);
    others stay as they are."""

    def value(match: re.Match[str]) -> str:
        match match[1]:
            case "turn":
                return next((str(h.turn) for h in hits if h.turn is not None), "—")
            case "text":
                return next((h.text for h in hits if h.text), "")
            case "start":
                return next((clock(h.start_ms) for h in hits if h.start_ms is not None), "—")
            case "value":
                return next((_number(h.value) for h in hits if h.value is not None), "—")
            case "count":
                return str(count)
            case "step":
                return "、".join(dict.fromkeys(h.step for h in hits if h.step)) or "—"
        return match[0]

    return _PLACEHOLDER.sub(value, message)


def clock(ms: int) -> str:
    """Milliseconds as 03:07 or 1:02:03."""
    hours, rest = divmod(ms // 1000, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60:02}:{rest % 60:02}"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") if abs(value) >= 1 or value == 0 else f"{value:.2g}"
