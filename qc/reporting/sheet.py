"""Judgements and score sheets of one conversation: every verdict with its evidence, every point with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qc.reporting.dialogue import Mark
from qc.reporting.evidence import Quote, quote_of
from qc.reporting.labels import severity_rank
from qc.reporting.records import FindingRow, HitRow, ItemRow, Record, ScoreRow, TurnRow

_EVIDENCE_LISTED, _UNDECIDED_LISTED = 8, 3
_SAID_BY_MESSAGE = frozenset({"turn_count", "call_duration", "meta"})
_ORDER = ("violation", "undecided", "signal", "merit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One spot. `quote` where it is words, `value` with `unit` where it is a measure."""

    turn: int | None
    start_ms: int | None
    operator: str
    quote: Quote | None
    value: float | None
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A finding, numbered as in the dialogue. `group`: violation, undecided, signal or merit."""

    number: int
    finding: FindingRow
    group: str
    ink: str
    trial: bool
    evidence: tuple[Evidence, ...]
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLine:
    item: ItemRow
    judgements: tuple[Judgement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionSheet:
    title: str
    lines: tuple[ItemLine, ...]
    points: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSheet:
    """`base + lost + won + adjustment = raw score`; the adjustment comes from section caps and items that do not
    apply; then a 一票否决 may set the score. `zeroed`: titles of the items that triggered it."""

    score: ScoreRow
    sections: tuple[SectionSheet, ...]
    lost: float
    won: float
    adjustment: float
    zeroed: tuple[str, ...]


def judgements(record: Record) -> tuple[Judgement, ...]:
    """Violations first, gravest first; then what could not be decided, signals and merits."""
    turns = {t.turn: t for t in record.turns}
    hits: dict[str, list[HitRow]] = {}
    for hit in record.hits:
        hits.setdefault(hit.rule_id, []).append(hit)
    ordered = sorted(
        record.findings,
        key=lambda f: (
            _ORDER.index(_group(f)),
            f.status == "shadow",
            severity_rank(f.severity),
            f.first_turn or 0,
            f.rule_id,
        ),
    )
    found = []
    for number, finding in enumerate(ordered, 1):
        proof = list(dict.fromkeys(_evidence(hit, turns) for hit in _telling(hits.get(finding.rule_id, ()))))
        shown = _UNDECIDED_LISTED if _group(finding) == "undecided" else _EVIDENCE_LISTED
        found.append(
            Judgement(
                number=number,
                finding=finding,
                group=_group(finding),
                ink=_ink(finding),
                trial=finding.status == "shadow",
                evidence=tuple(proof[:shown]),
                more=max(0, len(proof) - shown),
            )
        )
    return tuple(found)


def marks(found: Sequence[Judgement]) -> dict[str, Mark]:
    """Rule id → the mark of its evidence."""
    return {j.finding.rule_id: Mark(number=j.number, ink=j.ink, rank=severity_rank(j.finding.severity)) for j in found}


def sheets(record: Record, found: Sequence[Judgement]) -> tuple[CardSheet, ...]:
    """One sheet per scorecard, items in the card's order."""
    by_rule = {j.finding.rule_id: j for j in found}
    return tuple(
        _sheet(score, [i for i in record.items if i.scorecard_id == score.scorecard_id], by_rule)
        for score in sorted(record.scores, key=lambda s: s.scorecard_id)
    )


def _telling(hits: Sequence[HitRow]) -> list[HitRow]:
    """Without the conditions of a rule that its message says in words, and without words inside longer ones."""
    kept = [h for h in hits if h.turn is not None or h.operator not in _SAID_BY_MESSAGE]
    return [h for h in kept if not any(_inside(h, other) for other in kept)]


def _inside(hit: HitRow, other: HitRow) -> bool:
    if hit.turn != other.turn or hit.char_start is None or hit.char_end is None or hit.value is not None:
        return False
    if other.char_start is None or other.char_end is None:
        return False
    shorter = hit.char_end - hit.char_start < other.char_end - other.char_start
    return shorter and other.char_start <= hit.char_start and hit.char_end <= other.char_end


def _evidence(hit: HitRow, turns: Mapping[int, TurnRow]) -> Evidence:
    turn = None if hit.turn is None else turns.get(hit.turn)
    return Evidence(
        turn=hit.turn,
        start_ms=hit.start_ms,
        operator=hit.operator,
        quote=quote_of(turn, hit) if turn else None,
        value=hit.value,
        unit=hit.unit or "",
    )


def _sheet(score: ScoreRow, items: Sequence[ItemRow], by_rule: dict[str, Judgement]) -> CardSheet:
    sections: dict[str, list[ItemLine]] = {}
    for item in items:
        about = tuple(by_rule[i] for i in item.rule_ids if i in by_rule and not by_rule[i].trial)
        sections.setdefault(item.section_id, []).append(ItemLine(item=item, judgements=about))
    lost = sum(i.points for i in items if i.points < 0)
    won = sum(i.points for i in items if i.points > 0)
    fatal = set(score.auto_fail_items)
    return CardSheet(
        score=score,
        sections=tuple(
            SectionSheet(title=ls[0].item.section_title, lines=tuple(ls), points=sum(x.item.points for x in ls))
            for ls in sections.values()
        ),
        lost=lost,
        won=won,
        adjustment=round(score.raw_score - score.base - lost - won, 4) + 0.0,
        zeroed=tuple(i.item_title for i in items if i.fatal or i.item_id in fatal),
    )


def _group(finding: FindingRow) -> str:
    return "undecided" if finding.verdict == "undecided" else finding.kind


def _ink(finding: FindingRow) -> str:
    group = _group(finding)
    return f"ev-{finding.severity}" if group == "violation" else f"ev-{group}"
