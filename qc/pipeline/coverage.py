"""Coverage of rules over stored runs, from their stored verdicts; the cost by judging a part of them again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np

from qc.domain.specs import Specs
from qc.matching.compile import CompiledRules, compile_rules
from qc.matching.judge import judge
from qc.pipeline.progress import Progress
from qc.pipeline.stored import StoredPart
from qc.pipeline.verdicts import ABSENT, HIT, MISS, NOT_APPLICABLE, UNDECIDED, Judge, Verdicts, stored_verdicts
from qc.ruletest.coverage import Coverage, RuleCoverage, always_together
from qc.storage.read import StoredRun, open_run, require_judged

_EXAMPLES = 5
_ROUNDS = 3


@dataclass(slots=True)
class _Counts:
    """Sums over parts: conversations by rule and verdict, and how often two rules hit the same one."""

    verdicts: np.ndarray[tuple[int, int], np.dtype[np.int64]]
    common: np.ndarray[tuple[int, int], np.dtype[np.int64]]
    conversations: int = 0
    nobody: int = 0
    nobody_ids: tuple[str, ...] = ()

    def add(self, part: StoredPart, verdicts: Verdicts) -> None:
        codes = verdicts.codes
        for code in range(self.verdicts.shape[1]):
            self.verdicts[:, code] += np.count_nonzero(codes == code, axis=1)
        hit = np.equal(codes, HIT).astype(np.int64)
        self.common += hit @ hit.T
        alone = np.flatnonzero(np.all((codes == NOT_APPLICABLE) | (codes == ABSENT), axis=0))
        self.conversations += codes.shape[1]
        self.nobody += len(alone)
        more = tuple(part.ids[i] for i in alone[:_EXAMPLES].tolist())
        self.nobody_ids = (*self.nobody_ids, *more)[:_EXAMPLES]


def coverage(specs: Specs, runs: Sequence[Path], *, floor: float, sample: int, progress: Progress) -> Coverage:
    """Coverage of the rules the runs were judged by, titles from `specs`; the cost of the rules of `specs` is measured
    on the first `sample` conversations (0: not measured).

    Raises UsageError for runs that are unfinished, not judged or damaged.
    """
    stored = [require_judged(open_run(path)) for path in runs]
    before = [run for run in stored if not run.lineage.rule_digests]
    in_force = {rule.id: rule for rule in specs.in_force}
    judged = {name for run in stored for name in run.lineage.rule_digests}
    names = sorted(judged | (set(in_force) if before else set()))
    counts = _Counts(np.zeros((len(names), ABSENT + 1), np.int64), np.zeros((len(names), len(names)), np.int64))
    progress.stage("统计", sum(run.lineage.counts.ok for run in stored), "个会话")
    for run in stored:
        for part, verdicts in _parts(run, specs, names, floor):
            counts.add(part, verdicts)
            progress.advance(len(part.ids), "")
    progress.finish()
    costs, whole, measured = _costs(specs, stored, floor, sample, progress)
    rows = [
        RuleCoverage(
            rule_id=name,
            title=in_force[name].title if name in in_force else name,
            hits=int(count[HIT]),
            misses=int(count[MISS]),
            undecided=int(count[UNDECIDED]),
            not_applicable=int(count[NOT_APPLICABLE]),
            cost_ms=costs.get(name),
        )
        for name, count in zip(names, counts.verdicts, strict=True)
    ]
    return Coverage(
        runs=tuple(run.lineage.run_id for run in stored),
        conversations=counts.conversations,
        rules=tuple(rows),
        together=always_together(names, counts.common.tolist()),
        nobody=counts.nobody,
        nobody_ids=counts.nobody_ids,
        measured=measured,
        all_ms=whole,
        notes=tuple(f"批次 {run.lineage.run_id} 由较早的版本写成，用现在的规则重新判定。" for run in before),
    )


def _parts(run: StoredRun, specs: Specs, names: Sequence[str], floor: float) -> Iterator[tuple[StoredPart, Verdicts]]:
    digests = run.lineage.rule_digests
    own = run.lineage.lexicons_digest != specs.lexicons_digest
    judges = None if digests else Judge(specs, names, floor=floor, own_signals=own)
    for number in run.shards():
        part = StoredPart(run, number)
        verdicts = stored_verdicts(part, names, digests)
        yield part, verdicts if judges is None else verdicts.overlaid(judges.judge(part))


def _costs(
    specs: Specs, runs: Sequence[StoredRun], floor: float, sample: int, progress: Progress
) -> tuple[dict[str, float], float | None, int]:
    """CPU milliseconds per 1,000 conversations: by rule, of all together, and on how many it was measured."""
    parts: list[StoredPart] = []
    count = 0
    for run in runs:
        for number in run.shards():
            if count < sample:
                parts.append(StoredPart(run, number))
                count += len(parts[-1].ids)
    if not count:
        return {}, None, 0
    progress.stage("计时", len(specs.in_force), "条规则")
    for part in parts:
        part.shard.locate(np.zeros(0, np.int64), np.zeros(0, np.int64))  # read and normalise before the clock runs
    costs = {}
    for rule in specs.in_force:
        alone = replace(specs.pack, rules=(rule,))
        costs[rule.id] = _measured(compile_rules(alone, confidence_floor=floor), parts) / count * 1000
        progress.advance(1, "")
    progress.finish()
    whole = compile_rules(specs.pack, confidence_floor=floor)
    return costs, _measured(whole, parts) / count * 1000, count


def _measured(compiled: CompiledRules, parts: Sequence[StoredPart]) -> float:
    """CPU milliseconds of judging the parts, the median of three rounds after one that warms up."""
    signals = [part.signals(compiled.need) for part in parts]
    taken = []
    for _ in range(_ROUNDS + 1):
        begun = time.process_time()
        for part, signal in zip(parts, signals, strict=True):
            judge(compiled, part.shard, signal)
        taken.append((time.process_time() - begun) * 1000)
    return median(taken[1:])
