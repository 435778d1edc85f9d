"""Quotes: a hit with a little of the turn around it."""

from __future__ import annotations

from dataclasses import dataclass

from qc.reporting.records import FindingRow, HitRow, Record, TurnRow

_AROUND = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """`before` + `hit` + `after` is a stretch of what `role` said in `turn`."""

    turn: int
    role: str
    start_ms: int | None
    before: str
    hit: str
    after: str


def quotes(record: Record, rule_id: str, limit: int = 2) -> tuple[Quote, ...]:
    """The first quotes of a rule in a conversation, one per turn; hits that are measures have none."""
    turns = {t.turn: t for t in record.turns}
    found: dict[int, Quote] = {}
    for hit in record.hits:
        if hit.rule_id == rule_id and hit.turn in turns and hit.turn not in found:
            quote = quote_of(turns[hit.turn], hit)
            if quote is not None:
                found[hit.turn] = quote
        if len(found) == limit:
            break
    return tuple(found.values())


def quote_of(turn: TurnRow, hit: HitRow) -> Quote | None:
    """None when the hit has no span, or one that lies outside the turn's text."""
    if hit.char_start is None or hit.char_end is None or not 0 <= hit.char_start < hit.char_end <= len(turn.text):
        return None
    start, end = max(0, hit.char_start - _AROUND), min(len(turn.text), hit.char_end + _AROUND)
    # A hit that is a whole long turn would drown the table it stands in.
    shown = turn.text[hit.char_start : hit.char_end]
    return Quote(
        turn=turn.turn,
        role=turn.role,
        start_ms=turn.start_ms,
        before=("…" if start else "") + turn.text[start : hit.char_start],
        hit=shown if len(shown) <= 4 * _AROUND else shown[: 4 * _AROUND] + "…",
        after=turn.text[hit.char_end : end] + ("…" if end < len(turn.text) else ""),
    )


def standing(record: Record, kind: str) -> tuple[FindingRow, ...]:
    """The findings of a kind that are hits by their final verdict."""
    finals = {f.rule_id: f.final_verdict for f in record.finals}
    return tuple(f for f in record.findings if f.kind == kind and finals.get(f.rule_id, f.verdict) == "hit")


def violations(record: Record) -> tuple[FindingRow, ...]:
    """The findings that count against the agent."""
    return tuple(f for f in standing(record, "violation") if f.status != "shadow")
