"""Regression cases: dialogues that a rule once judged wrongly, one per file, in `tests/cases` of a workspace.

Codes: those of a rule's inline tests (R030–R032), R035 a rule that does not exist.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import Field

from qc.domain.rule import RuleTest
from qc.errors import SpecError
from qc.specs.document import Document, Problems, parse, read
from qc.specs.lexicons import yaml_files
from qc.specs.rule_shape import TestSpec
from qc.specs.rule_tests import build_case
from qc.specs.scalars import RuleId
from qc.specs.suggest import suggest

FOLDER = "tests/cases"


class CaseSpec(TestSpec):
    """一个回归用例：哪条规则、一段对话和应有的判定。"""

    rule: RuleId = Field(description="规则编号")


def load_cases(folder: Path, rules: Collection[str]) -> Mapping[str, tuple[RuleTest, ...]]:
    """The cases of a folder and those below it by rule, in order of path. Raises SpecError with the problems of all
    files, among them cases of rules that are not among `rules`."""
    problems = Problems()
    found: dict[str, tuple[RuleTest, ...]] = {}
    inner = (p for p in sorted(folder.rglob("*")) if p.is_dir() and not p.name.startswith("."))
    for path in yaml_files([folder, *inner]):
        with problems.catch():
            rule, case = _case(read(path), rules, problems)
            if case is not None:
                found[rule] = (*found.get(rule, ()), case)
    problems.raise_if_errors()
    return found


def read_case(text: str, shown_as: str, rules: Collection[str]) -> RuleTest:
    """The case that `text` holds. Raises SpecError."""
    problems = Problems()
    _, case = _case(parse(text, shown_as), rules, problems)
    problems.raise_if_errors()
    if case is None:
        raise SpecError(problems.all)
    return case


def _case(document: Document, rules: Collection[str], problems: Problems) -> tuple[str, RuleTest | None]:
    spec = problems.check(document, CaseSpec)
    if spec is None:
        return "", None
    if spec.rule not in rules:
        hint = suggest(spec.rule, rules, "规则改了名就改这里；规则不要了，就删掉这个用例。")
        problems.add(document, ("rule",), "R035", f"没有规则 {spec.rule}", hint)
        return spec.rule, None
    case = build_case(document, spec, problems)
    return spec.rule, replace(case, path=document.path)
