"""`qc rules lint` over a workspace of which some files are broken: everything is told, and nothing falsely."""

from __future__ import annotations

from pathlib import Path

import pytest

from qc.commands.rulecheck import LintReport, lint_rules
from qc.pipeline.specs import Folders

RULE = """id: service.a
title: 例
severity: low
find:
  a: {keyword: {lexicon: closings}}
when: a
message: 命中
tests:
  - {name: 一, expect: hit, turns: [{agent: 再见}]}
  - {name: 二, expect: miss, turns: [{agent: 好}]}
"""
LEXICON = "id: closings\ntitle: 结束语\nwords: [再见]\n"
CARD = """id: phone
title: 热线
version: 1.0.0
base: 100
pass_mark: 60
grades: [{name: 好, min: 60}, {name: 差, min: 0}]
sections:
  - id: s
    title: 服务
    items:
      - {id: i, title: 例, rules: [service.a, service.b], points: 100}
"""


@pytest.fixture
def linted(tmp_path: Path):
    def lint(**files: str) -> LintReport:
        b = RULE.replace("service.a", "service.b").replace("{lexicon: closings}", "{any: [好, 好的]}")
        given = {"a": RULE, "b": b, "closings": LEXICON, "phone": CARD} | files
        for name, folder in (
            ("a", "rules/service"),
            ("b", "rules/service"),
            ("closings", "rules/_lexicons"),
            ("phone", "scorecards"),
        ):
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
            (tmp_path / folder / f"{name}.yml").write_text(given[name], encoding="utf-8")
        folders = Folders(rules=tmp_path / "rules", scorecards=tmp_path / "scorecards", reports=(), config=None)
        return lint_rules(folders)

    return lint


def told(report: LintReport) -> list[tuple[str, str]]:
    return [(Path(p.path).name, p.code) for p in report.problems]


def test_sound_files_are_linted(linted):
    report = linted()
    assert told(report) == [("b.yml", "R120")]
    assert report.rules == 2


def test_a_broken_rule_hides_nothing_of_the_others(linted):
    report = linted(a=RULE.replace("severity: low", "severity: 5"))
    # not that closings is unused, nor that the scorecard names a rule that does not exist
    assert told(report) == [("a.yml", "S004"), ("b.yml", "R120")]
    assert list(report.lines())[-1] == "2 条规则：错误 1，提醒 1。"


def test_a_broken_lexicon_makes_no_rule_wrong(linted):
    assert told(linted(closings=LEXICON.replace("words: [再见]", "words: []"))) == [
        ("closings.yml", "S006"),
        ("b.yml", "R120"),
    ]
