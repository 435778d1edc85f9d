"""Hits of rules in force: a rule on trial (shadow) is reported and counts for nothing."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from qc.schema.tables import TABLES
from qc.storage.read import StoredRun

_COLUMNS = ["conversation_id", "rule_id", "status", "verdict", "hit_count"]
_HITS = ["conversation_id", "rule_id", "hit_count"]


def hits_in_force(run: StoredRun, rules: Sequence[str]) -> tuple[pa.Table, frozenset[str]]:
    """Of `rules`, the conversations they hit (`conversation_id`, `rule_id`, `hit_count`), and which of them were in
    force: judged in this run, and none of their findings on trial."""
    named = pa.array(rules, pa.string())
    tables = [pa.schema([TABLES["findings"].field(c) for c in _HITS]).empty_table()]
    trial = {rule for rule, status in run.lineage.rule_statuses.items() if status == "shadow"}
    for part in run.parts("findings", _COLUMNS):
        mine = part.filter(pc.is_in(part["rule_id"], value_set=named))
        shadow = pc.fill_null(pc.equal(mine["status"], "shadow"), False)
        trial |= set(mine.filter(shadow)["rule_id"].to_pylist())
        tables.append(mine.filter(pc.and_(pc.invert(shadow), pc.equal(mine["verdict"], "hit"))).select(_HITS))
    return pa.concat_tables(tables), frozenset(r for r in rules if r in run.lineage.rules) - trial
