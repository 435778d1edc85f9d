"""What mutation testing found, for people, machines and pull requests."""

from __future__ import annotations

import json
from collections.abc import Iterator

from qc.ruletest.gate import Annotation, Case, GateResult, cell
from qc.ruletest.mutate import MutationReport

MIN_SCORE = 85.0
"""Percent of the mutants that the tests should notice."""


def lines(report: MutationReport) -> Iterator[str]:
    """Every rule with its score and what its tests miss, then the sum."""
    for rule in report.rules:
        yield f"{rule.rule.id}：{rule.killed}/{rule.total}，得分 {rule.score:.0f}"
        for survivor in rule.survivors:
            yield f"  {rule.rule.path}:{survivor.line}:{survivor.col}: {survivor.sentence}"
    yield f"{report.summary}。"


def as_json(report: MutationReport) -> str:
    """`{score, killed, total, rules: [{id, path, score, killed, total, survivors: [{line, col, change, missing}]}]}`"""
    rules = [
        {
            "id": rule.rule.id,
            "path": rule.rule.path,
            "score": round(rule.score, 1),
            "killed": rule.killed,
            "total": rule.total,
            "survivors": [
                {"line": s.line, "col": s.col, "change": s.what, "missing": s.missing} for s in rule.survivors
            ],
        }
        for rule in report.rules
    ]
    whole = {"score": round(report.score, 1), "killed": report.killed, "total": report.total, "rules": rules}
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def gate(report: MutationReport, min_score: float) -> GateResult:
    """The report as a gate: it passes from `min_score` percent on."""
    title, worst = "变异测试", sorted((r for r in report.rules if r.survivors), key=lambda r: (r.score, r.rule.id))
    lines = ["| 规则 | 发现/全部 | 得分 |", "| --- | ---: | ---: |"]
    lines += [f"| {cell(r.rule.id)} | {r.killed}/{r.total} | {r.score:.0f} |" for r in worst[:_SHOWN]]
    if len(worst) > _SHOWN:
        lines += ["", f"另有 {len(worst) - _SHOWN} 条规则有漏过的变异：`qc rules mutate` 看全部。"]
    return GateResult(
        key="mutate",
        title=title,
        passed=report.score >= min_score,
        summary=f"{report.summary}，至少要 {min_score:g}",
        markdown="\n".join(lines) if worst else "",
        annotations=tuple(
            Annotation(path=r.rule.path, line=s.line, col=s.col, level="notice", title="缺一个测试", message=s.sentence)
            for r in report.rules
            if r.score < min_score  # hundreds of remarks at sound rules would be read by nobody
            for s in r.survivors
        ),
        cases=tuple(
            Case(suite="mutate", name=r.rule.id, passed=True, message=f"{r.killed}/{r.total}") for r in report.rules
        ),
    )


_SHOWN = 20
"""Rules listed in a pull request."""
