"""The book of reviews of a run: what may go in, what is in it, and what the last word on each verdict is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qc.review.machine import CODES, Machine
from qc.review.opinions import APPEAL, SHEET, VERDICTS, WORDS, Complaint, Opinion
from qc.schema.reviews import FINAL_FINDINGS, REVIEWS
from qc.storage.read import StoredRun

_SHORT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Opinions that hold against the run, and what keeps the others out. `stale` of the complaints are of rules that
    have changed since."""

    sound: tuple[Opinion, ...]
    complaints: tuple[Complaint, ...]


def check(opinions: Sequence[Opinion], machine: Machine) -> Checked:
    """Which of `opinions` speak of verdicts the run has: same conversation, same rule with the same content, same
    machine verdict. One that contradicts another of the same person in the same batch of files is refused."""
    sound: list[Opinion] = []
    complaints: list[Complaint] = []
    stale: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], str] = {}
    said: dict[tuple[object, ...], Opinion] = {}
    for given in opinions:
        opinion = _completed(given, machine)
        fault = _fault(opinion, machine)
        before = said.get((*opinion.key, opinion.reviewer, opinion.session))
        at_once = before is not None and before.reviewed_at == opinion.reviewed_at and before.id != opinion.id
        if fault is None and before is not None and at_once:
            fault = f"与{before.place}说的是同一条判定，意见却不同；请只留一条"
        if fault is not None:
            complaints.append(Complaint(place=opinion.place, message=fault))
        elif (changed := _stale(opinion, machine)) is not None:
            stale[changed] += 1
            first.setdefault(changed, opinion.place)
        else:
            said[(*opinion.key, opinion.reviewer, opinion.session)] = opinion
            sound.append(opinion)
    complaints += [
        Complaint(place=first[rule, then], message=f"规则 {rule} 对不上：{then}（共 {count} 条意见）")
        for (rule, then), count in stale.items()
    ]
    return Checked(sound=tuple(sound), complaints=tuple(complaints))


def _completed(opinion: Opinion, machine: Machine) -> Opinion:
    """A rule that was written into a sheet by hand comes without what the machine said of it."""
    known = opinion.conversation_id in machine.conversation and opinion.rule_id in machine.rule
    if opinion.origin != SHEET or opinion.machine_verdict is not None or opinion.rule_id is None or not known:
        return opinion
    return replace(opinion, machine_verdict=machine.verdict(opinion.conversation_id, opinion.rule_id))


def _fault(opinion: Opinion, machine: Machine) -> str | None:
    if opinion.conversation_id not in machine.conversation:
        return f"批次里没有会话 {opinion.conversation_id}"
    if opinion.rule_id is None:
        return None
    if opinion.rule_id not in machine.rule:
        return f"批次没有判定过规则 {opinion.rule_id}"
    return None


