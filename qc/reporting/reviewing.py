"""What people said of a conversation's verdicts, and what its page needs to take more of it.

Verdicts given for a calibration stay out: who judges the same conversation must not see them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qc.reporting.records import AppealRow, FinalRow, Record, ReviewRow, ScoreRow
from qc.storage.read import StoredRun


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRule:
    """A rule that was judged in a run. `title`: empty where it hit nothing, then only its id is known."""

    rule_id: str
    version: str
    digest: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """What people said of one rule in a conversation, oldest first. `final`: what it came to; None until the final
    verdicts are made. `title` as the run has it, else the id."""

    rule_id: str
    title: str
    reviews: tuple[ReviewRow, ...]
    appeal: tuple[AppealRow, ...]
    final: FinalRow | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewing:
    """`whole`: who read all of the conversation and agreed with what is not listed. `added`: rules people spoke of that
    the machine found nothing of. `scores`: the final score by scorecard id. `missed` and `absent`: rules the machine
    found nothing of, and rules it took for not applicable, from which a person may add what was overlooked; none in a
    run that did not store the digests of its rules."""

    whole: tuple[ReviewRow, ...]
    ruled: Mapping[str, Ruled]
    added: tuple[Ruled, ...]
    scores: Mapping[str, ScoreRow]
    missed: tuple[JudgedRule, ...]
    absent: tuple[JudgedRule, ...]


def judged_rules(run: StoredRun) -> tuple[JudgedRule, ...]:
    """The rules of the run by id, with their titles; in runs of before, those its findings give them."""
    titles: dict[str, str] = dict(run.lineage.rule_titles)
    for part in run.parts("findings", ["rule_id", "rule_title"]):
        distinct = part.group_by(["rule_id"], use_threads=False).aggregate([("rule_title", "max")])
        titles |= zip(distinct["rule_id"].to_pylist(), distinct["rule_title_max"].to_pylist(), strict=True)
    known = run.lineage
    return tuple(
        JudgedRule(rule_id=rule, version=known.rules.get(rule, ""), digest=digest, title=titles.get(rule) or "")
        for rule, digest in sorted(known.rule_digests.items())
    )


def reviewing(record: Record, rules: Sequence[JudgedRule] = ()) -> Reviewing:
    """`rules`: those of the run."""
    titles = {r.rule_id: r.title for r in rules if r.title} | {f.rule_id: f.rule_title for f in record.findings}
    open_reviews = sorted((r for r in record.reviews if r.session is None), key=lambda r: (r.reviewed_at, r.reviewer))
    finals = {f.rule_id: f for f in record.finals}
    spoken = {r.rule_id for r in open_reviews if r.rule_id is not None} | {a.rule_id for a in record.appeals}
    ruled = {
        rule: Ruled(
            rule_id=rule,
            title=titles.get(rule, rule),
            reviews=tuple(r for r in open_reviews if r.rule_id == rule),
            appeal=tuple(sorted((a for a in record.appeals if a.rule_id == rule), key=lambda a: (a.at, a.step))),
            final=finals.get(rule),
        )
        for rule in sorted(spoken | finals.keys())
    }
    found = {f.rule_id for f in record.findings}
    absent = frozenset(record.meta.not_applicable or ())
    free = [r for r in rules if r.rule_id not in found]
    return Reviewing(
        whole=tuple(r for r in open_reviews if r.rule_id is None),
        ruled=ruled,
        added=tuple(ruled[rule] for rule in sorted(spoken - found)),
        scores={s.scorecard_id: s for s in record.final_scores},
        missed=tuple(r for r in free if r.rule_id not in absent),
        absent=tuple(r for r in free if r.rule_id in absent),
    )
