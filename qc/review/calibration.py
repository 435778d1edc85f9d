"""Calibration sessions (校准): several people judge the same conversations without seeing each other. How far they
agree bounds how far a machine can be held right or wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from qc.review.agreement import MISSING, Agreement, Codes, Coefficient, agreement, fleiss, gwet
from qc.review.machine import CODES, Machine, machine
from qc.review.opinions import HIT, NOT_APPLICABLE, UNDECIDED
from qc.storage.read import StoredRun

_NOT_SAID = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two reviewers of a session, or a reviewer and the machine (`second` "")."""

    first: str
    second: str
    agreed: Agreement


@dataclass(frozen=True, slots=True, kw_only=True)
class Disputed:
    """A rule on which reviewers differ: in `disputed` of the `n` conversations that at least two of them judged."""

    rule_id: str
    title: str
    disputed: int
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One calibration. `verdicts`: how many at least two people judged; `together`: AC1 and `kappa`: Fleiss' κ of all
    of them; `people`: pair by pair; `machine`: each against the machine; `rules`: the most disputed first."""

    name: str
    reviewers: tuple[str, ...]
    conversations: int
    verdicts: int
    together: Coefficient | None
    kappa: Coefficient | None
    people: tuple[Pair, ...]
    machine: tuple[Pair, ...]
    rules: tuple[Disputed, ...]


def sessions(runs: Sequence[StoredRun]) -> tuple[Session, ...]:
    """The calibration sessions in the reviews of `runs`, by name; a session may run over several runs."""
    found: dict[str, list[tuple[Machine, list[Mapping[str, Any]]]]] = defaultdict(list)
    titles: dict[str, str] = {}
    for run in runs:
        titles |= run.lineage.rule_titles
        columns = ["conversation_id", "rule_id", "human_verdict", "reviewer", "reviewed_at", "session"]
        table = run.table("reviews", columns)
        rows = [r for r in table.to_pylist() if r["session"] is not None]
        if not rows:
            continue
        said = machine(run, {r["conversation_id"] for r in rows})
        by_name: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for row in sorted(rows, key=lambda r: (r["reviewed_at"], r["rule_id"] is not None)):
            by_name[row["session"]].append(row)
        for name, own in by_name.items():
            found[name].append((said, own))
    return tuple(_session(name, found[name], titles) for name in sorted(found))


def _session(name: str, parts: Sequence[tuple[Machine, list[Mapping[str, Any]]]], titles: Mapping[str, str]) -> Session:
    reviewers = tuple(sorted({r["reviewer"] for _, rows in parts for r in rows}))
    tables, machines, rules, conversations = [], [], [], 0
    for said, rows in parts:
        codes = _codes(said, rows, reviewers)
        conversations += len(said.ids)
        everywhere = np.stack([*codes, said.codes])
        known = ((codes != _NOT_SAID).sum(0) > 1) & ~np.isin(everywhere, (_NOT_SAID, CODES[NOT_APPLICABLE])).all(0)
        at, rule = np.nonzero(known)
        tables.append(codes[:, at, rule].T)
        machines.append(said.codes[at, rule])
        rules += [said.rules[r] for r in rule.tolist()]
    ratings, its = _binary(np.concatenate(tables)), _binary(np.concatenate(machines))
    return Session(
        name=name,
        reviewers=reviewers,
        conversations=conversations,
        verdicts=len(ratings),
        together=gwet(ratings, 2),
        kappa=fleiss(ratings, 2),
        people=tuple(
            Pair(first=reviewers[a], second=reviewers[b], agreed=_compared(ratings[:, a], ratings[:, b]))
            for a, b in combinations(range(len(reviewers)), 2)
        ),
        machine=tuple(
            Pair(first=who, second="", agreed=_compared(ratings[:, i], its)) for i, who in enumerate(reviewers)
        ),
        rules=_disputed(ratings, rules, titles),
    )


def _codes(said: Machine, rows: Sequence[Mapping[str, Any]], reviewers: Sequence[str]) -> Codes:
    """(reviewer, conversation, rule): what each said last. Who read a conversation as a whole agrees with the machine
    wherever nothing else was said, before or after."""
    whole = np.zeros((len(reviewers), len(said.ids)), np.bool_)
    codes = np.full((len(reviewers), *said.codes.shape), _NOT_SAID, np.int64)
    for row in rows:
        at = said.conversation.get(row["conversation_id"])
        if at is None:
            continue
        who = reviewers.index(row["reviewer"])
        if row["rule_id"] is None:
            whole[who, at] = True
        elif (rule := said.rule.get(row["rule_id"])) is not None:
            codes[who, at, rule] = CODES.get(row["human_verdict"], CODES[UNDECIDED])
    return np.where(whole[:, :, None] & (codes == _NOT_SAID), said.codes[None], codes)


def _binary(codes: Codes) -> Codes:
    unknown = (codes == _NOT_SAID) | (codes == CODES[UNDECIDED])
    return np.where(unknown, MISSING, (codes == CODES[HIT]).astype(np.int64))


def _compared(first: Codes, second: Codes) -> Agreement:
    both = (first != MISSING) & (second != MISSING)
    return agreement(first[both] == 1, second[both] == 1)


def _disputed(ratings: Codes, rules: Sequence[str], titles: Mapping[str, str]) -> tuple[Disputed, ...]:
    hits, others = (ratings == 1).sum(1), (ratings == 0).sum(1)
    names, at = np.unique(np.array(rules, dtype=str), return_inverse=True)
    judged = np.bincount(at, hits + others > 1, len(names)).astype(int)
    differ = np.bincount(at, (hits > 0) & (others > 0), len(names)).astype(int)
    told = [
        Disputed(rule_id=name, title=titles.get(name, name), disputed=int(d), n=int(n))
        for name, d, n in zip(names.tolist(), differ, judged, strict=True)
        if d
    ]
    return tuple(sorted(told, key=lambda d: (-d.disputed, d.n, d.rule_id)))
