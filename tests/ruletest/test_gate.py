"""Gate results in every format: what is written can be read back, and nothing in it comes to life."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from qc.errors import Problem
from qc.ruletest.annotations import github, gitlab
from qc.ruletest.gate import Annotation, Case, GateResult, annotation, cell, markdown, skipped
from qc.ruletest.junit import junit

NASTY = 'a]]>&<b "q" \x00\x1b[31m\ud800 100%\r\n::error::x, y: z'


def result(**changes: object) -> GateResult:
    given = {"key": "lint", "title": "写法检查", "passed": True, "summary": "好"}
    return GateResult(**{**given, **changes})  # type: ignore[arg-type]


def test_junit_counts_and_survives_any_text() -> None:
    cases = (
        Case(suite="a.b", name=NASTY, passed=False, message=NASTY),
        Case(suite="a.b", name="好", passed=True),
        Case(suite="a.c", name="草稿", passed=False, message="还没写", pending=True),
    )
    text = junit([result(passed=False, cases=cases)])
    root = ET.fromstring(text.encode("utf-8"))
    assert root.tag == "testsuites"
    assert root.attrib == {"name": "qc", "tests": "3", "failures": "1", "errors": "0", "time": "0"}
    assert [suite.get("skipped") for suite in root] == ["0", "1"]
    suites = {s.get("name"): s for s in root}
    assert list(suites) == ["lint.a.b", "lint.a.c"]
    first = suites["lint.a.b"][0]
    assert first.get("name") == NASTY.replace("\x00", "\ufffd").replace("\x1b", "\ufffd").replace("\ud800", "\ufffd")
    failure = first.find("failure")
    assert failure is not None
    assert "]]>&<b" in str(failure.text)
    assert "\n" not in str(failure.get("message"))
    assert suites["lint.a.c"][0].find("skipped") is not None


@pytest.mark.parametrize(("passed", "failures"), [(True, "0"), (False, "1")])
def test_a_gate_without_cases_is_one_case(passed: bool, failures: str) -> None:
    root = ET.fromstring(junit([result(passed=passed)]))
    assert (root.get("tests"), root.get("failures")) == ("1", failures)


def test_a_failed_gate_fails_in_junit_even_if_all_its_cases_passed() -> None:
    case = Case(suite="mutate", name="a.b", passed=True)
    assert ET.fromstring(junit([result(passed=False, cases=(case,))])).get("failures") == "1"


def test_a_skipped_gate_is_skipped_and_says_why() -> None:
    gate = skipped("diff", "影响比较", "没有批次")
    assert gate.passed
    [case] = ET.fromstring(junit([gate])).iter("skipped")
    assert case.get("message") == "没有批次"
    assert "| 影响比较 | 跳过 | 没有批次 |" in markdown([gate])


def test_github_annotations_are_one_line_each(tmp_path: Path) -> None:
    note = Annotation(
        path=str(tmp_path / "rules/a,b:c.yml"), line=3, col=5, level="error", title="a:b,c", message=NASTY
    )
    [line] = github([result(annotations=(note,))], tmp_path)
    assert line.startswith("::error file=rules/a%2Cb%3Ac.yml,line=3,col=5,title=a%3Ab%2Cc::")
    assert "\n" not in line
    assert "\r" not in line
    assert line.endswith("100%25%0D%0A::error::x, y: z")


def test_gitlab_fingerprints_tell_remarks_apart_and_do_not_move_with_the_line(tmp_path: Path) -> None:
    def notes(line: int) -> list[dict]:
        same = [Annotation(path=str(tmp_path / "a.yml"), line=line, level="warning", title="R1", message="甲")] * 2
        return json.loads(gitlab([result(annotations=tuple(same))], tmp_path))

    first, second = notes(3)
    assert first["location"] == {"path": "a.yml", "lines": {"begin": 3}}
    assert first["severity"] == "minor"
    assert first["description"] == "R1：甲"
    assert first["fingerprint"] != second["fingerprint"]
    assert [n["fingerprint"] for n in notes(9)] == [first["fingerprint"], second["fingerprint"]]
    assert json.loads(gitlab([result()], tmp_path)) == []


def test_markdown_shows_every_gate_and_lets_no_text_through() -> None:
    text = markdown([result(summary="<img src=x> | @all\n# 大标题 [a](b)", markdown="- 甲"), result(passed=False)])
    assert text.startswith("## 规则检查：不通过\n")
    assert "&lt;img src=x&gt; \\| @\u200ball \\# 大标题 \\[a\\](b)" in text
    assert "### 写法检查\n\n- 甲" in text
    assert cell("a_b*c`d") == "a\\_b\\*c\\`d"


def test_a_problem_becomes_an_annotation_with_its_hint() -> None:
    problem = Problem(path="a.yml", line=2, col=3, code="R1", message="错", hint="改", level="warning")
    assert annotation(problem) == Annotation(
        path="a.yml", line=2, col=3, level="warning", title="R1", message="错\n提示：改"
    )
