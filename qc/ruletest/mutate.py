"""Mutation testing: is there a test for every part of a rule? A mutant no test notices is a test that is missing.

All mutants of a rule are judged together, as so many rules, over the dialogues of its own tests. A mutant is killed
when one verdict differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from qc.domain.rule import Lexicon, Rule, RulePack, RuleStatus
from qc.errors import SpecError
from qc.matching.compile import compile_rules
from qc.matching.judge import judge
from qc.ruletest.inline import SignalsFactory, conversation_of
from qc.ruletest.mutate_piece import MOST
from qc.ruletest.mutate_rule import Mutant, mutants
from qc.specs.document import Document, read
from qc.text.shard import Shard


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant no test noticed, at its place in the rule file."""

    what: str
    missing: str
    line: int
    col: int

    @property
    def sentence(self) -> str:
        return f"{self.what}，没有测试发现：{self.missing}。"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleMutation:
    """One rule: how many mutants its tests killed, and the others in order of line."""

    rule: Rule
    total: int
    survivors: tuple[Survivor, ...]

    @property
    def killed(self) -> int:
        return self.total - len(self.survivors)

    @property
    def score(self) -> float:
        """Percent."""
        return 100.0 if not self.total else 100.0 * self.killed / self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class MutationReport:
    """All rules, in order of id."""

    rules: tuple[RuleMutation, ...]

    @property
    def total(self) -> int:
        return sum(r.total for r in self.rules)

    @property
    def killed(self) -> int:
        return sum(r.killed for r in self.rules)

    @property
    def score(self) -> float:
        """Percent of all mutants of all rules."""
        return 100.0 if not self.total else 100.0 * self.killed / self.total

    @property
    def summary(self) -> str:
        left = self.total - self.killed
        return f"{len(self.rules)} 条规则，{self.total} 个变异：发现 {self.killed}，漏过 {left}，得分 {self.score:.1f}"


def mutate(
    pack: RulePack,
    signals: SignalsFactory,
    *,
    confidence_floor: float,
    rules: Sequence[str] | None = None,
    most: int = MOST,
) -> MutationReport:
    """Judge every mutant of the stable and shadow rules, or of the rules named by id (then drafts too). `most`: so many
    words of a list and alternatives of an expression, see MOST.

    Raises UsageError when a rule cannot be compiled.
    """
    chosen = [rule for rule in sorted(pack.rules, key=lambda r: r.id) if _takes_part(rule, rules)]
    lexicons = {lexicon.id: lexicon for lexicon in pack.lexicons}
    found = []
    for rule in chosen:
        made = tuple(mutants(rule, lexicons, most))
        surviving = _surviving(rule, made, pack.lexicons, signals, confidence_floor) if rule.tests else made
        document = _document(rule.path) if surviving else None
        survivors = [Survivor(mutant.what, mutant.missing, *_place(document, mutant)) for mutant in surviving]
        survivors.sort(key=lambda s: (s.line, s.col, s.what))
        found.append(RuleMutation(rule=rule, total=len(made), survivors=tuple(survivors)))
    return MutationReport(rules=tuple(found))


def _takes_part(rule: Rule, named: Sequence[str] | None) -> bool:
    if named is not None:
        return rule.id in named and rule.status is not RuleStatus.RETIRED
    return rule.status in (RuleStatus.STABLE, RuleStatus.SHADOW)


def _surviving(
    rule: Rule, made: Sequence[Mutant], lexicons: Sequence[Lexicon], signals: SignalsFactory, floor: float
) -> Sequence[Mutant]:
    """The mutants that come to the rule's own verdict on every one of its tests."""
    reduced = {mutant.lexicon.id: mutant.lexicon for mutant in made if mutant.lexicon is not None}
    pack = RulePack(rules=(rule, *(mutant.rule for mutant in made)), lexicons=(*lexicons, *reduced.values()), digest="")
    compiled = compile_rules(pack, confidence_floor=floor, drafts=True)
    shard = Shard([conversation_of(rule, test, str(number)) for number, test in enumerate(rule.tests)])
    judgement = judge(compiled, shard, signals(shard, compiled.need))
    rows = {judged.id: row for row, judged in enumerate(judgement.rules)}
    differs = np.any(judgement.verdicts != judgement.verdicts[rows[rule.id]], axis=1)
    return [mutant for mutant in made if not differs[rows[mutant.rule.id]]]


def _document(path: str) -> Document | None:
    try:
        return read(Path(path), path)
    except SpecError:  # the pack did not come from files
        return None


def _place(document: Document | None, mutant: Mutant) -> tuple[int, int]:
    """Line and column of what the mutant changed: of its words where they stand below its piece, else of the piece."""
    if document is None:
        return 1, 1
    line, col, _ = document.where(mutant.key, key=True)
    if mutant.needle:
        for number in range(line, len(document.lines) + 1):
            text = document.lines[number - 1]
            indent = len(text) - len(text.lstrip())
            if number > line and text.strip() and indent < col:
                break
            if (at := text.find(mutant.needle, col - 1 if number == line else 0)) >= 0:
                return number, at + 1
    return line, col
