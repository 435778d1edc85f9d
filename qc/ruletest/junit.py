"""Gate results as JUnit XML, as Jenkins, GitLab and GitHub actions read it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from qc.ruletest.gate import Case, GateResult

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 (section 2.2) cannot hold at all, not even as a character reference."""


def junit(results: Sequence[GateResult]) -> str:
    """One `testsuite` per gate and suite of its cases; pending cases are `skipped`. A gate that failed without a failed
    case gets one of its own."""
    suites: list[str] = []
    totals = [0, 0, 0]
    for result in results:
        for suite, cases in _suites(result).items():
            counts = [len(cases), sum(_failed(c) for c in cases), sum(c.pending for c in cases)]
            totals = [a + b for a, b in zip(totals, counts, strict=True)]
            name = f"{result.key}.{suite}" if suite != result.key else suite
            suites.append(f"  <testsuite name={_attribute(name)} {_counts(counts)}>")
            suites += [_case(name, case) for case in cases]
            suites.append("  </testsuite>")
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="qc" {_counts(totals[:2])}>'
    return "\n".join([head, *suites, "</testsuites>"]) + "\n"


def _suites(result: GateResult) -> dict[str, list[Case]]:
    cases = list(result.cases)
    if not result.passed and not any(_failed(c) for c in cases):
        cases.append(Case(suite=result.key, name=result.title, passed=False, message=result.summary))
    elif not cases:
        cases.append(Case(suite=result.key, name=result.title, passed=True, message=result.summary))
    suites: dict[str, list[Case]] = {}
    for case in cases:
        suites.setdefault(case.suite, []).append(case)
    return suites


def _failed(case: Case) -> bool:
    return not case.passed and not case.pending


def _counts(counts: Sequence[int]) -> str:
    """Attributes; `testsuites` has no `skipped` in the schema of Jenkins."""
    tests, failures, *skipped = counts
    text = f'tests="{tests}" failures="{failures}" errors="0"'
    return text + "".join(f' skipped="{n}"' for n in skipped) + ' time="0"'


def _case(suite: str, case: Case) -> str:
    head = f"    <testcase classname={_attribute(suite)} name={_attribute(case.name)}"
    message = case.message.strip()
    first = message.split("\n", 1)[0]
    if case.pending:
        return f'{head} time="0"><skipped message={_attribute(first)}/></testcase>'
    if case.passed:
        return f'{head} time="0"/>'
    return f'{head} time="0"><failure message={_attribute(first)}>{_text(message)}</failure></testcase>'


def _attribute(text: str) -> str:
    return quoteattr(_clean(text), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def _text(text: str) -> str:
    return escape(_clean(text), {"\r": "&#13;"})


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
