"""What the machine said of some conversations of a run: every rule that was judged, hit or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qc.errors import UsageError
from qc.review.opinions import HIT, MISS, NOT_APPLICABLE, UNDECIDED, VERDICTS
from qc.storage.read import StoredRun, require_finished

CODES = {verdict: code for code, verdict in enumerate(VERDICTS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """Who served a conversation; empty where not known."""

    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Machine:
    """`codes[c, r]` is the index in VERDICTS of what rule r made of conversation c, `hits[c, r]` how many pieces of
    evidence a hit has. `digests` and `versions` are those of the rules, in their order."""

    ids: tuple[str, ...]
    rules: tuple[str, ...]
    codes: npt.NDArray[np.int8]
    hits: npt.NDArray[np.int32]
    digests: Mapping[str, str]
    versions: Mapping[str, str]
    rules_digest: str
    agents: Mapping[str, Agent]

    @cached_property
    def conversation(self) -> Mapping[str, int]:
        """Where each conversation stands."""
        return {name: i for i, name in enumerate(self.ids)}

    @cached_property
    def rule(self) -> Mapping[str, int]:
        """Where each rule stands."""
        return {name: i for i, name in enumerate(self.rules)}

    def verdict(self, conversation_id: str, rule_id: str) -> str:
        """Raises KeyError for what is not in the run."""
        return VERDICTS[int(self.codes[self.conversation[conversation_id], self.rule[rule_id]])]


def machine(run: StoredRun, wanted: Iterable[str]) -> Machine:
    """The verdicts on those of the conversations `wanted` that are in the run.

    Raises UsageError for a run that is not done, or that was judged before rules had a digest in it.
    """
    lineage = require_finished(run).lineage
    if not lineage.rule_digests:
        told = "没有判定过" if not lineage.rules_digest else "由较早的版本判定，没有记下规则的摘要"
        raise UsageError(f"批次 {lineage.run_id} {told}，不能复核", f"先运行 qc inspect {run.path}，复核新批次。")
    table = run.table("conversations", ["conversation_id", "agent_id", "agent_name", "not_applicable"])
    table = table.filter(pc.is_in(table["conversation_id"], value_set=pa.array(sorted(set(wanted)), pa.string())))
    table = table.sort_by("conversation_id")
    ids, rules = tuple(table["conversation_id"].to_pylist()), tuple(sorted(lineage.rule_digests))
    codes = np.full((len(ids), len(rules)), CODES[MISS], np.int8)
    hits = np.zeros((len(ids), len(rules)), np.int32)
    known, names = pa.array(ids, pa.string()), pa.array(rules, pa.string())
    lists = table["not_applicable"]
    if len(lists):
        lists = pa.concat_arrays(lists.chunks)
        at = pc.index_in(pc.list_flatten(lists), value_set=names)
        there = np.asarray(pc.is_valid(at).to_numpy(zero_copy_only=False), np.bool_)
        owner = np.asarray(pc.list_parent_indices(lists).to_numpy(), np.int64)
        codes[owner[there], np.asarray(at.drop_null().to_numpy(), np.int64)] = CODES[NOT_APPLICABLE]
    found = run.table("findings", ["conversation_id", "rule_id", "verdict", "hit_count"])
    told = pc.is_in(found["verdict"], value_set=pa.array([HIT, UNDECIDED]))
    mine = pc.and_(pc.is_in(found["conversation_id"], value_set=known), pc.is_in(found["rule_id"], value_set=names))
    found = found.filter(pc.and_(told, mine))
    where = (_places(found["conversation_id"], known), _places(found["rule_id"], names))
    codes[where] = np.where(pc.equal(found["verdict"], HIT).to_numpy(), CODES[HIT], CODES[UNDECIDED])
    hits[where] = pc.fill_null(found["hit_count"], 0).to_numpy()
    agents = zip(ids, table["agent_id"].to_pylist(), table["agent_name"].to_pylist(), strict=True)
    return Machine(
        ids=ids,
        rules=rules,
        codes=codes,
        hits=hits,
        digests=lineage.rule_digests,
        versions=lineage.rules,
        rules_digest=lineage.rules_digest,
        agents={i: Agent(id=number or "", name=name or "") for i, number, name in agents},
    )


def _places(values: pa.ChunkedArray, among: pa.Array) -> npt.NDArray[np.int64]:
    return np.asarray(pc.index_in(values, value_set=among).to_numpy(), np.int64)
