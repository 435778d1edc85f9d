"""What a gate says of a rule change. `qc rules ci` runs five in order: lint, test, baseline, diff, lock.

Written out as JUnit XML (`qc.ruletest.junit`), as annotations of GitHub and GitLab (`qc.ruletest.annotations`) and,
here, as Markdown for a pull request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from qc.errors import Problem

Level = Literal["error", "warning", "notice"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A remark at a place of a file; `line` and `col` count from 1."""

    path: str
    line: int = 1
    col: int = 1
    level: Level
    title: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One thing that was checked: `suite` groups (a rule, a file), `message` says why it failed. `pending`: it is not
    sound yet, and need not be (a draft)."""

    suite: str
    name: str
    passed: bool
    message: str = ""
    pending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """`key` names the gate in commands, `title` to people. `summary` is one line; `markdown` what a pull request should
    show under it. `skipped`: it could not run, for the reason in `summary`; it then counts as passed."""

    key: str
    title: str
    passed: bool
    summary: str
    markdown: str = ""
    annotations: tuple[Annotation, ...] = ()
    cases: tuple[Case, ...] = ()
    skipped: bool = False


def skipped(key: str, title: str, reason: str) -> GateResult:
    """A gate that cannot run here; `reason` says why and what would make it run."""
    case = Case(suite=key, name=title, passed=True, message=reason, pending=True)
    return GateResult(key=key, title=title, passed=True, summary=reason, cases=(case,), skipped=True)


def annotation(problem: Problem) -> Annotation:
    """A problem of a file as a remark."""
    hint = f"\n提示：{problem.hint}" if problem.hint else ""
    return Annotation(
        path=problem.path,
        line=problem.line,
        col=problem.col,
        level="error" if problem.level == "error" else "warning",
        title=problem.code,
        message=problem.message + hint,
    )


def markdown(results: Sequence[GateResult], title: str = "规则检查") -> str:
    """The comment of a pull request: one table over all gates, then what each has to show."""
    verdict = "通过" if all(r.passed for r in results) else "不通过"
    lines = [f"## {title}：{verdict}", "", "| 关口 | 结果 | 说明 |", "| --- | --- | --- |"]
    lines += [f"| {cell(r.title)} | {word(r)} | {cell(r.summary)} |" for r in results]
    for result in results:
        if result.markdown.strip():
            lines += ["", f"### {result.title}", "", result.markdown.strip()]
    return "\n".join(lines) + "\n"


def word(result: GateResult) -> str:
    """The result in one word: 通过, 不通过 or 跳过."""
    if result.skipped:
        return "跳过"
    return "通过" if result.passed else "不通过"


_ESCAPES = str.maketrans({c: f"\\{c}" for c in "\\`*_[]|~#"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "@\u200b"})
_INVISIBLE = dict.fromkeys(
    [
        *range(32),
        0x7F,
        *range(0x80, 0xA0),
        *range(0x200B, 0x2010),
        *range(0x2028, 0x202F),
        *range(0x2060, 0x2070),
        0xFEFF,
    ],
    " ",
)


def visible(text: str) -> str:
    """Text in one line, without characters that cannot be seen or that turn others around."""
    return " ".join(text.translate(_INVISIBLE).split())


def cell(text: str) -> str:
    """Text of others for a table cell or a paragraph: no Markdown, HTML, link or mention of a user comes to life."""
    return visible(text).replace("://", ":\u200b//").replace("www.", "www\u200b.").translate(_ESCAPES)
