"""Backtest: two states of the rules over stored runs, part by part, judging only what is not the same.

A side whose rule has the digest the run was judged with takes the stored verdicts. Scores that the change cannot move
are taken from the run when the old side is what it was judged with; the others are worked out once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qc import __version__
from qc.domain.budget import Label
from qc.domain.specs import Specs
from qc.errors import InternalError, UsageError
from qc.pipeline.executors.choose import choose_executor
from qc.pipeline.executors.executor import Crashed, Job
from qc.pipeline.progress import Progress
from qc.pipeline.revisions import State
from qc.pipeline.shard_diff import Compared, RunPlan, ShardDiff
from qc.ruletest.changes import Change, Changes, RuleChange, compare, need_of
from qc.ruletest.diff import Diff, Moves
from qc.storage.read import StoredRun, open_run, require_judged

_FEW_SHARDS = 2
"""So many are done sooner here than by processes that must start first."""


@dataclass(frozen=True, slots=True)
class _Task:
    run: int
    number: int


def backtest(
    old: State,
    new: State,
    runs: Sequence[Path],
    *,
    floor: float,
    labels: Sequence[Label] = (),
    workers: int = 0,
    progress: Progress,
) -> Diff:
    """What changing the rules from `old` to `new` moves in `runs`.

    `floor` serves runs that do not say theirs; `workers` 0: one per core. Raises UsageError for runs that are
    unfinished, not judged, the same twice, or damaged.
    """
    stored = [require_judged(open_run(path)) for path in runs]
    twice = [r.lineage.run_id for i, r in enumerate(stored) if any(r.path.samefile(o.path) for o in stored[:i])]
    if twice:
        raise UsageError(f"批次 {twice[0]} 给了两次", "每个 --run 写一个不同的批次。")
    changes = compare(old.specs, new.specs)
    plans = [plan_run(run, old.specs, new.specs, changes, floor) for run in stored]
    moves = Moves()
    if not changes.nothing:
        compared = Compared(
            runs=tuple(plans), old=old.specs, new=new.specs, changes=changes, labels=_by_conversation(labels)
        )
        moves = _sum(stored, compared, workers, progress)
    evaluated = sorted({rule for plan in plans for rule in (*plan.old_judged, *plan.new_judged)})
    return Diff(
        old=old.label,
        new=new.label,
        runs=tuple(run.lineage.run_id for run in stored),
        changes=changes,
        evaluated=() if changes.nothing else tuple(evaluated),
        titles={card.id: card.title for card in (*old.specs.cards, *new.specs.cards)},
        moves=moves,
        known=frozenset(rule.id for side in (old, new) for rule in side.specs.pack.rules),
        notes=tuple(dict.fromkeys(note for plan in plans for note in plan.notes)) if not changes.nothing else (),
    )


def plan_run(run: StoredRun, old: Specs, new: Specs, changes: Changes, floor: float) -> RunPlan:
    """What must be judged anew for one run, and what a reader should know of it."""
    lineage = run.lineage
    name = lineage.run_id
    digests = lineage.rule_digests
    notes: list[str] = []
    whole = not digests
    if whole:
        notes.append(f"批次 {name} 由较早的版本写成，没有存判定所需的摘要：所有规则都重新判定，得分全部重算。")
    elif lineage.qc_version != __version__:
        notes.append(f"批次 {name} 由 qc {lineage.qc_version} 判定，现为 {__version__}：改动的规则两边都重新判定。")
    own = {side.lexicons_digest != lineage.lexicons_digest for side in (old, new)}
    usable = not whole and lineage.qc_version == __version__

    def judged(side: Specs, change: RuleChange) -> bool:
        rule = change.old if side is old else change.new
        if rule is None or not change.moves_verdicts:
            return False
        same_words = side.lexicons_digest == lineage.lexicons_digest or change.change is not Change.SIGNALS
        return not (usable and same_words and digests.get(rule.id) == rule.digest)

    old_judged = tuple(r.id for r in old.in_force) if whole else tuple(c.id for c in changes.rules if judged(old, c))
    new_judged = tuple(c.id for c in changes.rules if judged(new, c) or (whole and c.new and c.moves_verdicts))
    reading = [r for r in (*old.in_force, *new.in_force) if r.id in {*old_judged, *new_judged} and need_of(r)]
    if True in own and reading:
        notes.append(f"批次 {name} 用的情绪词表或话题与现在不同：有关规则的情绪、话题重新计算。")
    trusted = usable and lineage.rules_digest == old.pack.digest and lineage.lexicons_digest == old.lexicons_digest
    trusted = trusted and {c.id: c.digest for c in lineage.scorecards} == {c.id: c.digest for c in old.cards}
    if usable and not trusted:
        moving = {c.id for c in changes.rules}
        other = [r for r in old.in_force if r.id not in moving and digests.get(r.id) != r.digest]
        message = f"批次 {name} 不是用旧规则判定的：改动前的得分由存下的判定重算。"
        if other:
            message += f"另有 {len(other)} 条未改动的规则与批次里的版本不同，按批次里存的判定计。"
        notes.append(message)
    return RunPlan(
        path=run.path,
        name=name,
        judged=frozenset(r.id for r in old.in_force) if whole else frozenset(digests),
        old_judged=old_judged,
        new_judged=new_judged,
        whole=whole,
        trusted=trusted,
        floor=floor if lineage.confidence_floor is None else lineage.confidence_floor,
        old_signals=old.lexicons_digest != lineage.lexicons_digest,
        new_signals=new.lexicons_digest != lineage.lexicons_digest,
        notes=tuple(notes),
    )


def _by_conversation(labels: Sequence[Label]) -> Mapping[str, tuple[Label, ...]]:
    out: dict[str, list[Label]] = {}
    for label in labels:
        out.setdefault(label.conversation_id, []).append(label)
    return {name: tuple(listed) for name, listed in out.items()}


def _sum(stored: Sequence[StoredRun], compared: Compared, workers: int, progress: Progress) -> Moves:
    tasks = [_Task(i, number) for i, run in enumerate(stored) for number in run.shards()]
    done: dict[_Task, Moves] = {}
    progress.stage("比较", sum(run.lineage.counts.ok for run in stored), "个会话")
    few = len(tasks) <= _FEW_SHARDS
    executor = choose_executor("serial" if few else "pool", workers=workers)
    for result in executor.run(Job(work=_work, setup=ShardDiff, setup_args=(compared,)), tasks):
        if isinstance(result, Crashed):
            raise InternalError("比较一个分片时进程被杀死（可能内存不足）", "减少同时运行的程序，或用 --workers 1。")
        task, moves = result
        done[task] = moves
        progress.advance(moves.conversations, "")
    progress.finish()
    total = Moves()
    for task in tasks:  # the order of completion must not decide how sums round
        total += done.pop(task)
    return total


def _work(state: ShardDiff, task: _Task) -> tuple[_Task, Moves]:
    return task, state.diff(task.run, task.number)


def silent(diff: Diff) -> Diff:
    """The same without the list of single verdicts, which only JSON shows."""
    return replace(diff, moves=replace(diff.moves, verdicts=()))
