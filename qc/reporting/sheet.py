"""Judgements and score sheets of one conversation: every verdict with its evidence, every point with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from qc.reporting.arithmetic import Arithmetic, Part, arithmetic
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
    """`part`: what it is worth and lost; None in runs that do not tell."""

    title: str
    lines: tuple[ItemLine, ...]
    part: Part | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSheet:
    """One card. `arithmetic` leads to the score, or to the score before a 一票否决 of the whole card; None in runs that
    do not hold what it takes. `undecided`: items that could not be judged. `zeroed`: titles of the items that triggered
    a 一票否决 of the whole card."""

    score: ScoreRow
    sections: tuple[SectionSheet, ...]
    arithmetic: Arithmetic | None
    undecided: int
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
    """Without the conditions of a rule that its message says in words, and words that overlap in one turn as one."""
    found: list[HitRow] = []
    open_at: dict[int, int] = {}  # turn → where in `found` its latest stretch of words is
    told = [h for h in hits if h.turn is not None or h.operator not in _SAID_BY_MESSAGE]
    for hit in sorted(told, key=lambda h: (h.turn or 0, h.char_start or 0)):
        if hit.turn is None or hit.char_start is None or hit.char_end is None or hit.value is not None:
            found.append(hit)
            continue
        at = open_at.get(hit.turn)
        until = -1 if at is None else found[at].char_end or 0
        if at is not None and hit.char_start < until:
            found[at] = replace(found[at], char_end=max(until, hit.char_end))
        else:
            open_at[hit.turn] = len(found)
            found.append(hit)
    return found


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
    sums = arithmetic(score, [[line.item for line in lines] for lines in sections.values()])
    parts = sums.parts if sums else [None] * len(sections)
    return CardSheet(
        score=score,
        sections=tuple(
            SectionSheet(title=lines[0].item.section_title, lines=tuple(lines), part=part)
            for lines, part in zip(sections.values(), parts, strict=True)
        ),
        arithmetic=sums,
        undecided=sum(i.status == "undecided" for i in items),
        zeroed=tuple(i.item_title for i in items if i.fatal and i.auto_fail != "section"),
    )


def _group(finding: FindingRow) -> str:
    return "undecided" if finding.verdict == "undecided" else finding.kind


def _ink(finding: FindingRow) -> str:
    group = _group(finding)
    return f"ev-{finding.severity}" if group == "violation" else f"ev-{group}"
