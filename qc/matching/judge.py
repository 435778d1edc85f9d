"""All rules on all conversations of a shard.

What rules share is worked out once: the scan for all words, the turns of a frame, equal pieces of different rules. A
piece that finds nothing in a shard is one of a few constant results, so that the cost of a rule grows with its hits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from qc.domain.finding import Finding, Verdict
from qc.domain.operators import piece_names
from qc.domain.rule import Rule, Scope, Truth, Validity, Which
from qc.domain.sentence import Name, Sentence, names
from qc.matching import operators as _registered  # noqa: F401 - fills the registry
from qc.matching.anchors import anchored, for_each
from qc.matching.compile import CompiledRule, CompiledRules, Plan
from qc.matching.context import Context
from qc.matching.evidence import Bools, PieceResult
from qc.matching.exceptions import pardon, pardoned
from qc.matching.frame import Selection, decide, select
from qc.matching.kleene import truth_of
from qc.matching.proof import excused, findings
from qc.matching.registry import evaluate
from qc.matching.signals import Signals
from qc.text.shard import Shard

VERDICTS: tuple[Verdict, ...] = tuple(Verdict)
"""Codes of the verdict matrix: `VERDICTS[code]`."""
_HIT, _MISS, _NA, _UNDECIDED = (
    VERDICTS.index(v) for v in (Verdict.HIT, Verdict.MISS, Verdict.NOT_APPLICABLE, Verdict.UNDECIDED)
)


_OF_TRUTH = np.array([_MISS, _UNDECIDED, _HIT], np.int8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """`verdicts[r, c]` is the code (see VERDICTS) of `rules[r]` on conversation c; `findings[c]` holds the findings of
    conversation c, in order of rules: HIT, UNDECIDED, and MISS where an exception made it so."""

    rules: tuple[Rule, ...]
    verdicts: npt.NDArray[np.int8]
    findings: tuple[tuple[Finding, ...], ...]


def judge(compiled: CompiledRules, shard: Shard, signals: Signals) -> Judgement:
    """Judge every rule on every conversation.

    Raises InternalError when `signals` lacks one that the rules need (`compiled.need`).
    """
    signals.check(compiled.need)
    bench = _Bench(compiled, shard, signals)
    verdicts = np.full((len(compiled.rules), len(shard)), _NA, np.int8)
    found: list[list[Finding]] = [[] for _ in range(len(shard))]
    for row, rule in zip(verdicts, compiled.rules, strict=True):
        concerned = bench.concerned(rule.rule.scope, rule.rule.valid)
        if not concerned.any():
            continue
        pieces = bench.pieces(rule)
        np.copyto(row, _verdicts(rule, pieces), where=concerned)
        told = np.flatnonzero((row == _HIT) | (row == _UNDECIDED))
        if len(told):
            for conversation, finding in findings(bench.context, rule, pieces, told, row[told] == _HIT):
                found[conversation].append(finding)
        if rule.bare is not None and any(piece.excused for piece in pieces.values()):
            without = _verdicts(rule.bare, bench.pieces(rule.bare))
            for conversation in np.flatnonzero((row == _MISS) & (without == _HIT)).tolist():
                found[conversation].append(excused(bench.context, rule, pieces, conversation))
    return Judgement(
        rules=tuple(rule.rule for rule in compiled.rules),
        verdicts=verdicts,
        findings=tuple(map(tuple, found)),
    )


def _verdicts(rule: CompiledRule, pieces: Mapping[str, PieceResult]) -> npt.NDArray[np.int8]:
    """`given` false: not applicable; unknown: undecided. Then `when` decides; but a hit for which something would have
    to be missing, where words that were not heard clearly may be just that, is undecided."""
    when, when_na = _sentence(rule.when, pieces)
    verdict = _OF_TRUTH[when]
    verdict[when_na] = _NA
    if rule.given is not None:
        given, given_na = _sentence(rule.given, pieces)
        verdict[given == Truth.UNKNOWN] = _UNDECIDED
        verdict[(given == Truth.FALSE) | given_na] = _NA
    if any(piece.unheard.any() for piece in pieces.values()):
        doubted = {n: replace(p, truth=np.where(p.unheard, np.int8(Truth.UNKNOWN), p.truth)) for n, p in pieces.items()}
        for sentence in (rule.when, *([] if rule.given is None else [rule.given])):
            verdict[(verdict == _HIT) & (_sentence(sentence, doubted)[0] == Truth.UNKNOWN)] = _UNDECIDED
    return verdict


def _sentence(sentence: Sentence, pieces: Mapping[str, PieceResult]) -> tuple[npt.NDArray[np.int8], Bools]:
    """The truth, and where it hangs on a piece whose range is empty and says `on_empty: na`."""
    if isinstance(sentence, Name):
        piece = pieces[sentence.name]
        return np.where(piece.na, np.int8(Truth.UNKNOWN), piece.truth), piece.na
    used = {name.name for name, _ in names(sentence)}
    truths = {n: np.where(pieces[n].na, np.int8(Truth.UNKNOWN), pieces[n].truth) for n in used}
    truth = truth_of(sentence, truths)
    na = np.logical_or.reduce([pieces[n].na for n in sorted(used)])
    return truth, na & (truth == Truth.UNKNOWN)


def _bools(values: Iterable[bool]) -> Bools:
    """Of no conversations too, where a list would be one of numbers."""
    return np.fromiter(values, np.bool_)


class _Bench:
    """One shard under judgement."""

    def __init__(self, compiled: CompiledRules, shard: Shard, signals: Signals) -> None:
        self.context = Context(shard, signals, compiled.vocabulary, compiled.floor)
        self.shard = shard
        self._frames = compiled.selections
        self._selections: list[Selection | None] = [None] * len(compiled.selections)
        self._results: list[PieceResult | None] = [None] * compiled.distinct
        self._concerned: dict[tuple[Scope, Validity], Bools] = {}

    def concerned(self, scope: Scope, valid: Validity) -> Bools:
        """Conversations in the scope that began while the rule is valid."""
        if (scope, valid) not in self._concerned:
            inside = np.ones(len(self.shard), np.bool_)
            if scope.projects:
                inside &= _bools(project in scope.projects for project in self.shard.columns.project)
            if scope.channels:
                inside &= _bools(channel in scope.channels for channel in self.shard.columns.channel)
            if valid != Validity():
                inside &= _bools(_valid(valid, meta.started_at) for meta in self.shard.columns.meta)
            self._concerned[scope, valid] = inside
        return self._concerned[scope, valid]

    def pieces(self, rule: CompiledRule) -> dict[str, PieceResult]:
        """The rule's pieces by name."""
        results: dict[str, PieceResult] = {}
        for name in rule.order:
            plan = rule.plans[name]
            if plan.key is None:
                results[name] = self._piece(plan, results)
                continue
            known = self._results[plan.key]
            if known is None:
                known = self._results[plan.key] = self._piece(plan, results)
            results[name] = known
        return results

    def _selection(self, number: int) -> Selection:
        known = self._selections[number]
        if known is None:
            known = self._selections[number] = select(self.shard, self._frames[number], self.context.clarity)
        return known

    def _piece(self, plan: Plan, done: Mapping[str, PieceResult]) -> PieceResult:
        frame, standard = plan.frame, plan.standard
        selection = self._selection(plan.selection)
        each = None
        for anchor in frame.anchors:
            if anchor.which is Which.EACH:
                each = anchor
            else:
                selection = anchored(selection, anchor, done[anchor.piece])
        evidence = evaluate(plan.operator, frame, selection, self.context, done)
        whole = standard.whole or frame.negate
        spared = pardon(frame, selection, evidence, standard, done) if frame.unless and not whole else None
        if spared is not None:
            evidence = spared.evidence
        if each is None:
            result = decide(frame, selection, evidence, standard)
        else:
            result = for_each(frame, each, done[each.piece], selection, evidence, standard)
        for name in (*(anchor.piece for anchor in frame.anchors), *piece_names(plan.operator)):
            if done[name].unheard.any():  # what was not heard is no place to look from, and no step of a course
                result = replace(result, unheard=result.unheard | done[name].unheard)
        if frame.unless and whole:
            return pardoned(result, frame, done)
        return result if spared is None or not spared.excused else replace(result, excused=spared.excused)


def _valid(valid: Validity, started_at: str | None) -> bool:
    """Whether a conversation began while a rule was in force; without a date it did."""
    try:
        began = date.fromisoformat((started_at or "")[:10])
    except ValueError:
        return True
    return (valid.first is None or valid.first <= began) and (valid.last is None or began <= valid.last)
