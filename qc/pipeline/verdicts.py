"""Verdicts of a part of a stored run as matrices: those it stored, and those of rules judged anew."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.finding import Finding, Verdict
from qc.domain.specs import Specs
from qc.matching.compile import CompiledRules, compile_rules
from qc.matching.judge import VERDICTS, judge
from qc.matching.signals import Need, Signals
from qc.pipeline.stored import StoredPart
from qc.ruletest.diff import ABSENT as ABSENT_NAME
from qc.text.signals import analyser_of

HIT, MISS, NOT_APPLICABLE, UNDECIDED = (
    VERDICTS.index(v) for v in (Verdict.HIT, Verdict.MISS, Verdict.NOT_APPLICABLE, Verdict.UNDECIDED)
)
ABSENT = len(VERDICTS)
"""The code of a rule that is not in force, or that the run did not judge."""
OF_CODE: tuple[Verdict, ...] = (*VERDICTS, Verdict.NOT_APPLICABLE)
"""Verdicts by their codes; a rule that was not judged does not apply."""
NAMES = (*(v.value for v in VERDICTS), ABSENT_NAME)
"""What is shown and stored of a code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """`codes[r, c]` is the verdict of `rules[r]` on conversation c of the part, `hits[r, c]` how many pieces of
    evidence a hit has. `findings` of rules judged anew, by rule and conversation."""

    rules: tuple[str, ...]
    codes: npt.NDArray[np.int8]
    hits: npt.NDArray[np.int32]
    findings: Mapping[tuple[str, int], Finding] = field(default_factory=dict)

    def row(self, rule: str) -> int:
        return self.rules.index(rule)

    def overlaid(self, other: Verdicts, absent: Collection[str] = ()) -> Verdicts:
        """These, with the rows of `other` in place of ours, and without the rules of `absent`."""
        codes, hits = self.codes.copy(), self.hits.copy()
        if other.rules:
            rows = [self.row(rule) for rule in other.rules]
            codes[rows], hits[rows] = other.codes, other.hits
        gone = [self.row(rule) for rule in absent]
        codes[gone], hits[gone] = ABSENT, 0
        return Verdicts(rules=self.rules, codes=codes, hits=hits, findings={**self.findings, **other.findings})


def nothing_judged(rules: Sequence[str], conversations: int) -> Verdicts:
    """No verdict of any rule."""
    shape = (len(rules), conversations)
    return Verdicts(rules=tuple(rules), codes=np.full(shape, ABSENT, np.int8), hits=np.zeros(shape, np.int32))


def stored_verdicts(part: StoredPart, rules: Sequence[str], judged: Collection[str]) -> Verdicts:
    """What the run stored of `rules`, of which it had `judged` some."""
    n = len(part.ids)
    codes = np.full((len(rules), n), MISS, np.int8)
    hits = np.zeros((len(rules), n), np.int32)
    names = pa.array(rules, pa.string())
    lists = part.table("conversations", ("not_applicable",))["not_applicable"].combine_chunks()
    lists = lists if isinstance(lists, pa.Array) else pa.concat_arrays([pa.array([], lists.type), *lists.chunks])
    row = pc.fill_null(pc.index_in(lists.flatten(), value_set=names), -1).to_numpy()
    owner = pc.list_parent_indices(lists).to_numpy()
    codes[row[row >= 0], owner[row >= 0]] = NOT_APPLICABLE
    found = part.table("findings", ("conversation_id", "rule_id", "verdict", "hit_count"))
    found = found.filter(pc.is_in(found["verdict"], value_set=pa.array([VERDICTS[HIT], VERDICTS[UNDECIDED]])))
    found = found.filter(pc.is_in(found["rule_id"], value_set=names))
    if found.num_rows:
        row = pc.index_in(found["rule_id"], value_set=names).to_numpy()
        owner = part.positions(found["conversation_id"])
        hit = pc.equal(found["verdict"], VERDICTS[HIT].value).to_numpy()
        codes[row, owner] = np.where(hit, HIT, UNDECIDED)
        hits[row, owner] = pc.fill_null(found["hit_count"], 0).to_numpy()
    codes[[rule not in judged for rule in rules]] = ABSENT
    return Verdicts(rules=tuple(rules), codes=codes, hits=hits)


class Judge:
    """Some rules of one state of the specs, compiled to judge parts of one stored run. `own_signals`: emotions,
    topics and intentions are worked out with the state's own words, for the run had others."""

    def __init__(self, specs: Specs, rules: Collection[str], *, floor: float, own_signals: bool) -> None:
        chosen = tuple(rule for rule in specs.in_force if rule.id in rules)
        self._compiled: CompiledRules = compile_rules(replace(specs.pack, rules=chosen), confidence_floor=floor)
        self._analyser = analyser_of(specs) if own_signals else None

    def judge(self, part: StoredPart) -> Verdicts:
        """The verdicts of the rules on the part."""
        if not self._compiled.rules:
            return Verdicts(rules=(), codes=np.zeros((0, len(part.ids)), np.int8), hits=np.zeros((0, 0), np.int32))
        judgement = judge(self._compiled, part.shard, self.signals(part))
        rules = tuple(rule.id for rule in judgement.rules)
        hits = np.zeros(judgement.verdicts.shape, np.int32)
        findings = {(f.rule_id, c): f for c, found in enumerate(judgement.findings) for f in found}
        rows = {rule: row for row, rule in enumerate(rules)}
        for (rule, conversation), found in findings.items():
            if found.verdict is not Verdict.MISS:  # an excused one has hits, but they do not count
                hits[rows[rule], conversation] = len(found.hits)
        return Verdicts(rules=rules, codes=judgement.verdicts, hits=hits, findings=findings)

    def signals(self, part: StoredPart) -> Signals:
        """The signals the rules need."""
        need = self._compiled.need
        if self._analyser is None:
            return part.signals(need)
        stored = part.signals(need & ~(Need.EMOTIONS | Need.TOPICS | Need.INTENTS))
        return replace(
            stored,
            emotions=self._analyser.emotions(part.shard) if Need.EMOTIONS in need else None,
            topics=self._analyser.topics(part.shard) if Need.TOPICS in need else None,
            intents=self._analyser.intents(part.shard) if Need.INTENTS in need else None,
        )
