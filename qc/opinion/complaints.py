"""The `complaints` table: which conversations are complaints or may become one, how grave, why, and until when.

A pure function of stored tables and of `complaints.yml`: the same run and the same file give the same rows. Nothing of
other runs is looked at, so that a run judged again comes to the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, repeat

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.complaint import OTHER, SINGLE, ComplaintSpecs, Condition, Step
from qc.opinion import complaint_reasons as wording
from qc.opinion.company import ALONE, Company, companies
from qc.opinion.complaint_reasons import proven, reached
from qc.opinion.evidence import Parts, Sign, Signs, read_signs
from qc.schema.rows import build
from qc.schema.tables import TABLES

_COLUMNS = ("conversation_id", "project", "started_at", "satisfaction")
_SHOWN = 3
"""Conditions named for the severity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A conversation as conditions see it."""

    conversation_id: str
    project: str
    started_at: datetime | None
    satisfaction: int | None
    company: Company
    signs: Signs
    names: set[str]
    """What its signs are called."""


@dataclass(frozen=True, slots=True)
class _Proof:
    """Why a condition holds: what to tell, and the turn of its first evidence."""

    text: str
    turn: int | None


def assess(parts: Parts, specs: ComplaintSpecs) -> pa.Table:
    """The table `complaints`, in the order of the conversations."""
    return in_company(parts, specs, assess_alone(parts, specs))


def assess_alone(parts: Parts, specs: ComplaintSpecs) -> Iterator[pa.Table]:
    """Each part of the table as it would be if every conversation were the only one."""
    for part, signs in zip(parts("conversations", _COLUMNS), _signs(parts, specs), strict=False):
        yield _graded(part, [ALONE] * part.num_rows, signs, specs)


def in_company(parts: Parts, specs: ComplaintSpecs, alone: Iterable[pa.Table]) -> pa.Table:
    """The table made of its parts `assess_alone`: what is not alone in the run is looked at again, and it only."""
    company = companies(parts, specs.scopes)
    tables = [TABLES["complaints"].empty_table()]
    if any(company):
        rows = [pa.array(sorted(mine), pa.int64()) for mine in company]
        ids = [part[0].take(at) for part, at in zip(parts("conversations", _COLUMNS[:1]), rows, strict=True)]
        signs = _signs(_only(parts, ids), specs)
        for part, at, mine, lone in zip(parts("conversations", _COLUMNS), rows, company, alone, strict=True):
            again = _graded(part.take(at), [mine[i] for i in sorted(mine)], next(signs), specs)
            tables.append(_replaced(lone, again, part["conversation_id"], at) if mine else lone)
    else:
        tables += alone
    return pa.concat_tables(tables).combine_chunks()


def _only(parts: Parts, ids: Sequence[pa.ChunkedArray]) -> Parts:
    """`parts` without other conversations than those of `ids`, an array for each part."""

    def only(name: str, columns: Sequence[str]) -> Iterator[pa.Table]:
        for table, mine in zip(parts(name, columns), ids, strict=False):
            wanted = pc.is_in(table["conversation_id"], value_set=mine.combine_chunks())
            yield table.filter(wanted)

    return only


def _replaced(lone: pa.Table, again: pa.Table, ids: pa.ChunkedArray, rows: pa.Array) -> pa.Table:
    """`lone` with `again` in place of what it has of `rows` of a part whose conversations are `ids`, in their order."""
    left = lone.filter(pc.invert(pc.is_in(lone["conversation_id"], value_set=ids.take(rows).combine_chunks())))
    together = pa.concat_tables([left, again])
    order = pc.index_in(together["conversation_id"], value_set=ids.combine_chunks())
    return together.take(pc.sort_indices(order))


def _signs(parts: Parts, specs: ComplaintSpecs) -> Iterator[Mapping[str, Signs]]:
    """What conditions ask for, part by part; nothing without end where they ask for nothing stored."""
    return chain(read_signs(parts, specs.conditions), repeat({}))


def _graded(
    conversations: pa.Table, company: Sequence[Company], signs: Mapping[str, Signs], specs: ComplaintSpecs
) -> pa.Table:
    cases = _cases(conversations, company, signs, specs)
    rows = [row for case in cases if (row := _row(case, specs)) is not None]
    return build("complaints", {name: [row[name] for row in rows] for name in TABLES["complaints"].names})


def _cases(
    conversations: pa.Table, company: Sequence[Company], signs: Mapping[str, Signs], specs: ComplaintSpecs
) -> Iterator[_Case]:
    """The conversations for which a condition of the ladder may hold."""
    conditions = [c for step in specs.ladder for c in step.any]
    rated = max((c.satisfaction_at_most or 0 for c in conditions), default=0)
    often = min((c.contacts for c in conditions if c.contacts is not None), default=None)
    wide = min((c.affected for c in conditions if c.affected is not None), default=None)
    for with_whom, row in zip(company, conversations.to_pylist(), strict=True):
        mine = signs.get(row["conversation_id"])
        told = row["satisfaction"] is not None and row["satisfaction"] <= rated
        again = often is not None and with_whom.contacts >= often
        if mine is not None or told or again or (wide is not None and with_whom.reach.size >= wide):
            found = mine or Signs()
            yield _Case(**row, company=with_whom, signs=found, names=found.names())


def _row(case: _Case, specs: ComplaintSpecs) -> dict[str, object] | None:
    step, proofs = _gravest(case, specs.ladder)
    if step is None:
        return None
    kind, titled, typed = OTHER, "其他", None
    for one in specs.types:
        if not one.projects or case.project in one.projects:
            typed = next(iter(_proofs(one.any, case)), None)
            if typed is not None:
                kind, titled = one.id, one.title
                break
    reasons = [proof.text for proof in proofs[:_SHOWN]]
    if typed is not None and not _told(typed, reasons):
        reasons.append(f"{wording.TYPE.format(title=titled)}：{typed.text}")
    going = []
    for escalation in specs.escalations:
        proof = next(iter(_proofs(escalation.any, case)), None)
        if proof is not None:
            going.append(escalation.to)
            if not _told(proof, reasons):
                reasons.append(f"{wording.ESCALATIONS[escalation.to]}：{proof.text}")
    if case.company.reach.kind != SINGLE and not any(reached(case.company.reach) in reason for reason in reasons):
        reasons.append(reached(case.company.reach))
    deadline = timedelta(minutes=step.deadline_minutes)
    turns = [p.turn for p in (*proofs, typed) if p is not None and p.turn is not None]
    return {
        "conversation_id": case.conversation_id,
        "type_id": kind,
        "type": titled,
        "severity": step.severity.value,
        "escalations": going,
        "scope": case.company.reach.kind,
        "scope_size": case.company.reach.size,
        "deadline_minutes": step.deadline_minutes,
        "due_at": None if case.started_at is None else case.started_at + deadline,
        "turn": turns[0] if turns else None,
        "reasons": reasons,
    }


def _told(proof: _Proof, reasons: Sequence[str]) -> bool:
    """Whether the same evidence stands in a reason already."""
    return any(proof.text in reason for reason in reasons)


def _gravest(case: _Case, ladder: Sequence[Step]) -> tuple[Step | None, list[_Proof]]:
    for step in ladder:
        proofs = list(_proofs(step.any, case))
        if proofs:
            return step, proofs
    return None, []


def _proofs(conditions: Sequence[Condition], case: _Case) -> Iterator[_Proof]:
    for condition in conditions:
        named = condition.rules or condition.topics or condition.intents or condition.components
        if named and case.names.isdisjoint(named):  # most end here, without a look at the words
            continue
        told = _proof(condition, case)
        if told is not None:
            yield told


def _proof(c: Condition, case: _Case) -> _Proof | None:
    """None where the condition does not hold."""
    pieces: list[str] = []
    signs: list[Sign] = []
    if c.rules:
        hits = [s for s in _said(case.signs.rules, c.rules, c.words) if not c.categories or s.category in c.categories]
        if not hits:
            return None
        pieces.append(proven(wording.RULE.format(title=hits[0].title), hits))
        signs += hits
    if c.topics:
        spoken = _said(case.signs.topics, c.topics, c.words)
        if not spoken:
            return None
        pieces.append(proven(wording.TOPIC.format(title=spoken[0].title), spoken))
        signs += spoken
    if c.intents:
        meant = [s for s in case.signs.intents if s.name in c.intents and s.rank >= c.intent_level]
        if not meant:
            return None
        best = max(meant, key=lambda s: s.rank)
        pieces.append(proven(wording.INTENT[best.rank].format(title=best.title), [best]))
        signs.append(best)
    if c.emotion_level is not None or c.components:
        felt = [s for s in case.signs.emotions if s.rank >= (c.emotion_level or 1)]
        felt = _said(felt, c.components, c.words if c.components else ())
        if not felt:
            return None
        worst = max(felt, key=lambda s: s.rank)
        feeling = wording.FEELINGS.get(worst.title, wording.UPSET)
        pieces.append(proven(wording.FEELING.format(feeling=feeling, level=worst.rank), [worst]))
        signs.append(worst)
    if c.satisfaction_at_most is not None:
        if case.satisfaction is None or case.satisfaction > c.satisfaction_at_most:
            return None
        pieces.append(wording.RATED.format(n=case.satisfaction))
    if c.contacts is not None:
        if case.company.contacts < c.contacts:
            return None
        pieces.append(wording.AGAIN.format(n=case.company.contacts))
    if c.affected is not None:
        if case.company.reach.size < c.affected:
            return None
        pieces.append(reached(case.company.reach))
    turns = [s.turn for s in signs if s.turn is not None]
    text = "，".join(pieces)
    return _Proof(f"{c.because}：{text}" if c.because else text, turns[0] if turns else None)


def _said(signs: Sequence[Sign], names: Sequence[str], words: Sequence[str]) -> list[Sign]:
    """The signs of one of these names whose words contain one of `words`; empty lists ask for nothing."""
    named = [s for s in signs if not names or s.name in names]
    return [s for s in named if not words or any(word in said for said in s.said for word in words)]
