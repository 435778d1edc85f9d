"""A comparison as a gate: its budget decides, without one it only tells."""

from __future__ import annotations

from collections.abc import Sequence

from qc.ruletest import diff_words as words
from qc.ruletest.budget import Check
from qc.ruletest.changes import Change
from qc.ruletest.diff import Diff
from qc.ruletest.diff_markdown import markdown
from qc.ruletest.gate import Annotation, Case, GateResult

KEY, TITLE = "diff", "影响比较"


def diff_gate(diff: Diff, checks: Sequence[Check]) -> GateResult:
    """Fails when a bound of the budget is passed. A remark at every rule that moves hits or is over its bound."""
    failed = [check for check in checks if not check.passed]
    summary = words.headline(diff) + (f"；{words.over(tuple(checks))}" if checks else "")
    cases = [
        Case(
            suite=KEY,
            name=check.what,
            passed=check.passed,
            message="" if check.passed else f"实际 {check.got}，允许{check.allowed}",
        )
        for check in checks
    ]
    return GateResult(
        key=KEY,
        title=TITLE,
        passed=not failed,
        summary=summary,
        markdown=markdown(diff, checks),
        annotations=tuple(_remarks(diff, failed)),
        cases=tuple(cases) or (Case(suite=KEY, name=TITLE, passed=True, message=summary),),
    )


def _remarks(diff: Diff, failed: Sequence[Check]) -> list[Annotation]:
    found = []
    for change in diff.changes.rules:
        if change.new is None or change.change is Change.TEXT:
            continue
        moves = diff.of(change)
        over = [f"{check.what} {check.got}，允许{check.allowed}" for check in failed if check.rule_id == change.id]
        if over or moves.hits_gained or moves.hits_lost:
            told = f"新增命中 {moves.hits_gained} 个会话，失去 {moves.hits_lost} 个"
            found.append(
                Annotation(
                    path=change.new.path,
                    level="error" if over else "notice",
                    title=f"{change.id} 的影响",
                    message="；".join([told, *over]),
                )
            )
    return found
