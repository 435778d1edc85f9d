"""The `complaints` table: which conversations are complaints or may become one, how grave, why, and until when.

A pure function of stored tables and of `complaints.yml`: the same run and the same file give the same rows. Nothing of
other runs is looked at, so that a run judged again comes to the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, chain, repeat

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.complaint import OTHER, SINGLE, ComplaintSpecs, Condition, ScopeLimit, Step
from qc.opinion import complaint_reasons as wording
from qc.opinion.complaint_reasons import proven, reached
from qc.opinion.evidence import Parts, Sign, Signs, read_signs
from qc.opinion.matters import MATTER_COLUMNS, first_given, with_matter
from qc.opinion.scope import Reach, reaches
from qc.schema.rows import build
from qc.schema.tables import TABLES

_SHOWN = 3
"""Conditions named for the severity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A conversation as conditions see it."""

    conversation_id: str
    project: str
    started_at: datetime | None
    satisfaction: int | None
    contacts: int
    reach: Reach
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
    tables = [TABLES["complaints"].empty_table()]
    for cases in _cases(parts, specs):
        rows = [row for case in cases if (row := _row(case, specs)) is not None]
        tables.append(build("complaints", {name: [row[name] for row in rows] for name in TABLES["complaints"].names}))
    return pa.concat_tables(tables).combine_chunks()


def _cases(parts: Parts, specs: ComplaintSpecs) -> Iterator[Iterator[_Case]]:
    """The conversations for which a condition of the ladder may hold, part by part."""
    matters, ends = _matters(parts, specs.scopes)
    reach = reaches(matters, specs.scopes)
    contacts = _contacts(matters)
    for begin, end, signs in zip(
        [0, *ends], ends, chain(read_signs(parts, specs.conditions), repeat({})), strict=False
    ):
        yield _cases_of(matters.slice(begin, end - begin), reach[begin:end], contacts[begin:end], signs, specs)


def _cases_of(
    matters: pa.Table,
    reach: Sequence[Reach],
    contacts: Sequence[int],
    signs: Mapping[str, Signs],
    specs: ComplaintSpecs,
) -> Iterator[_Case]:
    conditions = [c for step in specs.ladder for c in step.any]
    names = ["conversation_id", "project", "started_at", "satisfaction"]
    rated = max((c.satisfaction_at_most or 0 for c in conditions), default=0)
    often = min((c.contacts for c in conditions if c.contacts is not None), default=None)
    wide = min((c.affected for c in conditions if c.affected is not None), default=None)
    for i, row in enumerate(matters.select(names).to_pylist()):
        mine = signs.get(row["conversation_id"])
        told = row["satisfaction"] is not None and row["satisfaction"] <= rated
        again = often is not None and contacts[i] >= often
        if mine is not None or told or again or (wide is not None and reach[i].size >= wide):
            found = mine or Signs()
            yield _Case(**row, contacts=contacts[i], reach=reach[i], signs=found, names=found.names())


def _matters(parts: Parts, scopes: Sequence[ScopeLimit]) -> tuple[pa.Table, list[int]]:
    """What each conversation is about, and where each part of the run ends."""
    columns = [*MATTER_COLUMNS, "satisfaction", "region"]
    if any(name != "region" for scope in scopes for name in scope.by):
        columns.append("extra")
    tables = list(parts("conversations", columns))
    schema = TABLES["conversations"]
    matters = with_matter(pa.concat_tables(tables or [pa.schema([schema.field(c) for c in columns]).empty_table()]))
    for scope in scopes:
        if scope.kind == "hour":
            value = pc.strftime(pc.floor_temporal(matters["started_at"], unit="hour"), format="%m-%d %H 时")
        else:
            value = first_given(matters, scope.by)
        matters = matters.append_column(scope.kind, value)
    return matters, list(accumulate(table.num_rows for table in tables))


def _contacts(matters: pa.Table) -> list[int]:
    """How often the customer of each conversation came in this batch with the same matter; 1 where nobody can tell."""
    keys = ["project", "customer", "matter"]
    told = matters.filter(pc.and_(pc.is_valid(matters["customer"]), pc.is_valid(matters["matter"])))
    grouped = told.group_by(keys, use_threads=False).aggregate([("customer", "count")])
    rows = zip(*(grouped[k].to_pylist() for k in (*keys, "customer_count")), strict=True)
    counts = {(p, c, m): n for p, c, m, n in rows}
    return [counts.get(key, 1) for key in zip(*(matters[k].to_pylist() for k in keys), strict=True)]


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
    if case.reach.kind != SINGLE and not any(reached(case.reach) in reason for reason in reasons):
        reasons.append(reached(case.reach))
    deadline = timedelta(minutes=step.deadline_minutes)
    turns = [p.turn for p in (*proofs, typed) if p is not None and p.turn is not None]
    return {
        "conversation_id": case.conversation_id,
        "type_id": kind,
        "type": titled,
        "severity": step.severity.value,
        "escalations": going,
        "scope": case.reach.kind,
        "scope_size": case.reach.size,
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
        if case.contacts < c.contacts:
            return None
        pieces.append(wording.AGAIN.format(n=case.contacts))
    if c.affected is not None:
        if case.reach.size < c.affected:
            return None
        pieces.append(reached(case.reach))
    turns = [s.turn for s in signs if s.turn is not None]
    text = "，".join(pieces)
    return _Proof(f"{c.because}：{text}" if c.because else text, turns[0] if turns else None)


def _said(signs: Sequence[Sign], names: Sequence[str], words: Sequence[str]) -> list[Sign]:
    """The signs of one of these names whose words contain one of `words`; empty lists ask for nothing."""
    named = [s for s in signs if not names or s.name in names]
    return [s for s in named if not words or any(word in said for said in s.said for word in words)]
