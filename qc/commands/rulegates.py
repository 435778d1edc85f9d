"""The five gates of a rule change, in order: lint, test (with the mutation score), baseline, diff, lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from qc.commands.gate_output import git, repository
from qc.commands.rulecheck import lint_rules, mutate_rules, test_rules
from qc.commands.rulelock import check_lock
from qc.domain.rule import Rule
from qc.errors import Problem, QcError, SpecError, UsageError
from qc.pipeline.backtest import backtest
from qc.pipeline.baseline import accepted_of, baseline, corpus_of
from qc.pipeline.progress import Progress
from qc.pipeline.revisions import read_state
from qc.pipeline.specs import Folders, configuration, load
from qc.ruletest.baseline import gate as baseline_gate
from qc.ruletest.budget import check_budget
from qc.ruletest.changes import compare
from qc.ruletest.diff_gate import diff_gate
from qc.ruletest.gate import Annotation, GateResult, annotation, skipped
from qc.ruletest.lock_content import NAME as LOCK
from qc.ruletest.lock_content import Lock, read_lock
from qc.ruletest.mutate_report import gate as mutation_gate
from qc.specs.budget import load_budget
from qc.specs.document import parse

_MAIN = ("origin/main", "main", "origin/master", "master")
BUDGET = "budget.yml"
_SHORT = 12
"""Digits of a commit's name, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is checked: the folders in force against git revision `base` (None: there is no git), over stored runs."""

    where: Folders
    workspace: Path | None
    base: str | None
    runs: tuple[Path, ...] = ()
    budget: Path | None = None
    min_score: float


def run_gates(change: Change, progress: Progress) -> Iterator[GateResult]:
    """Every gate's result as it comes; one that fails does not keep the others from running."""
    where = change.where
    first = lint_rules(where)
    yield first.gate()
    told = frozenset(first.problems)
    yield _guarded("test", "规则测试", told, lambda: test_rules(where, ()).gate())
    yield _guarded("mutate", "变异测试", told, lambda: mutation_gate(mutate_rules(where, ()), change.min_score))
    yield _guarded("baseline", "干净语料", told, lambda: _baseline(where))
    yield _guarded("diff", "影响比较", told, lambda: _diff(change, progress))
    yield _guarded("lock", "内容版本", told, lambda: check_lock(where, base=_base_lock(change)).gate())


def _guarded(key: str, title: str, told: Collection[Problem], run: Callable[[], GateResult]) -> GateResult:
    """The gate, or that it failed because files cannot be read; problems that lint has `told` are not told again."""
    try:
        return run()
    except SpecError as error:
        fresh = tuple(annotation(problem) for problem in error.problems if problem not in told)
        seen = "" if fresh else "，见“写法检查”"
        summary = f"有 {len(error.problems)} 处文件读不了{seen}"
        return GateResult(key=key, title=title, passed=False, summary=summary, annotations=fresh)
    except QcError as error:
        hint = f"（{error.hint}）" if error.hint else ""
        return GateResult(key=key, title=title, passed=False, summary=error.message + hint)


def base_revision(folder: Path, environment: Mapping[str, str] = os.environ) -> str | None:
    """The revision a change starts from: where it left the target branch of the merge request in CI, else the main
    branch, else HEAD. None without git or without a commit.

    Raises UsageError when CI names a target but its history was not fetched: comparing with HEAD would find nothing.
    """
    head = git(folder, "rev-parse", "HEAD")
    if head is None:
        return None
    target = environment.get("CI_MERGE_REQUEST_DIFF_BASE_SHA") or environment.get("GITHUB_BASE_REF") or ""
    for name in (target, f"origin/{target}") if target else _MAIN:
        if found := git(folder, "merge-base", "--end-of-options", "HEAD", name):
            return found[:_SHORT]
    if target:
        hint = "取全部历史：GitHub 写 fetch-depth: 0，GitLab 写 GIT_DEPTH: 0；或用 --base 指定。"
        raise UsageError(f"找不到与目标分支 {target} 分开的地方", hint)
    return head[:_SHORT]


def _baseline(where: Folders) -> GateResult:
    corpus = corpus_of(where.rules)
    if not corpus.is_dir():
        return skipped("baseline", "干净语料", f"没有干净语料 {corpus}。")
    found = baseline(load(where), configuration(where), corpus=corpus, runs=(), accepted=accepted_of(where.rules))
    return baseline_gate(found)


def _diff(change: Change, progress: Progress) -> GateResult:
    if change.base is None:
        return skipped("diff", "影响比较", "不在 git 仓库里，或还没有提交过，没有可比的旧规则。")
    old = read_state(change.base, change.workspace, change.where)
    new = read_state(None, change.workspace, change.where)
    if not change.runs:
        changes = compare(old.specs, new.specs)
        if changes.nothing:
            return GateResult(key="diff", title="影响比较", passed=True, summary=f"规则与 {old.label} 相同")
        if changes.promoted:
            return _promoted_blindly(changes.promoted)
        return skipped("diff", "影响比较", "没有用 --run 给出批次，不知道改动影响哪些会话。")
    bounds = None if change.budget is None else load_budget(change.budget)
    diff = backtest(
        old,
        new,
        change.runs,
        floor=configuration(change.where).asr.confidence_floor,
        labels=() if bounds is None or bounds.labelled is None else bounds.labelled.labels,
        progress=progress,
    )
    return diff_gate(diff, () if bounds is None else check_budget(diff, bounds))


def _promoted_blindly(rules: Sequence[Rule]) -> GateResult:
    """Rules in trial begin to score, and nobody has seen whom."""
    told = "试运行的规则转正式，要先看它会改变谁的分数：请用 --run 给出批次，或在 CI 里放 regression/ 目录。"
    notes = [Annotation(path=rule.path, level="error", title=f"{rule.id} 转正式", message=told) for rule in rules]
    summary = f"{len(rules)} 条试运行的规则转正式，没有用 --run 给出批次，不知道改变谁的分数"
    return GateResult(key="diff", title="影响比较", passed=False, summary=summary, annotations=tuple(notes))


def _base_lock(change: Change) -> Lock | None:
    """The lock as it was at the base revision, None where it was not there."""
    if change.base is None:
        return None
    root = repository(change.where.rules).resolve()
    path = (change.where.rules / LOCK).resolve()
    if not path.is_relative_to(root):
        return None
    text = git(root, "cat-file", "blob", f"{change.base}:{path.relative_to(root).as_posix()}")
    with suppress(SpecError):
        return None if text is None else read_lock(parse(text, LOCK))
    return None


def lines(result: GateResult) -> Sequence[str]:
    """A result for a terminal: its summary, and where it failed."""
    mark = "[跳过]" if result.skipped else "[通过]" if result.passed else "[失败]"
    told = [f"{mark} {result.title}：{result.summary}"]
    if not result.passed:
        for note in result.annotations:
            if note.level == "error":
                text = note.message.replace("\n", "\n      ")
                told.append(f"    {note.path}:{note.line}:{note.col}: {note.title} {text}")
    return told
