"""What changed since the batch before: rules, with what they hit then and now, scorecards, how speech was heard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.language import say
from qc.domain.run import CardLineage, Lineage
from qc.reporting.batch import Batch
from qc.reporting.estimates import Rate
from qc.storage.read import StoredRun

_LISTED = 60
ADDED, REMOVED, CHANGED = "added", "removed", "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """One rule. `before` and `after`: its version, empty where there was none; `was` and `now`: conversations hit by
    the machine, None on the side where there was no such rule."""

    rule_id: str
    title: str
    kind: str
    before: str
    after: str
    was: Rate | None
    now: Rate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardChange:
    title: str
    kind: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Something else that moves verdicts, before and after."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChanges:
    """Against the batch `run`, begun at `at`; `again`: of the same conversations. `versions_only`: that batch did not
    store what its rules said, so that a change without a new version is not seen. `lexicons`: word lists changed, which
    may move rules that did not."""

    run: str
    at: str
    again: bool
    versions_only: bool
    rules: tuple[RuleChange, ...]
    more: int
    same: int
    scorecards: tuple[CardChange, ...]
    lexicons: bool
    others: tuple[Other, ...]

    @property
    def nothing(self) -> bool:
        """Nothing is known to have changed."""
        return not (self.rules or self.scorecards or self.lexicons or self.others)


def rule_changes(batch: Batch, earlier: Sequence[StoredRun], again: StoredRun | None = None) -> RuleChanges | None:
    """Against the run `again`, in which the same conversations were judged, or else the last of `earlier`; None where
    there is none."""
    past = again or (earlier[-1] if earlier else None)
    if past is None:
        return None
    old, new = past.lineage, batch.run.lineage
    kinds = _changed(old, new)
    rules: list[RuleChange] = []
    if kinds:
        was, old_titles = _hits(past.table("findings", _FINDING), old)
        now, titles = _hits(batch.run.table("findings", _FINDING), new)
        rules = [
            RuleChange(
                rule_id=rule,
                title=titles.get(rule) or old_titles.get(rule) or rule,
                kind=kind,
                before=old.rules.get(rule, ""),
                after=new.rules.get(rule, ""),
                was=None if kind == ADDED else was.get(rule, Rate(count=0, n=_size(old))),
                now=None if kind == REMOVED else now.get(rule, Rate(count=0, n=_size(new))),
            )
            for rule, kind in kinds.items()
        ]
        rules.sort(key=lambda c: ((CHANGED, ADDED, REMOVED).index(c.kind), -_moved(c), c.rule_id))
    return RuleChanges(
        run=old.name or old.run_id,
        at=old.started_at,
        again=again is not None,
        versions_only=not (old.rule_digests and new.rule_digests),
        rules=tuple(rules[:_LISTED]),
        more=max(0, len(rules) - _LISTED),
        same=len(set(old.rules) & set(new.rules)) - sum(1 for c in rules if c.kind == CHANGED),
        scorecards=_cards(old.scorecards, new.scorecards),
        lexicons=bool(old.lexicons_digest) and old.lexicons_digest != new.lexicons_digest,
        others=_others(old, new),
    )


_FINDING = ["rule_id", "rule_title", "verdict"]


def _changed(old: Lineage, new: Lineage) -> Mapping[str, str]:
    """Rule id → what became of it; what did not change is left out."""
    found = {rule: ADDED for rule in new.rules if rule not in old.rules}
    found |= {rule: REMOVED for rule in old.rules if rule not in new.rules}
    for rule in old.rules.keys() & new.rules.keys():
        told = rule in old.rule_digests and rule in new.rule_digests
        differs = told and old.rule_digests[rule] != new.rule_digests[rule]
        if differs or old.rules[rule] != new.rules[rule]:
            found[rule] = CHANGED
    return dict(sorted(found.items()))


def _hits(findings: pa.Table, lineage: Lineage) -> tuple[dict[str, Rate], dict[str, str]]:
    """Rule id → conversations the machine found it in, and → its title. A finding is one rule in one conversation."""
    hit = pc.cast(pc.equal(findings["verdict"], "hit"), pa.int64())
    table = pa.table({"rule": findings["rule_id"], "title": findings["rule_title"], "hit": hit})
    rows = table.group_by("rule", use_threads=False).aggregate([("hit", "sum"), ("title", "max")]).to_pylist()
    size = _size(lineage)
    return {g["rule"]: Rate(count=g["hit_sum"], n=size) for g in rows}, {g["rule"]: g["title_max"] for g in rows}


def _size(lineage: Lineage) -> int:
    return lineage.counts.ok


def _moved(change: RuleChange) -> float:
    was, now = (0.0 if rate is None else rate.value or 0.0 for rate in (change.was, change.now))
    return abs(now - was)


def _cards(old: Sequence[CardLineage], new: Sequence[CardLineage]) -> tuple[CardChange, ...]:
    before, after = {c.id: c for c in old}, {c.id: c for c in new}
    found = []
    for card in sorted(before.keys() | after.keys()):
        a, b = before.get(card), after.get(card)
        if a is None and b is not None:
            found.append(CardChange(title=b.title, kind=ADDED, before="", after=b.version))
        elif b is None and a is not None:
            found.append(CardChange(title=a.title, kind=REMOVED, before=a.version, after=""))
        elif a is not None and b is not None and (a.digest, a.version) != (b.digest, b.version):
            found.append(CardChange(title=b.title, kind=CHANGED, before=a.version, after=b.version))
    return tuple(found)


def _others(old: Lineage, new: Lineage) -> tuple[Other, ...]:
    """Only where both sides know: a batch of chats has no speech engine."""
    floor = tuple("" if run.confidence_floor is None else f"{run.confidence_floor:g}" for run in (old, new))
    pairs = (
        (say("转写引擎"), old.asr_engine, new.asr_engine),
        (say("转写模型"), old.asr_model, new.asr_model),
        (say("转写选项"), old.asr_options, new.asr_options),
        (say("置信度下限"), *floor),
        (say("qc 版本"), old.qc_version, new.qc_version),
    )
    return tuple(Other(name=name, before=a, after=b) for name, a, b in pairs if a and b and a != b)
