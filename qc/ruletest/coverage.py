"""What the rules cover in stored runs: which never or always hit, which always hit together, whom none concerns, and
what each costs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qc.ruletest.gate import cell

FORMAT, VERSION = "qc.rules.coverage", 1
TOGETHER = 3
"""From so many common hits on, two rules that always hit together are worth a look."""
_MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCoverage:
    """Conversations by verdict. `cost_ms`: CPU milliseconds to judge 1,000 conversations by this rule alone, the shared
    reading of their text left out; None: not measured."""

    rule_id: str
    title: str
    hits: int
    misses: int
    undecided: int
    not_applicable: int
    cost_ms: float | None = None

    @property
    def applicable(self) -> int:
        return self.hits + self.misses + self.undecided

    @property
    def never(self) -> bool:
        return self.hits == 0

    @property
    def always(self) -> bool:
        """It hit wherever it could tell."""
        return self.hits > 0 and self.misses == 0

    @property
    def undecided_share(self) -> float:
        return self.undecided / self.applicable if self.applicable else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """`together`: (rule, rule, conversations) that hit the same conversations, always. `nobody` counts conversations no
    rule concerns, `nobody_ids` are some of them. `measured`: conversations the cost was measured on; `all_ms`: the cost
    of all rules at once, per 1,000 conversations."""

    runs: tuple[str, ...]
    conversations: int
    rules: tuple[RuleCoverage, ...]
    together: tuple[tuple[str, str, int], ...]
    nobody: int
    nobody_ids: tuple[str, ...]
    measured: int
    all_ms: float | None
    notes: tuple[str, ...] = ()

    @property
    def never(self) -> list[RuleCoverage]:
        return [rule for rule in self.rules if rule.never]

    @property
    def always(self) -> list[RuleCoverage]:
        return [rule for rule in self.rules if rule.always]

    @property
    def by_cost(self) -> list[RuleCoverage]:
        """The dearest first."""
        return sorted((r for r in self.rules if r.cost_ms is not None), key=lambda r: (-(r.cost_ms or 0), r.rule_id))

    @property
    def by_doubt(self) -> list[RuleCoverage]:
        """The most often undecided first."""
        return sorted((r for r in self.rules if r.undecided), key=lambda r: (-r.undecided_share, r.rule_id))


def sections(coverage: Coverage) -> Iterator[tuple[str, list[list[str]]]]:
    """Title and table (the first row its head) of every part of the report that has something to say."""
    titles = {rule.rule_id: rule.title for rule in coverage.rules}

    def name(rule: str) -> list[str]:
        return [titles[rule], rule]

    if coverage.never:
        rows = [[*name(r.rule_id), str(r.applicable), str(r.not_applicable)] for r in coverage.never]
        yield f"从未命中：{len(rows)} 条", [["规则", "编号", "适用的会话", "不适用"], *rows]
    if coverage.always:
        rows = [[*name(r.rule_id), str(r.hits), str(r.undecided)] for r in coverage.always]
        yield f"适用就命中：{len(rows)} 条", [["规则", "编号", "命中", "无法判定"], *rows]
    if coverage.together:
        rows = [[*name(a), *name(b), str(n)] for a, b, n in coverage.together]
        yield f"总是一起命中：{len(rows)} 对", [["规则", "编号", "规则", "编号", "命中的会话"], *rows]
    if coverage.by_doubt:
        rows = [[*name(r.rule_id), f"{r.undecided_share:.1%}", str(r.undecided)] for r in coverage.by_doubt]
        yield f"无法判定：{len(rows)} 条", [["规则", "编号", "占适用的", "会话"], *rows]
    if coverage.by_cost:
        rows = [[*name(r.rule_id), f"{r.cost_ms:.2f}"] for r in coverage.by_cost]
        yield f"每 1,000 个会话的 CPU 毫秒（在 {coverage.measured} 个会话上测得）", [["规则", "编号", "毫秒"], *rows]


def summary(coverage: Coverage) -> str:
    """The numbers in one paragraph."""
    said = (
        f"{coverage.conversations:,} 个会话、{len(coverage.rules)} 条规则：从未命中 {len(coverage.never)} 条，"
        f"适用就命中 {len(coverage.always)} 条，总是一起命中 {len(coverage.together)} 对；"
        f"没有任何规则适用的会话 {coverage.nobody:,} 个"
    )
    said += f"（如 {'、'.join(coverage.nobody_ids)}）" if coverage.nobody_ids else ""
    said += f"；全部规则一起，每 1,000 个会话 {coverage.all_ms:.1f} CPU 毫秒" if coverage.all_ms is not None else ""
    return said + "。"


def markdown(coverage: Coverage) -> str:
    """The report for a pull request or a wiki."""
    out = ["## 规则覆盖", "", cell(summary(coverage))]
    out += [f"\n> {cell(note)}" for note in coverage.notes]
    for title, rows in sections(coverage):
        head, *body = rows
        out += ["", f"### {cell(title)}", "", f"| {' | '.join(head)} |", "|" + " --- |" * len(head)]
        out += [f"| {' | '.join(cell(value) for value in row)} |" for row in body[:_MOST]]
        out += [f"\n……另有 {len(body) - _MOST} 行，见 JSON。"] if len(body) > _MOST else []
    return "\n".join(out) + "\n"


def to_json(coverage: Coverage) -> str:
    """For machines; `version` counts up when a field goes or changes its meaning."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "runs": list(coverage.runs),
        "conversations": coverage.conversations,
        "notes": list(coverage.notes),
        "no_rule_applies": coverage.nobody,
        "no_rule_applies_examples": list(coverage.nobody_ids),
        "cost_measured_on": coverage.measured,
        "all_rules_cpu_ms_per_1000": None if coverage.all_ms is None else round(coverage.all_ms, 3),
        "rules": [_rule(rule) for rule in coverage.rules],
        "always_together": [{"rules": [a, b], "conversations": n} for a, b, n in coverage.together],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _rule(rule: RuleCoverage) -> Mapping[str, Any]:
    return {
        "id": rule.rule_id,
        "title": rule.title,
        "hit": rule.hits,
        "miss": rule.misses,
        "undecided": rule.undecided,
        "not_applicable": rule.not_applicable,
        "never_hits": rule.never,
        "always_hits": rule.always,
        "undecided_share": round(rule.undecided_share, 6),
        "cpu_ms_per_1000": None if rule.cost_ms is None else round(rule.cost_ms, 3),
    }


def always_together(rules: Sequence[str], common: Sequence[Sequence[int]]) -> tuple[tuple[str, str, int], ...]:
    """Pairs whose hits are the same conversations: `common[a][b]` counts those both hit, `common[a][a]` those a hit."""
    return tuple(
        (rules[a], rules[b], common[a][b])
        for a in range(len(rules))
        for b in range(a + 1, len(rules))
        if common[a][b] >= TOGETHER and common[a][b] == common[a][a] == common[b][b]
    )