def _stale(opinion: Opinion, machine: Machine) -> tuple[str, str] | None:
    """The rule and how it was then and is now; None when it is the same. A machine verdict that differs although the
    rule does not (the speech was heard anew) is as stale."""
    rule = opinion.rule_id
    if rule is None:
        if opinion.rule_digest == machine.rules_digest:
            return None
        return "（整个会话）", "意见是对另一套规则写的，没有单列的规则未必都看过"
    now, then = machine.digests[rule], opinion.rule_digest or ""
    if now != then:
        version, short = opinion.rule_version or "不明", then[:_SHORT] or "无摘要"
        current = f"{machine.versions.get(rule, '不明')}（{now[:_SHORT]}）"
        return rule, f"意见是对 {version}（{short}）写的，批次里是 {current}"
    verdict = machine.verdict(opinion.conversation_id, rule)
    if verdict != opinion.machine_verdict:
        seen = WORDS.get(opinion.machine_verdict or "", "无")
        return rule, f"意见是对机器判“{seen}”写的，批次里机器判“{WORDS[verdict]}”"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What is new of a batch of opinions: `rows` of the table reviews; `repeated`: how many were there already;
    `conflicts`: verdicts on which two people differ, told in Chinese."""

    rows: pa.Table
    repeated: int
    conflicts: tuple[str, ...]


def additions(opinions: Sequence[Opinion], stored: pa.Table, *, at: datetime, by: str) -> Added:
    """What of `opinions` the rows `stored` of the table reviews lack. A sheet is sent in more than once and has no time
    per row: what its reviewer said last anyway is no new opinion."""
    known = set(stored["review_id"].to_pylist())
    latest: dict[tuple[object, ...], tuple[str | None, str]] = {}
    others: dict[tuple[str, str | None], dict[str, str | None]] = {}
    for row in sorted(stored.to_pylist(), key=lambda r: r["reviewed_at"]):
        latest[row["conversation_id"], row["rule_id"], row["reviewer"], row["session"]] = (
            row["human_verdict"],
            row["comment"] or "",
        )
        if row["session"] is None:
            others.setdefault((row["conversation_id"], row["rule_id"]), {})[row["reviewer"]] = row["human_verdict"]
    new: dict[str, Opinion] = {}
    repeated = 0
    conflicts: list[str] = []
    for opinion in opinions:
        last = latest.get((*opinion.key, opinion.reviewer, opinion.session))
        again = opinion.origin == SHEET and last == (opinion.human_verdict, opinion.comment)
        if again or opinion.id in known or opinion.id in new:
            repeated += 1
            continue
        new[opinion.id] = opinion
        if opinion.rule_id is not None and opinion.session is None:
            beside = others.setdefault(opinion.key, {})
            conflicts += [
                f"会话 {opinion.conversation_id} 规则 {opinion.rule_id}：{who}说{WORDS[verdict]}，"
                f"{opinion.reviewer}说{WORDS[opinion.human_verdict]}"
                for who, verdict in beside.items()
                if who != opinion.reviewer and verdict is not None and opinion.human_verdict not in (None, verdict)
            ]
            beside[opinion.reviewer] = opinion.human_verdict
    return Added(rows=_rows(new, at, by), repeated=repeated, conflicts=tuple(conflicts))


def _rows(opinions: Mapping[str, Opinion], at: datetime, by: str) -> pa.Table:
    same = (
        *("conversation_id", "rule_id", "rule_version", "rule_digest", "machine_verdict", "human_verdict", "comment"),
        *("reviewer", "reviewed_at", "origin", "session"),
    )
    columns = {name: [getattr(o, name) for o in opinions.values()] for name in same}
    columns |= {"review_id": list(opinions), "imported_at": [at] * len(opinions), "imported_by": [by] * len(opinions)}
    return pa.table([pa.array(columns[f.name], f.type) for f in REVIEWS], schema=REVIEWS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Final:
    """The last word. `codes` as in Machine, with what people said in place; `rows` of the table final_findings: every
    verdict that was changed or confirmed."""

    machine: Machine
    codes: npt.NDArray[np.int8]
    rows: pa.Table


def reviewed(run: StoredRun) -> list[str]:
    """The conversations of which somebody said something that counts."""
    table = run.table("reviews", ["conversation_id", "session"])
    return sorted({c for c, s in zip(*(table[n].to_pylist() for n in table.column_names), strict=True) if s is None})


def behind(run: StoredRun) -> bool:
    """Whether reviews were stored of which the final verdicts know nothing: an import was killed before it made them
    again. False where they do not say what they rest on (of earlier versions)."""
    count = run.table("reviews", ["review_id"]).num_rows
    if not count:
        return False
    known = run.note("final_item_scores")
    return known != str(count) if known else not run.part_files("final_item_scores")


def final(reviews: pa.Table, machine: Machine) -> Final:
    """The verdicts after review. On each verdict the last opinion holds; an upheld appeal stands above all others, and
    what was said of a rule above a conversation that was read as a whole: that one says nothing of the rule.
    Calibration sessions compare people and move no verdict, nor does what was said of other rules before the run was
    made anew under the same name."""
    last: dict[tuple[str, str | None], Mapping[str, Any]] = {}
    for row in reviews.to_pylist():
        key = row["conversation_id"], row["rule_id"]
        current = machine.rules_digest if key[1] is None else machine.digests.get(key[1])
        known = key[0] in machine.conversation and row["rule_digest"] == current
        if known and row["session"] is None and (key not in last or _rank(last[key]) <= _rank(row)):
            last[key] = row
    codes = machine.codes.copy()
    by: list[Mapping[str, Any]] = []
    word = np.full(codes.shape, -1, np.int32)  # which of `by` has the last word
    for row in sorted(last.values(), key=lambda r: (r["rule_id"] or "", r["conversation_id"])):  # wholes come first
        conversation, rule = row["conversation_id"], row["rule_id"]
        at = machine.conversation[conversation]
        by.append(row)
        if rule is None:
            word[at] = len(by) - 1
        else:
            word[at, machine.rule[rule]] = len(by) - 1
            codes[at, machine.rule[rule]] = CODES[row["human_verdict"]]
    return Final(machine=machine, codes=codes, rows=_final_rows(machine, codes, word, by))


def _rank(row: Mapping[str, Any]) -> tuple[bool, datetime, datetime]:
    return row["origin"] == APPEAL, row["reviewed_at"], row["imported_at"]


def _final_rows(
    machine: Machine, codes: npt.NDArray[np.int8], word: npt.NDArray[np.int32], by: Sequence[Mapping[str, Any]]
) -> pa.Table:
    at, rule = np.nonzero(word >= 0)
    whose = pa.array(word[at, rule])
    columns: dict[str, pa.Array] = {
        "conversation_id": _taken(machine.ids, at),
        "rule_id": _taken(machine.rules, rule),
        "machine_verdict": _taken(VERDICTS, machine.codes[at, rule]),
        "final_verdict": _taken(VERDICTS, codes[at, rule]),
    }
    for name in ("review_id", "reviewer", "reviewed_at", "origin"):
        columns[name] = pa.array([row[name] for row in by], FINAL_FINDINGS.field(name).type).take(whose)
    return pa.table([columns[f.name] for f in FINAL_FINDINGS], schema=FINAL_FINDINGS)


def _taken(names: Iterable[str], at: npt.NDArray[Any]) -> pa.Array:
    return pa.array(list(names), pa.string()).take(pa.array(at))
