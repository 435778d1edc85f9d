"""The machine's verdicts beside the final ones: how many people changed, and what that did to the scores."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from qc.reporting.batch import Batch, lookup
from qc.reporting.estimates import Mean, Rate
from qc.reporting.summaries import mean_of, share_of
from qc.review.judged import on_trial

_RULES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Overturned:
    """A rule whose verdict people changed. `judged`: verdicts they gave on it; `withdrawn`: hits that were none,
    `added`: hits the machine had not found, `settled`: undecided ones they decided."""

    rule_id: str
    title: str
    judged: int
    withdrawn: int
    added: int
    settled: int

    @property
    def rate(self) -> Rate:
        """Changed among the judged."""
        return Rate(count=self.withdrawn + self.added + self.settled, n=self.judged)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What review changed. Means and pass rates are over the same conversations: the reviewed ones with a score by
    the machine and a final one; `changed` of them have another score now."""

    conversations: Rate
    """Reviewed, of all inspected."""
    overturned: Rate
    """Verdicts that were changed, of those judged: hit, miss or undecided."""
    machine: Mean
    final: Mean
    machine_passing: Rate
    final_passing: Rate
    changed: int
    rules: tuple[Overturned, ...]
    """The rules changed most often; no more than ten."""
    more: int
    """Further rules with a changed verdict."""


def verdicts(batch: Batch) -> Verdicts | None:
    """None where nobody reviewed anything."""
    if not len(batch.reviewed):
        return None
    table = batch.conversations
    own = table.filter(table["reviewed"])
    both = own.filter(pc.and_(pc.is_valid(own["score"]), pc.is_valid(own["machine_score"])))
    moved = pc.greater(pc.abs(pc.subtract(both["score"], both["machine_score"])), 1e-9)
    rules = _rules(batch)
    return Verdicts(
        conversations=Rate(count=own.num_rows, n=table.num_rows),
        overturned=Rate(count=sum(r.rate.count for r in rules), n=sum(r.judged for r in rules)),
        machine=mean_of(both["machine_score"]),
        final=mean_of(both["score"]),
        machine_passing=share_of(both["machine_passed"]),
        final_passing=share_of(both["passed"]),
        changed=share_of(moved).count,
        rules=tuple(r for r in rules if r.rate.count)[:_RULES],
        more=max(0, sum(1 for r in rules if r.rate.count) - _RULES),
    )


def judged_verdicts(batch: Batch) -> pa.Table:
    """A row per verdict that people gave on the machine's: conversation_id, rule_id, and 0 or 1 in `withdrawn`, `added`
    and `settled` (as in Overturned). Counted as the accuracy is: where both say that the rule does not apply there was
    nothing to judge, and rules on trial are no part of the machine's verdict."""
    finals = batch.finals
    absent = pc.and_(*(pc.equal(finals[c], "not_applicable") for c in ("machine_verdict", "final_verdict")))
    trial = pc.is_in(finals["rule_id"], value_set=on_trial(batch.run) if finals.num_rows else pa.array([], pa.string()))
    finals = finals.filter(pc.invert(pc.or_(absent, trial)))
    machine, final = finals["machine_verdict"], finals["final_verdict"]
    differ = pc.not_equal(machine, final)
    unsure = pc.equal(machine, "undecided")
    withdrawn = pc.equal(machine, "hit")
    counted = {
        "withdrawn": pc.and_(differ, withdrawn),
        "added": pc.and_(differ, pc.invert(pc.or_(withdrawn, unsure))),
        "settled": pc.and_(differ, unsure),
    }
    columns = {name: finals[name] for name in ("conversation_id", "rule_id")}
    return pa.table(columns | {name: pc.cast(mask, pa.int64()) for name, mask in counted.items()})


def _rules(batch: Batch) -> list[Overturned]:
    """Every rule that was judged, the one with the most changes first."""
    changes = ("withdrawn", "added", "settled")
    grouped = (
        judged_verdicts(batch)
        .group_by("rule_id", use_threads=False)
        .aggregate([("rule_id", "count"), *((name, "sum") for name in changes)])
    )
    titles = batch.findings.group_by("rule_id", use_threads=False).aggregate([("rule_title", "max")])
    named = lookup(grouped["rule_id"], titles, "rule_id")["rule_title_max"]
    rows = grouped.append_column("title", pc.coalesce(named, grouped["rule_id"])).to_pylist()
    known = batch.run.lineage.rule_titles
    found = [
        Overturned(
            rule_id=row["rule_id"],
            title=known.get(row["rule_id"], row["title"]),
            judged=row["rule_id_count"],
            withdrawn=row["withdrawn_sum"],
            added=row["added_sum"],
            settled=row["settled_sum"],
        )
        for row in rows
    ]
    return sorted(found, key=lambda r: (-r.rate.count, -r.judged, r.rule_id))
