"""Final verdicts and scores laid over the machine's: which rows of a run's tables a review replaced."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.run import Lineage
from qc.storage.read import StoredRun

_FINAL = ["conversation_id", "rule_id", "machine_verdict", "final_verdict"]
_OF_RULE = ("rule_title", "rule_version", "kind", "severity", "error_class", "status")
_SHOWN = pa.array(["hit", "undecided"])


def final_verdicts(run: StoredRun) -> pa.Table:
    """A row per verdict that somebody confirmed or overturned: conversation_id, rule_id, machine_verdict,
    final_verdict."""
    return run.table("final_findings", _FINAL)


def over(machine: pa.Table, final: pa.Table) -> pa.Table:
    """The rows of `machine` with those of the conversations in `final` replaced by its rows."""
    if not final.num_rows:
        return machine
    replaced = pc.cast(pc.unique(final["conversation_id"]), pa.string())  # may be a dictionary
    kept = pc.invert(pc.is_in(machine["conversation_id"], value_set=replaced))
    return pa.concat_tables([machine.filter(kept), final])


def with_percent(scores: pa.Table) -> pa.Table:
    """Rows of `scores` with `percent`: the score in percent of its card's base; null where a card has none to reach
    (nothing but awards)."""
    base = pc.if_else(pc.greater(scores["base"], 0), scores["base"], None)
    return scores.append_column("percent", pc.multiply(pc.divide(scores["score"], base), 100.0))


def scores_of(run: StoredRun, columns: Sequence[str]) -> pa.Table:
    """Some columns of the scores of a run, the final ones where there are, with `percent`. `base` and `score` are among
    the columns."""
    return with_percent(over(run.table("scores", columns), run.table("final_scores", columns)))


def verdict_key(table: pa.Table) -> pa.ChunkedArray:
    """What tells the verdicts of a table apart: conversation and rule, as one text."""
    return pc.binary_join_element_wise(table["conversation_id"], table["rule_id"], "\0")


def with_final_verdicts(findings: pa.Table, finals: pa.Table, items: pa.Table, lineage: Lineage) -> pa.Table:
    """`findings` (all stored rows) with `verdict` the final one and `machine_verdict` beside it, without rows whose
    verdict is neither hit nor undecided.

    A hit that the machine had not found gets a row without evidence; what is known of its rule is taken from other
    findings of the run, or, where the rule hit nothing else, its kind from the `items` that list it, its title and
    version from the `lineage`.
    """
    findings = findings.append_column("machine_verdict", findings["verdict"])
    if finals.num_rows:
        touched = pc.is_in(findings["conversation_id"], value_set=pc.unique(finals["conversation_id"]))
        own = findings.filter(touched)
        at = pc.index_in(verdict_key(own), value_set=verdict_key(finals).combine_chunks())
        said = finals["final_verdict"].combine_chunks().take(at.combine_chunks())
        place = own.column_names.index("verdict")
        own = own.set_column(place, "verdict", pc.coalesce(said, own["verdict"]))
        new = finals.filter(pc.invert(pc.is_in(verdict_key(finals), value_set=verdict_key(own).combine_chunks())))
        new = new.filter(pc.is_in(new["final_verdict"], value_set=_SHOWN))
        findings = pa.concat_tables(
            [findings.filter(pc.invert(touched)), own, _found_by_people(new, findings, items, lineage)]
        )
    return findings.filter(pc.is_in(findings["verdict"], value_set=_SHOWN))


def _found_by_people(new: pa.Table, findings: pa.Table, items: pa.Table, lineage: Lineage) -> pa.Table:
    known = findings.filter(pc.is_in(findings["rule_id"], value_set=pc.unique(new["rule_id"])))
    known = known.group_by("rule_id", use_threads=False).aggregate([(name, "max") for name in _OF_RULE])
    at = pc.index_in(new["rule_id"], value_set=known["rule_id"].combine_chunks())
    columns = {name: known[f"{name}_max"].take(at) for name in _OF_RULE}
    listed = pa.table(
        {
            "rule": pc.list_flatten(items["rule_ids"]),
            "effect": items["effect"].take(pc.list_parent_indices(items["rule_ids"])),
        }
    )
    gaining = pc.is_in(new["rule_id"], value_set=pc.unique(listed.filter(pc.equal(listed["effect"], "award"))["rule"]))
    scored = pc.is_in(new["rule_id"], value_set=pc.unique(listed["rule"]))
    kind = pc.if_else(gaining, "merit", pc.if_else(scored, "violation", "signal"))
    columns["kind"] = pc.coalesce(columns["kind"], kind)
    rules = new["rule_id"].to_pylist()
    titles = pa.array([lineage.rule_titles.get(rule, rule) for rule in rules], pa.string())
    versions = pa.array([lineage.rules.get(rule) for rule in rules], pa.string())
    columns["rule_title"] = pc.coalesce(columns["rule_title"], titles)
    columns["rule_version"] = pc.coalesce(columns["rule_version"], versions)
    columns["status"] = pc.coalesce(columns["status"], "stable")
    columns |= {"conversation_id": new["conversation_id"], "rule_id": new["rule_id"]}
    columns |= {"verdict": new["final_verdict"], "machine_verdict": new["machine_verdict"]}
    columns["message"] = pa.array([""] * new.num_rows, pa.string())
    columns["hit_count"] = pa.array([0] * new.num_rows, pa.int32())
    schema = findings.schema
    return pa.table(
        [pc.cast(columns[f.name], f.type) if f.name in columns else pa.nulls(new.num_rows, f.type) for f in schema],
        schema=schema,
    )
