"""All rules on all conversations of a shard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from qc.domain.conversation import Channel
from qc.domain.finding import Finding, Verdict
from qc.domain.operators import TEXTUAL, Operator, measures_whole
from qc.domain.rule import Frame, Piece, Rule, Scope, Truth, Which
from qc.domain.sentence import Sentence, names
from qc.matching import operators as _registered  # noqa: F401 - fills the registry
from qc.matching.anchors import anchored, for_each
from qc.matching.compile import CompiledRule, CompiledRules, is_absence, refers_to
from qc.matching.context import Context
from qc.matching.evidence import Bools, PieceResult
from qc.matching.findings import finding
from qc.matching.frame import Selection, Standard, decide, select
from qc.matching.kleene import truth_of
from qc.matching.registry import evaluate
from qc.matching.signals import Signals
from qc.text.shard import Shard

VERDICTS: tuple[Verdict, ...] = tuple(Verdict)
"""Codes of the verdict matrix: `VERDICTS[code]`."""
_HIT, _MISS, _NA, _UNDECIDED = (
    VERDICTS.index(v) for v in (Verdict.HIT, Verdict.MISS, Verdict.NOT_APPLICABLE, Verdict.UNDECIDED)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """`verdicts[r, c]` is the code (see VERDICTS) of `rules[r]` on conversation c; `findings[c]` holds the findings of
    conversation c that are HIT or UNDECIDED, in order of rules."""

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
    findings: list[list[Finding]] = [[] for _ in range(len(shard))]
    for row, rule in enumerate(compiled.rules):
        concerned = bench.concerned(rule.rule.scope)
        if not concerned.any():
            continue
        pieces = bench.pieces(rule)
        verdicts[row] = np.where(concerned, _verdicts(rule, pieces), np.int8(_NA))
        for conversation in np.flatnonzero((verdicts[row] == _HIT) | (verdicts[row] == _UNDECIDED)).tolist():
            verdict = VERDICTS[verdicts[row, conversation]]
            findings[conversation].append(finding(bench.context, rule, pieces, conversation, verdict))
    return Judgement(
        rules=tuple(rule.rule for rule in compiled.rules),
        verdicts=verdicts,
        findings=tuple(tuple(found) for found in findings),
    )


def _verdicts(rule: CompiledRule, pieces: Mapping[str, PieceResult]) -> npt.NDArray[np.int8]:
    """`given` false: not applicable; unknown: undecided. Then `when` decides."""
    when, when_na = _sentence(rule.when, pieces)
    verdict = np.choose(when, (_MISS, _UNDECIDED, _HIT)).astype(np.int8)
    verdict[when_na] = _NA
    if rule.given is not None:
        given, given_na = _sentence(rule.given, pieces)
        verdict[given == Truth.UNKNOWN] = _UNDECIDED
        verdict[(given == Truth.FALSE) | given_na] = _NA
    return verdict


def _sentence(sentence: Sentence, pieces: Mapping[str, PieceResult]) -> tuple[npt.NDArray[np.int8], Bools]:
    """The truth, and where it hangs on a piece whose range is empty and says `on_empty: na`."""
    used = {name.name for name, _ in names(sentence)}
    truths = {n: np.where(pieces[n].na, np.int8(Truth.UNKNOWN), pieces[n].truth) for n in used}
    truth = truth_of(sentence, truths)
    na = np.logical_or.reduce([pieces[n].na for n in sorted(used)])
    return truth, na & (truth == Truth.UNKNOWN)


class _Bench:
    """One shard under judgement; equal frames and equal pieces of different rules are worked out once."""

    def __init__(self, compiled: CompiledRules, shard: Shard, signals: Signals) -> None:
        self.context = Context(shard, signals, compiled.vocabulary, compiled.floor)
        self.shard = shard
        self._selections: dict[Frame, Selection] = {}
        self._results: dict[tuple[Operator, Frame], PieceResult] = {}
        self._kinds: dict[tuple[str, Channel], int] = {}
        pairs = zip(shard.columns.project, shard.columns.channel, strict=True)
        kinds = (self._kinds.setdefault(pair, len(self._kinds)) for pair in pairs)
        self._kind = np.fromiter(kinds, np.int64, len(shard))

    def concerned(self, scope: Scope) -> Bools:
        """Conversations in the scope."""
        inside = [
            (not scope.projects or project in scope.projects) and (not scope.channels or channel in scope.channels)
            for project, channel in self._kinds
        ]
        return np.array(inside, np.bool_)[self._kind]

    def pieces(self, rule: CompiledRule) -> dict[str, PieceResult]:
        """The rule's pieces by name."""
        results: dict[str, PieceResult] = {}
        for name in rule.order:
            piece = rule.pieces[name]
            if refers_to(piece):
                results[name] = self._anchored(piece, results)
                continue
            key = (piece.operator, piece.frame)
            if key not in self._results:
                selection = self._selection(piece.frame)
                self._results[key] = self._decide(piece, selection, results)
            results[name] = self._results[key]
        return results

    def _selection(self, frame: Frame) -> Selection:
        where = Frame(speaker=frame.speaker, range=frame.range, window=frame.window)
        if where not in self._selections:
            self._selections[where] = select(self.shard, where)
        return self._selections[where]

    def _anchored(self, piece: Piece, done: Mapping[str, PieceResult]) -> PieceResult:
        selection = self._selection(piece.frame)
        each = None
        for anchor in piece.frame.anchors:
            if anchor.which is Which.EACH:
                each = anchor
            else:
                selection = anchored(selection, anchor, done[anchor.piece])
        if each is None:
            return self._decide(piece, selection, done)
        frame, standard = self._standards(piece)
        evidence = evaluate(piece.operator, piece.frame, selection, self.context, done)
        return for_each(frame, each, done[each.piece], selection, evidence, standard)

    def _decide(self, piece: Piece, selection: Selection, done: Mapping[str, PieceResult]) -> PieceResult:
        frame, standard = self._standards(piece)
        evidence = evaluate(piece.operator, piece.frame, selection, self.context, done)
        return decide(frame, selection, evidence, standard)

    def _standards(self, piece: Piece) -> tuple[Frame, Standard]:
        frame = replace(piece.frame, negate=is_absence(piece))
        textual, whole = type(piece.operator) in TEXTUAL, measures_whole(piece.operator)
        return frame, Standard(floor=self.context.floor, textual=textual, whole=whole)
